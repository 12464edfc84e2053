//! What accounts hold, for checks: without locking or making any.

use tenantry_kernel::{StoreError, async_trait};
use tenantry_quotas::account::Held;
use tenantry_quotas::engine::AccountReader;
use tenantry_quotas::limit::Limit;

use super::ledger_batch::find_accounts;
use super::{accounts, reckoning};
use crate::store::SeaOrmStore;
use crate::unit::{Author, Pin};

#[async_trait]
impl AccountReader for SeaOrmStore {
    async fn standing(&self, limits: &[Limit]) -> Result<Vec<Held>, StoreError> {
        // In the engine's role: a tenant's limits may be those of the pool it is in.
        let unit = self.open(Pin::quota().read_only(), Author::Nobody).await?;
        let before = limits.iter().filter_map(|limit| limit.rolls_over_from.as_ref());
        let wanted = limits.iter().map(|limit| &limit.account).chain(before);
        let known = find_accounts(&unit, wanted, false).await?;
        let stale = reckoning::stale(limits, &known);
        let mut reckoned = reckoning::reckon(&unit, &stale, &known).await?.into_iter();

        let standing = limits.iter().map(|limit| match known.get(&limit.account) {
            Some(row) if row.revision == limit.revision => accounts::held(row),
            Some(row) => Held {
                posted: reckoned.next().map_or(0, |reckoned| reckoned.posted),
                ..accounts::held(row)
            },
            None => {
                let before = limit.rolls_over_from.as_ref();
                let before = before.map(|before| known.get(before).map(accounts::held).unwrap_or_default());
                Held {
                    granted: before.map_or(0, |before| limit.allowance.rolled_over(before)),
                    ..Held::posted(reckoned.next().map_or(0, |reckoned| reckoned.posted))
                }
            }
        });
        Ok(standing.collect())
    }
}
