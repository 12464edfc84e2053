//! The books: what the database really holds, and what the program says it holds, against what clients were told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tenantry_test_support::sql::Reader;

use super::client::Tenant;

/// One entry of the ledger.
#[derive(Clone, Debug)]
struct Entry {
    tenant: String,
    name: String,
    meter: String,
    amount: i64,
    used_after: i64,
}

/// What an account holds.
#[derive(Clone, Debug)]
struct Account {
    posted: i64,
    pending: i64,
    within: Option<i64>,
}

/// Everything that the database holds about usage.
pub struct Books {
    entries: Vec<Entry>,
    accounts: BTreeMap<(String, String), Vec<Account>>,
    reservations: BTreeMap<String, BTreeSet<String>>,
    /// What the rolled-up usage adds up to, by tenant and meter: amounts, and operations.
    rolled_up: BTreeMap<(String, String), (i64, i64)>,
    /// How many holds there are.
    holds: i64,
}

fn number(text: Option<&String>) -> i64 {
    text.and_then(|text| text.parse().ok()).expect("a number")
}

/// By what clients know an operation: whom it is about where they say so, else its own name.
fn name(operation: Option<&String>, subject: Option<&String>) -> String {
    subject.or(operation).expect("an operation has a name").clone()
}

impl Books {
    /// Reads them past the program.
    pub async fn read(url: &str) -> Self {
        let reader = Reader::of(url).await;
        let tenant = reader.uuid("tenant_id");
        let ledger = format!(
            "select {tenant} as c0, operation as c1, subject as c2, meter as c3, cast(amount as text) as c4, \
             cast(used_after as text) as c5 from usage_ledger"
        );
        let entries = reader.texts(&ledger, 6).await.into_iter().map(|row| Entry {
            tenant: row[0].clone().expect("a tenant"),
            name: name(row[1].as_ref(), row[2].as_ref()),
            meter: row[3].clone().expect("a meter"),
            amount: number(row[4].as_ref()),
            used_after: number(row[5].as_ref()),
        });
        let mut books = Self {
            entries: entries.collect(),
            accounts: BTreeMap::new(),
            reservations: BTreeMap::new(),
            rolled_up: BTreeMap::new(),
            holds: 0,
        };
        let accounts = format!(
            "select {tenant} as c0, meter as c1, cast(posted as text) as c2, cast(pending as text) as c3, \
             cast(within_limit as text) as c4 from quota_account where subject = ''"
        );
        for row in reader.texts(&accounts, 5).await {
            let key = (row[0].clone().expect("a tenant"), row[1].clone().expect("a meter"));
            let account = Account {
                posted: number(row[2].as_ref()),
                pending: number(row[3].as_ref()),
                within: row[4].as_ref().map(|within| number(Some(within))),
            };
            books.accounts.entry(key).or_default().push(account);
        }
        let made = format!(
            "select {tenant} as c0, {} as c1 from quota_reservation",
            reader.uuid("id")
        );
        for row in reader.texts(&made, 2).await {
            let id = row[1].clone().expect("an id");
            books
                .reservations
                .entry(row[0].clone().expect("a tenant"))
                .or_default()
                .insert(id);
        }
        let rolled_up = format!(
            "select {tenant} as c0, meter as c1, cast(sum(amount) as text) as c2, cast(sum(operations) as text) as c3 \
             from usage_rollup group by tenant_id, meter"
        );
        for row in reader.texts(&rolled_up, 4).await {
            let key = (row[0].clone().expect("a tenant"), row[1].clone().expect("a meter"));
            let sums = (number(row[2].as_ref()), number(row[3].as_ref()));
            books.rolled_up.insert(key, sums);
        }
        let holds = reader
            .texts("select cast(count(*) as text) as c0 from quota_hold", 1)
            .await;
        books.holds = number(holds[0][0].as_ref());
        if !reader.is_postgres() {
            let sound = reader
                .texts("select integrity_check as c0 from pragma_integrity_check", 1)
                .await;
            assert_eq!(sound, [[Some("ok".to_owned())]]);
        }
        reader.close().await;
        books
    }

    /// What an account holds, over all periods.
    pub fn posted(&self, tenant: &Tenant, meter: &str) -> i64 {
        let accounts = self.accounts.get(&(tenant.id.clone(), meter.to_owned()));
        accounts.into_iter().flatten().map(|account| account.posted).sum()
    }

    /// Every acknowledged operation is in the ledger once and nothing else is; answers said what the ledger says.
    pub fn are_what_was_said(&self, tenant: &Tenant) {
        let own = self.entries.iter().filter(|entry| entry.tenant == tenant.id);
        let mut in_ledger: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in own {
            in_ledger.entry(&entry.name).or_default().push(entry);
        }
        let said = tenant.said();
        for counted in &said.counted {
            let found = in_ledger.remove(counted.name.as_str()).unwrap_or_default();
            let mut lines: Vec<(&str, i64)> = found.iter().map(|entry| (entry.meter.as_str(), entry.amount)).collect();
            lines.sort_unstable();
            let mut expected = counted.lines.clone();
            expected.sort_unstable();
            assert_eq!(
                lines, expected,
                "{}: acknowledged, and this is in the ledger",
                counted.name
            );
            if let Some(used) = counted.used {
                assert_eq!(used, found[0].used_after, "{}: the answer said otherwise", counted.name);
            }
        }
        let refused: Vec<&String> = said
            .refused
            .iter()
            .filter(|name| in_ledger.contains_key(name.as_str()))
            .collect();
        assert!(refused.is_empty(), "refused and counted: {refused:?}");
        assert!(
            in_ledger.is_empty(),
            "in the ledger, and nobody was told: {in_ledger:?}"
        );
        let held: BTreeSet<String> = said.held.iter().map(|id| id.replace('-', "")).collect();
        let made = self.reservations.get(&tenant.id).cloned().unwrap_or_default();
        assert_eq!(held, made, "the reservations that were told, and those that are there");
    }

    /// Accounts hold what their ledger adds up to, step by step, and no limit was passed at any step.
    pub fn add_up(&self, tenant: &Tenant, limits: &[(&str, i64)]) {
        for (meter, limit) in limits {
            let own = |entry: &&Entry| entry.tenant == tenant.id && entry.meter == *meter;
            let mut steps: Vec<(i64, i64)> = self
                .entries
                .iter()
                .filter(own)
                .map(|entry| (entry.used_after, entry.amount))
                .collect();
            steps.sort_unstable();
            let operations = i64::try_from(steps.len()).unwrap();
            let mut sum = 0;
            for (used_after, amount) in steps {
                sum += amount;
                assert_eq!(sum, used_after, "{} {meter}: the ledger does not add up", tenant.slug);
                assert!(sum <= *limit, "{} {meter}: {sum} passes {limit}", tenant.slug);
            }
            assert_eq!(
                self.posted(tenant, meter),
                sum,
                "{} {meter}: account and ledger",
                tenant.slug
            );
            let key = (tenant.id.clone(), (*meter).to_owned());
            let rolled_up = self.rolled_up.get(&key).copied().unwrap_or_default();
            assert_eq!(rolled_up, (sum, operations), "{} {meter}: rolled up", tenant.slug);
            for account in self.accounts.get(&key).into_iter().flatten() {
                assert!(account.posted + account.pending <= *limit, "{meter}: {account:?}");
                assert_eq!(account.within, Some(*limit), "{meter}: the last wall stands elsewhere");
            }
        }
    }

    /// Nothing is held any more.
    pub fn hold_nothing(&self) {
        let held: Vec<_> = self
            .accounts
            .iter()
            .filter(|(_, accounts)| accounts.iter().any(|account| account.pending != 0))
            .collect();
        assert!(held.is_empty(), "still held: {held:?}");
        assert_eq!(self.holds, 0, "accounts hold nothing, and holds are there");
    }

    /// The program says the same as the database.
    pub async fn are_told(&self, tenant: &Tenant) {
        let mut told = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = tenant.page(&format!("/usage-logs?limit=200{cursor}")).await;
            for row in page["data"].as_array().expect("rows") {
                let text = |field: &str| row[field].as_str().map(ToOwned::to_owned);
                let name = name(text("operation_id").as_ref(), text("subject").as_ref());
                let amount = row["amount"].as_i64().expect("an amount");
                told.push((name, text("meter").expect("a meter"), amount));
            }
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        told.sort();
        let own = self.entries.iter().filter(|entry| entry.tenant == tenant.id);
        let mut held: Vec<_> = own
            .map(|entry| (entry.name.clone(), entry.meter.clone(), entry.amount))
            .collect();
        held.sort();
        assert!(
            told == held,
            "{} entries are told, {} are there",
            told.len(),
            held.len()
        );

        let quotas = tenant.page("/quotas").await;
        for row in quotas["data"].as_array().expect("rows") {
            let meter = row["meter"].as_str().expect("a meter");
            assert_eq!(row["used"], json!(self.posted(tenant, meter)), "{meter}: {row}");
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Some of what was acknowledged is asked for again: the same answers, and nothing counts again.
pub async fn hear_again(tenant: &Tenant) {
    let plain: Vec<_> = {
        let said = tenant.said();
        let plain = said.counted.iter().filter(|counted| counted.used.is_some());
        plain.rev().step_by(3).take(40).cloned().collect()
    };
    for counted in plain {
        let (meter, amount) = counted.lines[0];
        let body: Value = json!({"meter": meter, "amount": amount});
        let told = tenant.ask("/usage", &body, &counted.name).await;
        assert_eq!(told.reply.header("idempotency-replayed"), "true", "{}", counted.name);
        assert_eq!(told.reply.expect(201)["used"], json!(counted.used), "{}", counted.name);
    }
}

/// Uses up what is left of a meter, one by one: how much that was.
pub async fn fill_up(tenant: &Tenant, meter: &str) -> i64 {
    for more in 0.. {
        let told = tenant
            .ask(
                "/usage",
                &json!({"meter": meter, "amount": 1}),
                &format!("rest-{meter}-{more}"),
            )
            .await;
        if !told.counted(201) {
            return more;
        }
    }
    unreachable!("the meter has a limit")
}
