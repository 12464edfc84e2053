//! Billing's promises.

mod accounts {
    use tenantry_store_contract::billing::accounts as suite;

    use crate::keeps;

    #[tokio::test]
    async fn an_account_comes_back_whole_for_its_tenant() {
        keeps(suite::an_account_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_tenant_has_one_account() {
        keeps(suite::a_tenant_has_one_account).await;
    }

    #[tokio::test]
    async fn credit_is_written_to_its_own_account() {
        keeps(suite::credit_is_written_to_its_own_account).await;
    }

    #[tokio::test]
    async fn the_lock_lets_one_unit_at_a_time_spend_the_credit() {
        keeps(suite::the_lock_lets_one_unit_at_a_time_spend_the_credit).await;
    }
}

mod subscriptions {
    use tenantry_store_contract::billing::subscriptions as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_subscription_comes_back_whole_in_every_state() {
        keeps(suite::a_subscription_comes_back_whole_in_every_state).await;
    }

    #[tokio::test]
    async fn a_subscription_is_its_tenants_only() {
        keeps(suite::a_subscription_is_its_tenants_only).await;
    }

    #[tokio::test]
    async fn a_tenant_has_one_live_subscription() {
        keeps(suite::a_tenant_has_one_live_subscription).await;
    }

    #[tokio::test]
    async fn a_subscription_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_subscription_that_changed_since_it_was_read_is_stale).await;
    }
}

mod invoices {
    use tenantry_store_contract::billing::invoices as suite;

    use crate::keeps;

    #[tokio::test]
    async fn an_invoice_comes_back_whole() {
        keeps(suite::an_invoice_comes_back_whole).await;
    }

    #[tokio::test]
    async fn invoices_are_their_tenants_only() {
        keeps(suite::invoices_are_their_tenants_only).await;
    }

    #[tokio::test]
    async fn issued_invoices_are_listed_newest_first_in_pages() {
        keeps(suite::issued_invoices_are_listed_newest_first_in_pages).await;
    }

    #[tokio::test]
    async fn open_invoices_are_found_until_they_are_settled() {
        keeps(suite::open_invoices_are_found_until_they_are_settled).await;
    }

    #[tokio::test]
    async fn an_invoice_that_changed_since_it_was_read_is_stale() {
        keeps(suite::an_invoice_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn amounts_survive_exactly() {
        keeps(suite::amounts_survive_exactly).await;
    }
}

mod numbers {
    use tenantry_store_contract::billing::numbers as suite;

    use crate::keeps;

    #[tokio::test]
    async fn numbers_count_up_over_all_tenants() {
        keeps(suite::numbers_count_up_over_all_tenants).await;
    }

    #[tokio::test]
    async fn a_dropped_unit_gives_its_numbers_back() {
        keeps(suite::a_dropped_unit_gives_its_numbers_back).await;
    }

    #[tokio::test]
    async fn the_series_has_no_gap_under_concurrency() {
        keeps(suite::the_series_has_no_gap_under_concurrency).await;
    }
}

mod payments {
    use tenantry_store_contract::billing::payments as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_method_comes_back_whole_for_its_tenant() {
        keeps(suite::a_method_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_method_is_on_file_once() {
        keeps(suite::a_method_is_on_file_once).await;
    }

    #[tokio::test]
    async fn there_is_one_default() {
        keeps(suite::there_is_one_default).await;
    }

    #[tokio::test]
    async fn methods_are_listed_in_pages_and_removed() {
        keeps(suite::methods_are_listed_in_pages_and_removed).await;
    }

    #[tokio::test]
    async fn an_attempt_comes_back_whole_for_its_tenant() {
        keeps(suite::an_attempt_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn one_attempt_is_pending_also_under_concurrency() {
        keeps(suite::one_attempt_is_pending_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_result_is_recorded_once() {
        keeps(suite::a_result_is_recorded_once).await;
    }
}

mod directories {
    use tenantry_store_contract::billing::directories as suite;

    use crate::keeps;

    #[tokio::test]
    async fn tenants_are_due_when_their_period_is_over() {
        keeps(suite::tenants_are_due_when_their_period_is_over).await;
    }

    #[tokio::test]
    async fn tenants_with_a_payment_that_was_cut_off_are_found() {
        keeps(suite::tenants_with_a_payment_that_was_cut_off_are_found).await;
    }
}

mod dunning {
    use tenantry_store_contract::billing::dunning as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_case_comes_back_whole_and_is_written_over() {
        keeps(suite::a_case_comes_back_whole_and_is_written_over).await;
    }

    #[tokio::test]
    async fn cases_are_their_tenants_only() {
        keeps(suite::cases_are_their_tenants_only).await;
    }

    #[tokio::test]
    async fn tenants_with_an_unpaid_invoice_are_found_on_its_days() {
        keeps(suite::tenants_with_an_unpaid_invoice_are_found_on_its_days).await;
    }
}

mod collection {
    use tenantry_store_contract::billing::collection as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_payment_that_two_resume_is_recorded_once() {
        keeps(suite::a_payment_that_two_resume_is_recorded_once).await;
    }

    #[tokio::test]
    async fn of_two_upgrades_at_once_one_goes_ahead() {
        keeps(suite::of_two_upgrades_at_once_one_goes_ahead).await;
    }

    #[tokio::test]
    async fn a_refused_card_leaves_everything_as_it_was() {
        keeps(suite::a_refused_card_leaves_everything_as_it_was).await;
    }

    #[tokio::test]
    async fn two_billing_runs_at_once_bill_a_period_once() {
        keeps(suite::two_billing_runs_at_once_bill_a_period_once).await;
    }
}
