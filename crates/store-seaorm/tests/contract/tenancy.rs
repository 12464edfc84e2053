//! Tenancy's promises.

mod tenants {
    use tenantry_store_contract::tenancy::tenants as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_tenant_comes_back_whole() {
        keeps(suite::a_tenant_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_tenant_that_was_not_founded_is_not_found() {
        keeps(suite::a_tenant_that_was_not_founded_is_not_found).await;
    }

    #[tokio::test]
    async fn a_slug_belongs_to_one_tenant() {
        keeps(suite::a_slug_belongs_to_one_tenant).await;
    }

    #[tokio::test]
    async fn a_slug_is_won_once_also_under_concurrency() {
        keeps(suite::a_slug_is_won_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_tenant_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_tenant_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn a_tenant_is_written_by_its_own_unit_only() {
        keeps(suite::a_tenant_is_written_by_its_own_unit_only).await;
    }

    #[tokio::test]
    async fn a_dropped_unit_leaves_nothing() {
        keeps(suite::a_dropped_unit_leaves_nothing).await;
    }
}

mod memberships {
    use tenantry_store_contract::tenancy::memberships as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_membership_comes_back_whole() {
        keeps(suite::a_membership_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_sign_in_is_noted_and_is_no_change() {
        keeps(suite::a_sign_in_is_noted_and_is_no_change).await;
    }

    #[tokio::test]
    async fn members_are_their_tenants_only() {
        keeps(suite::members_are_their_tenants_only).await;
    }

    #[tokio::test]
    async fn a_person_may_belong_to_two_tenants() {
        keeps(suite::a_person_may_belong_to_two_tenants).await;
    }

    #[tokio::test]
    async fn a_person_is_once_a_member() {
        keeps(suite::a_person_is_once_a_member).await;
    }

    #[tokio::test]
    async fn an_address_is_once_a_member() {
        keeps(suite::an_address_is_once_a_member).await;
    }

    #[tokio::test]
    async fn a_membership_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_membership_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn members_are_listed_in_pages() {
        keeps(suite::members_are_listed_in_pages).await;
    }

    #[tokio::test]
    async fn members_are_found_by_state_role_and_text() {
        keeps(suite::members_are_found_by_state_role_and_text).await;
    }

    #[tokio::test]
    async fn owners_are_counted_without_the_one_who_leaves() {
        keeps(suite::owners_are_counted_without_the_one_who_leaves).await;
    }

    #[tokio::test]
    async fn the_last_owner_stays_also_under_concurrency() {
        keeps(suite::the_last_owner_stays_also_under_concurrency).await;
    }
}

mod domains {
    use tenantry_store_contract::tenancy::domains as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_domain_comes_back_whole_for_its_tenant() {
        keeps(suite::a_domain_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_tenant_names_a_host_once() {
        keeps(suite::a_tenant_names_a_host_once).await;
    }

    #[tokio::test]
    async fn a_verified_host_belongs_to_one_tenant() {
        keeps(suite::a_verified_host_belongs_to_one_tenant).await;
    }

    #[tokio::test]
    async fn a_verified_host_cannot_be_claimed_by_another() {
        keeps(suite::a_verified_host_cannot_be_claimed_by_another).await;
    }

    #[tokio::test]
    async fn removing_a_domain_frees_its_host() {
        keeps(suite::removing_a_domain_frees_its_host).await;
    }

    #[tokio::test]
    async fn domains_are_listed_in_pages_and_counted() {
        keeps(suite::domains_are_listed_in_pages_and_counted).await;
    }
}

mod branding {
    use tenantry_store_contract::tenancy::branding as suite;

    use crate::keeps;

    #[tokio::test]
    async fn looks_come_back_whole_for_their_tenant() {
        keeps(suite::looks_come_back_whole_for_their_tenant).await;
    }

    #[tokio::test]
    async fn looks_that_changed_since_they_were_read_are_stale() {
        keeps(suite::looks_that_changed_since_they_were_read_are_stale).await;
    }

    #[tokio::test]
    async fn of_two_who_set_looks_first_one_wins() {
        keeps(suite::of_two_who_set_looks_first_one_wins).await;
    }
}

mod directories {
    use tenantry_store_contract::tenancy::directories as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_tenant_is_known_by_id_and_slug() {
        keeps(suite::a_tenant_is_known_by_id_and_slug).await;
    }

    #[tokio::test]
    async fn a_tenant_shows_itself_as_it_was_committed() {
        keeps(suite::a_tenant_shows_itself_as_it_was_committed).await;
    }

    #[tokio::test]
    async fn a_member_is_known_within_the_tenant_only() {
        keeps(suite::a_member_is_known_within_the_tenant_only).await;
    }

    #[tokio::test]
    async fn a_persons_memberships_are_found_across_tenants() {
        keeps(suite::a_persons_memberships_are_found_across_tenants).await;
    }

    #[tokio::test]
    async fn operators_list_tenants_in_pages_and_by_filter() {
        keeps(suite::operators_list_tenants_in_pages_and_by_filter).await;
    }
}

mod security {
    use tenantry_store_contract::tenancy::security as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_policy_comes_back_whole_for_its_tenant() {
        keeps(suite::a_policy_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn the_gate_is_told_the_policy_with_the_tenant() {
        keeps(suite::the_gate_is_told_the_policy_with_the_tenant).await;
    }

    #[tokio::test]
    async fn a_policy_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_policy_that_changed_since_it_was_read_is_stale).await;
    }
}

mod roles {
    use tenantry_store_contract::tenancy::roles as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_role_comes_back_whole_for_its_tenant() {
        keeps(suite::a_role_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_role_has_its_name_and_number_alone() {
        keeps(suite::a_role_has_its_name_and_number_alone).await;
    }

    #[tokio::test]
    async fn a_role_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_role_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn a_role_is_not_given_while_it_goes() {
        keeps(suite::a_role_is_not_given_while_it_goes).await;
    }

    #[tokio::test]
    async fn further_roles_live_and_die_with_the_membership() {
        keeps(suite::further_roles_live_and_die_with_the_membership).await;
    }

    #[tokio::test]
    async fn nobody_has_a_further_role_who_is_no_member() {
        keeps(suite::nobody_has_a_further_role_who_is_no_member).await;
    }

    #[tokio::test]
    async fn holders_of_a_role_are_found_and_counted() {
        keeps(suite::holders_of_a_role_are_found_and_counted).await;
    }

    #[tokio::test]
    async fn one_role_takes_the_place_of_another() {
        keeps(suite::one_role_takes_the_place_of_another).await;
    }

    #[tokio::test]
    async fn the_gate_knows_a_tenants_own_roles() {
        keeps(suite::the_gate_knows_a_tenants_own_roles).await;
    }
}

mod ownership {
    use tenantry_store_contract::tenancy::ownership as suite;

    use crate::keeps;

    #[tokio::test]
    async fn one_offer_waits_in_a_tenant() {
        keeps(suite::one_offer_waits_in_a_tenant).await;
    }

    #[tokio::test]
    async fn an_offer_ends_once_also_under_concurrency() {
        keeps(suite::an_offer_ends_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn an_offer_goes_with_either_member() {
        keeps(suite::an_offer_goes_with_either_member).await;
    }
}

mod joining {
    use tenantry_store_contract::tenancy::joining as suite;

    use crate::keeps;

    #[tokio::test]
    async fn an_email_domain_comes_back_whole_for_its_tenant() {
        keeps(suite::an_email_domain_comes_back_whole_for_its_tenant).await;
    }

    #[tokio::test]
    async fn a_domain_may_be_proved_by_several_tenants() {
        keeps(suite::a_domain_may_be_proved_by_several_tenants).await;
    }

    #[tokio::test]
    async fn email_domains_are_listed_in_pages() {
        keeps(suite::email_domains_are_listed_in_pages).await;
    }

    #[tokio::test]
    async fn a_request_comes_back_whole_for_its_tenant_and_its_person() {
        keeps(suite::a_request_comes_back_whole_for_its_tenant_and_its_person).await;
    }

    #[tokio::test]
    async fn requests_that_wait_are_listed_in_pages() {
        keeps(suite::requests_that_wait_are_listed_in_pages).await;
    }

    #[tokio::test]
    async fn a_request_is_answered_once_also_under_concurrency() {
        keeps(suite::a_request_is_answered_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn whom_a_tenant_removed_is_known_until_it_is_forgotten() {
        keeps(suite::whom_a_tenant_removed_is_known_until_it_is_forgotten).await;
    }

    #[tokio::test]
    async fn requests_that_have_run_out_are_removed() {
        keeps(suite::requests_that_have_run_out_are_removed).await;
    }
}
