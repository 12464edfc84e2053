//! The planner of a first subscription: a trial when the plan has one, otherwise in force at once.

use tenantry_kernel::Currency;
use time::OffsetDateTime;

use crate::change::ChangeError;
use crate::invoice::Basis;
use crate::period::Anchor;
use crate::plan::Plan;
use crate::proration::in_advance;
use crate::subscription::{Subscription, SubscriptionId, Terms};

/// A subscription that starts, and what is billed for it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The subscription.
    pub subscription: Subscription,
    /// The first period in advance; nothing in a trial, or for a free plan.
    pub lines: Vec<Basis>,
}

/// Plans the start of a subscription to `plan` on `terms`.
///
/// # Errors
/// [`ChangeError::NotOffered`], [`ChangeError::Amount`], [`ChangeError::Calendar`].
pub fn plan_start(
    id: SubscriptionId,
    plan: &Plan,
    terms: Terms,
    currency: Currency,
    now: OffsetDateTime,
) -> Result<Start, ChangeError> {
    if !plan.is_offered(terms.cycle, currency) {
        return Err(ChangeError::NotOffered {
            plan: plan.code.to_string(),
            cycle: terms.cycle,
            currency,
        });
    }
    if plan.trial_days > 0 && !plan.is_free(terms.cycle, currency) {
        return Ok(Start {
            subscription: Subscription::start_trial(id, terms, currency, plan.trial_days, now)?,
            lines: Vec::new(),
        });
    }
    let anchor = Anchor::at(now);
    let period = anchor.period_from(anchor.instant(), terms.cycle)?;
    let line = in_advance(plan, &terms, currency, period, period.start())?;
    let prepaid = line.as_ref().map(Basis::amount);
    Ok(Start {
        subscription: Subscription::start_active(id, terms, currency, prepaid, now)?,
        lines: line.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::plan::Cycle;
    use crate::subscription::Status;
    use crate::testing::{flat_plan, terms};

    const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00.5 UTC);

    fn start(plan: &Plan) -> Start {
        let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
        plan_start(id, plan, terms(plan, Cycle::Monthly), Currency::JPY, NOW).unwrap()
    }

    #[test]
    fn a_plan_with_a_trial_is_tried_first_and_bills_nothing() {
        let started = start(&flat_plan("starter", 29_800, Currency::JPY).unwrap());

        let ends_at = datetime!(2026-12-05 02:00:00 UTC);
        assert_eq!(started.subscription.status(), Status::Trialing { ends_at });
        assert_eq!(started.lines, Vec::new());
    }

    #[test]
    fn a_free_plan_is_in_force_at_once_and_bills_nothing() {
        let started = start(&flat_plan("free", 0, Currency::JPY).unwrap());

        assert_eq!(started.subscription.status(), Status::Active);
        assert_eq!(started.subscription.prepaid(), None);
        assert_eq!(started.lines, Vec::new());
    }

    #[test]
    fn a_paid_plan_without_a_trial_bills_its_first_period() {
        let plan = Plan {
            trial_days: 0,
            ..flat_plan("starter", 29_800, Currency::JPY).unwrap()
        };

        let started = start(&plan);

        assert_eq!(started.lines[0].amount().to_string(), "29800 JPY");
        assert_eq!(
            started.subscription.prepaid().unwrap().amount,
            started.lines[0].amount()
        );
        assert_eq!(started.subscription.period().end(), datetime!(2026-12-21 02:00:00 UTC));
    }

    #[test]
    fn a_plan_without_a_price_in_the_currency_is_not_offered() {
        let plan = flat_plan("starter", 29_800, Currency::USD).unwrap();
        let id = SubscriptionId::from_uuid(Uuid::from_u128(1));

        let refused = plan_start(id, &plan, terms(&plan, Cycle::Monthly), Currency::JPY, NOW);

        assert!(matches!(refused, Err(ChangeError::NotOffered { .. })));
    }
}
