//! Lifecycle's promises.

mod catalog {
    use tenantry_store_contract::lifecycle::catalog as suite;

    use crate::keeps;

    #[tokio::test]
    async fn the_first_catalog_is_taken_into_use() {
        keeps(suite::the_first_catalog_is_taken_into_use).await;
    }

    #[tokio::test]
    async fn editions_are_added_and_never_taken_away() {
        keeps(suite::editions_are_added_and_never_taken_away).await;
    }

    #[tokio::test]
    async fn an_unexpected_catalog_stays() {
        keeps(suite::an_unexpected_catalog_stays).await;
    }

    #[tokio::test]
    async fn only_another_catalog_is_told_of() {
        keeps(suite::only_another_catalog_is_told_of).await;
    }

    #[tokio::test]
    async fn one_of_two_nodes_publishes() {
        keeps(suite::one_of_two_nodes_publishes).await;
    }
}

mod operators {
    use tenantry_store_contract::lifecycle::operators as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_card_shows_the_newest_subscription() {
        keeps(suite::a_card_shows_the_newest_subscription).await;
    }

    #[tokio::test]
    async fn a_card_shows_whether_the_tenant_is_suspended() {
        keeps(suite::a_card_shows_whether_the_tenant_is_suspended).await;
    }

    #[tokio::test]
    async fn tenants_are_listed_in_pages_and_by_filter() {
        keeps(suite::tenants_are_listed_in_pages_and_by_filter).await;
    }

    #[tokio::test]
    async fn tenants_are_found_by_plan() {
        keeps(suite::tenants_are_found_by_plan).await;
    }

    #[tokio::test]
    async fn live_subscriptions_are_grouped_by_their_terms() {
        keeps(suite::live_subscriptions_are_grouped_by_their_terms).await;
    }

    #[tokio::test]
    async fn groups_tell_late_payers_apart_and_leave_out_who_left() {
        keeps(suite::groups_tell_late_payers_apart_and_leave_out_who_left).await;
    }

    #[tokio::test]
    async fn heads_are_counted_across_tenants() {
        keeps(suite::heads_are_counted_across_tenants).await;
    }

    #[tokio::test]
    async fn nobody_is_counted_as_nobody() {
        keeps(suite::nobody_is_counted_as_nobody).await;
    }
}

mod adding {
    use tenantry_store_contract::lifecycle::adding as suite;

    use crate::keeps;

    #[tokio::test]
    async fn many_people_are_added_in_one_unit() {
        keeps(suite::many_people_are_added_in_one_unit).await;
    }

    #[tokio::test]
    async fn those_who_are_there_are_found_at_once() {
        keeps(suite::those_who_are_there_are_found_at_once).await;
    }

    #[tokio::test]
    async fn one_taken_address_refuses_the_list() {
        keeps(suite::one_taken_address_refuses_the_list).await;
    }

    #[tokio::test]
    async fn one_membership_that_is_there_refuses_the_list() {
        keeps(suite::one_membership_that_is_there_refuses_the_list).await;
    }

    #[tokio::test]
    async fn only_those_who_were_named_are_added() {
        keeps(suite::only_those_who_were_named_are_added).await;
    }
}

mod spanning {
    use tenantry_store_contract::lifecycle::spanning as suite;

    use crate::keeps;

    #[tokio::test]
    async fn domains_commit_together() {
        keeps(suite::domains_commit_together).await;
    }

    #[tokio::test]
    async fn domains_are_undone_together() {
        keeps(suite::domains_are_undone_together).await;
    }

    #[tokio::test]
    async fn a_unit_reaches_one_tenant_and_one_person() {
        keeps(suite::a_unit_reaches_one_tenant_and_one_person).await;
    }

    #[tokio::test]
    async fn a_founding_leaves_its_receipt_with_the_platform() {
        keeps(suite::a_founding_leaves_its_receipt_with_the_platform).await;
    }

    #[tokio::test]
    async fn one_of_two_foundings_with_one_key_lands() {
        keeps(suite::one_of_two_foundings_with_one_key_lands).await;
    }

    #[tokio::test]
    async fn any_other_receipt_is_the_principals() {
        keeps(suite::any_other_receipt_is_the_principals).await;
    }
}

mod personal {
    use tenantry_store_contract::lifecycle::personal as suite;

    use crate::keeps;

    #[tokio::test]
    async fn an_entry_names_who_is_forgotten_by_a_mark() {
        keeps(suite::an_entry_names_who_is_forgotten_by_a_mark).await;
    }

    #[tokio::test]
    async fn a_tenant_forgets_in_its_own_log_alone() {
        keeps(suite::a_tenant_forgets_in_its_own_log_alone).await;
    }

    #[tokio::test]
    async fn a_person_reads_their_own_acts_everywhere() {
        keeps(suite::a_person_reads_their_own_acts_everywhere).await;
    }
}
