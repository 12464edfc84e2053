//! Quotas' promises.

use tenantry_store_contract::quotas as suite;

mod entitlements {
    use crate::keeps;

    #[tokio::test]
    async fn what_is_granted_comes_back_whole_for_its_tenant() {
        keeps(super::suite::entitlements::what_is_granted_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_plan_change_replaces_all_but_the_overrides() {
        keeps(super::suite::entitlements::a_plan_change_replaces_all_but_the_overrides).await;
    }

    #[tokio::test]
    async fn an_override_is_set_changed_and_taken_away() {
        keeps(super::suite::entitlements::an_override_is_set_changed_and_taken_away).await;
    }

    #[tokio::test]
    async fn a_dropped_unit_grants_nothing() {
        keeps(super::suite::entitlements::a_dropped_unit_grants_nothing).await;
    }
}

mod gauges {
    use crate::keeps;

    #[tokio::test]
    async fn a_gauge_goes_up_to_its_limit_and_no_further() {
        keeps(super::suite::gauges::a_gauge_goes_up_to_its_limit_and_no_further).await;
    }

    #[tokio::test]
    async fn a_gauge_goes_down_whatever_its_limit_and_stops_at_nothing() {
        keeps(super::suite::gauges::a_gauge_goes_down_whatever_its_limit_and_stops_at_nothing).await;
    }

    #[tokio::test]
    async fn a_dropped_unit_moves_no_gauge() {
        keeps(super::suite::gauges::a_dropped_unit_moves_no_gauge).await;
    }

    #[tokio::test]
    async fn a_gauge_is_exact_under_concurrency() {
        keeps(super::suite::gauges::a_gauge_is_exact_under_concurrency).await;
    }
}

mod ledger {
    use crate::keeps;

    #[tokio::test]
    async fn what_a_batch_writes_comes_back_whole_for_its_tenant() {
        keeps(super::suite::ledger::what_a_batch_writes_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn accounts_are_told_apart_by_every_part_of_their_name() {
        keeps(super::suite::ledger::accounts_are_told_apart_by_every_part_of_their_name).await;
    }

    #[tokio::test]
    async fn an_operation_is_known_once_it_has_landed() {
        keeps(super::suite::ledger::an_operation_is_known_once_it_has_landed).await;
    }

    #[tokio::test]
    async fn a_dropped_batch_leaves_nothing() {
        keeps(super::suite::ledger::a_dropped_batch_leaves_nothing).await;
    }

    #[tokio::test]
    async fn counting_an_operation_twice_is_contended_and_writes_nothing() {
        keeps(super::suite::ledger::counting_an_operation_twice_is_contended_and_writes_nothing).await;
    }

    #[tokio::test]
    async fn no_account_holds_more_than_its_limit_or_less_than_nothing() {
        keeps(super::suite::ledger::no_account_holds_more_than_its_limit_or_less_than_nothing).await;
    }

    #[tokio::test]
    async fn a_threshold_is_told_once() {
        keeps(super::suite::ledger::a_threshold_is_told_once).await;
    }

    #[tokio::test]
    async fn the_ledger_is_read_from_its_end_in_pages() {
        keeps(super::suite::ledger::the_ledger_is_read_from_its_end_in_pages).await;
    }

    #[tokio::test]
    async fn a_billing_period_counts_its_own_live_entries() {
        keeps(super::suite::ledger::a_billing_period_counts_its_own_live_entries).await;
    }

    #[tokio::test]
    async fn batches_at_once_are_exact() {
        keeps(super::suite::ledger::batches_at_once_are_exact).await;
    }
}
