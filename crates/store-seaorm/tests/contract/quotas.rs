//! Quotas' promises.

use tenantry_store_contract::quotas as suite;

mod accounts {
    use crate::keeps;

    #[tokio::test]
    async fn an_account_is_made_when_it_is_locked_first() {
        keeps(super::suite::accounts::an_account_is_made_when_it_is_locked_first).await;
    }

    #[tokio::test]
    async fn an_opened_account_holds_what_its_period_saw() {
        keeps(super::suite::accounts::an_opened_account_holds_what_its_period_saw).await;
    }

    #[tokio::test]
    async fn accounts_of_users_and_keys_hold_what_each_used() {
        keeps(super::suite::accounts::accounts_of_users_and_keys_hold_what_each_used).await;
    }

    #[tokio::test]
    async fn a_limit_that_is_new_finds_what_was_used_before_it() {
        keeps(super::suite::accounts::a_limit_that_is_new_finds_what_was_used_before_it).await;
    }

    #[tokio::test]
    async fn a_new_revision_reckons_anew_and_keeps_what_is_pending() {
        keeps(super::suite::accounts::a_new_revision_reckons_anew_and_keeps_what_is_pending).await;
    }

    #[tokio::test]
    async fn an_opened_account_aggregates_as_its_meter_does() {
        keeps(super::suite::accounts::an_opened_account_aggregates_as_its_meter_does).await;
    }

    #[tokio::test]
    async fn members_that_were_counted_are_known() {
        keeps(super::suite::accounts::members_that_were_counted_are_known).await;
    }

    #[tokio::test]
    async fn a_pools_account_holds_what_all_of_it_used() {
        keeps(super::suite::accounts::a_pools_account_holds_what_all_of_it_used).await;
    }

    #[tokio::test]
    async fn looking_rolls_over_and_makes_nothing() {
        keeps(super::suite::accounts::looking_rolls_over_and_makes_nothing).await;
    }

    #[tokio::test]
    async fn accounts_are_read_without_locking() {
        keeps(super::suite::accounts::accounts_are_read_without_locking).await;
    }

    #[tokio::test]
    async fn accounts_are_told_apart_by_every_part_of_their_name() {
        keeps(super::suite::accounts::accounts_are_told_apart_by_every_part_of_their_name).await;
    }

    #[tokio::test]
    async fn no_account_holds_more_than_its_limit_or_less_than_nothing() {
        keeps(super::suite::accounts::no_account_holds_more_than_its_limit_or_less_than_nothing).await;
    }
}

mod alerts {
    use crate::keeps;

    #[tokio::test]
    async fn a_threshold_is_reached_once() {
        keeps(super::suite::alerts::a_threshold_is_reached_once).await;
    }

    #[tokio::test]
    async fn what_was_told_is_not_told_again() {
        keeps(super::suite::alerts::what_was_told_is_not_told_again).await;
    }
}

mod books {
    use crate::keeps;

    #[tokio::test]
    async fn right_books_are_right() {
        keeps(super::suite::books::right_books_are_right).await;
    }

    #[tokio::test]
    async fn an_account_that_is_wrong_is_found() {
        keeps(super::suite::books::an_account_that_is_wrong_is_found).await;
    }

    #[tokio::test]
    async fn an_account_of_another_revision_is_no_claim() {
        keeps(super::suite::books::an_account_of_another_revision_is_no_claim).await;
    }

    #[tokio::test]
    async fn books_are_checked_in_pages() {
        keeps(super::suite::books::books_are_checked_in_pages).await;
    }
}

mod closings {
    use crate::keeps;

    #[tokio::test]
    async fn a_period_comes_to_what_live_keys_used_in_it() {
        keeps(super::suite::closings::a_period_comes_to_what_live_keys_used_in_it).await;
    }

    #[tokio::test]
    async fn closing_again_changes_nothing() {
        keeps(super::suite::closings::closing_again_changes_nothing).await;
    }

    #[tokio::test]
    async fn what_comes_late_is_billed_with_the_next_period() {
        keeps(super::suite::closings::what_comes_late_is_billed_with_the_next_period).await;
    }

    #[tokio::test]
    async fn what_is_counted_after_the_mark_is_billed_later() {
        keeps(super::suite::closings::what_is_counted_after_the_mark_is_billed_later).await;
    }

    #[tokio::test]
    async fn what_nobody_was_billed_for_stays_so() {
        keeps(super::suite::closings::what_nobody_was_billed_for_stays_so).await;
    }

    #[tokio::test]
    async fn what_was_billed_is_closed_as_it_was_billed() {
        keeps(super::suite::closings::what_was_billed_is_closed_as_it_was_billed).await;
    }

    #[tokio::test]
    async fn what_is_taken_back_beyond_the_bill_is_carried_on() {
        keeps(super::suite::closings::what_is_taken_back_beyond_the_bill_is_carried_on).await;
    }

    #[tokio::test]
    async fn closings_out_of_order_bill_once() {
        keeps(super::suite::closings::closings_out_of_order_bill_once).await;
    }

    #[tokio::test]
    async fn a_mark_waits_for_batches_under_way() {
        keeps(super::suite::closings::a_mark_waits_for_batches_under_way).await;
    }
}

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
    async fn every_change_counts_the_revision_up() {
        keeps(super::suite::entitlements::every_change_counts_the_revision_up).await;
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

mod insights {
    use crate::keeps;

    #[tokio::test]
    async fn quarters_add_up_what_was_counted_in_them() {
        keeps(super::suite::insights::quarters_add_up_what_was_counted_in_them).await;
    }

    #[tokio::test]
    async fn minutes_add_up_what_was_counted_in_them() {
        keeps(super::suite::insights::minutes_add_up_what_was_counted_in_them).await;
    }

    #[tokio::test]
    async fn who_used_most_comes_first() {
        keeps(super::suite::insights::who_used_most_comes_first).await;
    }

    #[tokio::test]
    async fn the_tenants_that_used_most_come_first() {
        keeps(super::suite::insights::the_tenants_that_used_most_come_first).await;
    }
}

mod ledger {
    use crate::keeps;

    #[tokio::test]
    async fn what_a_batch_writes_comes_back_whole_for_its_tenant() {
        keeps(super::suite::ledger::what_a_batch_writes_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn texts_of_an_entry_come_back_as_they_went() {
        keeps(super::suite::ledger::texts_of_an_entry_come_back_as_they_went).await;
    }

    #[tokio::test]
    async fn an_operation_is_known_once_it_has_landed() {
        keeps(super::suite::ledger::an_operation_is_known_once_it_has_landed).await;
    }

    #[tokio::test]
    async fn operations_of_our_own_come_back() {
        keeps(super::suite::ledger::operations_of_our_own_come_back).await;
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
    async fn what_was_not_locked_is_not_written() {
        keeps(super::suite::ledger::what_was_not_locked_is_not_written).await;
    }

    #[tokio::test]
    async fn the_ledger_is_read_from_its_end_in_pages() {
        keeps(super::suite::ledger::the_ledger_is_read_from_its_end_in_pages).await;
    }

    #[tokio::test]
    async fn the_ledger_is_searched() {
        keeps(super::suite::ledger::the_ledger_is_searched).await;
    }

    #[tokio::test]
    async fn a_large_batch_lands_whole() {
        keeps(super::suite::ledger::a_large_batch_lands_whole).await;
    }

    #[tokio::test]
    async fn batches_at_once_are_exact() {
        keeps(super::suite::ledger::batches_at_once_are_exact).await;
    }

    #[tokio::test]
    async fn accounts_are_opened_once() {
        keeps(super::suite::ledger::accounts_are_opened_once).await;
    }
}

mod reservations {
    use crate::keeps;

    #[tokio::test]
    async fn a_reservation_comes_back_whole_for_its_tenant() {
        keeps(super::suite::reservations::a_reservation_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn reserving_twice_under_one_name_is_contended() {
        keeps(super::suite::reservations::reserving_twice_under_one_name_is_contended).await;
    }

    #[tokio::test]
    async fn a_reservation_that_ended_holds_nothing() {
        keeps(super::suite::reservations::a_reservation_that_ended_holds_nothing).await;
    }

    #[tokio::test]
    async fn holds_whose_time_is_up_are_found_by_their_accounts() {
        keeps(super::suite::reservations::holds_whose_time_is_up_are_found_by_their_accounts).await;
    }

    #[tokio::test]
    async fn reservations_whose_time_is_up_are_listed() {
        keeps(super::suite::reservations::reservations_whose_time_is_up_are_listed).await;
    }

    #[tokio::test]
    async fn reservations_are_read_from_the_latest_in_pages() {
        keeps(super::suite::reservations::reservations_are_read_from_the_latest_in_pages).await;
    }
}
