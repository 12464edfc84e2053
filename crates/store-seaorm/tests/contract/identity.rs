//! Identity's promises.

mod users {
    use tenantry_store_contract::identity::users as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_user_comes_back_whole() {
        keeps(suite::a_user_comes_back_whole).await;
    }

    #[tokio::test]
    async fn an_address_leads_to_its_person() {
        keeps(suite::an_address_leads_to_its_person).await;
    }

    #[tokio::test]
    async fn an_address_belongs_to_one_person() {
        keeps(suite::an_address_belongs_to_one_person).await;
    }

    #[tokio::test]
    async fn an_address_is_won_once_also_under_concurrency() {
        keeps(suite::an_address_is_won_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_person_reaches_only_their_own_row() {
        keeps(suite::a_person_reaches_only_their_own_row).await;
    }

    #[tokio::test]
    async fn a_user_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_user_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn failures_at_once_are_all_counted() {
        keeps(suite::failures_at_once_are_all_counted).await;
    }
}

mod sessions {
    use tenantry_store_contract::identity::sessions as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_session_comes_back_whole() {
        keeps(suite::a_session_comes_back_whole).await;
    }

    #[tokio::test]
    async fn live_sessions_are_listed_youngest_first() {
        keeps(suite::live_sessions_are_listed_youngest_first).await;
    }

    #[tokio::test]
    async fn an_ended_session_stays_ended() {
        keeps(suite::an_ended_session_stays_ended).await;
    }

    #[tokio::test]
    async fn ending_all_others_keeps_the_one_in_use() {
        keeps(suite::ending_all_others_keeps_the_one_in_use).await;
    }

    #[tokio::test]
    async fn a_person_reaches_only_their_own_sessions() {
        keeps(suite::a_person_reaches_only_their_own_sessions).await;
    }

    #[tokio::test]
    async fn the_directory_tells_which_sessions_are_live() {
        keeps(suite::the_directory_tells_which_sessions_are_live).await;
    }
}

mod refresh {
    use tenantry_store_contract::identity::refresh as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_refresh_token_comes_back_whole() {
        keeps(suite::a_refresh_token_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_refresh_token_is_used_once() {
        keeps(suite::a_refresh_token_is_used_once).await;
    }

    #[tokio::test]
    async fn a_refresh_token_stays_with_its_person() {
        keeps(suite::a_refresh_token_stays_with_its_person).await;
    }

    #[tokio::test]
    async fn each_token_leads_to_the_next() {
        keeps(suite::each_token_leads_to_the_next).await;
    }

    #[tokio::test]
    async fn tabs_that_refresh_at_once_get_the_same_successor() {
        keeps(suite::tabs_that_refresh_at_once_get_the_same_successor).await;
    }

    #[tokio::test]
    async fn a_late_replay_ends_the_whole_family() {
        keeps(suite::a_late_replay_ends_the_whole_family).await;
    }
}

mod one_time_tokens {
    use tenantry_store_contract::identity::one_time_tokens as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_one_time_token_comes_back_whole() {
        keeps(suite::a_one_time_token_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_one_time_token_is_used_once_also_under_concurrency() {
        keeps(suite::a_one_time_token_is_used_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_use_that_is_rolled_back_leaves_the_token_good() {
        keeps(suite::a_use_that_is_rolled_back_leaves_the_token_good).await;
    }

    #[tokio::test]
    async fn revoking_spends_one_purpose_of_one_person() {
        keeps(suite::revoking_spends_one_purpose_of_one_person).await;
    }

    #[tokio::test]
    async fn a_person_reaches_only_their_own_tokens() {
        keeps(suite::a_person_reaches_only_their_own_tokens).await;
    }
}

mod api_keys {
    use tenantry_store_contract::identity::api_keys as suite;

    use crate::keeps;

    #[tokio::test]
    async fn api_keys_are_found_by_kind_owner_and_state() {
        keeps(suite::api_keys_are_found_by_kind_owner_and_state).await;
    }

    #[tokio::test]
    async fn an_api_key_comes_back_whole() {
        keeps(suite::an_api_key_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_tenant_has_no_more_live_keys_than_allowed() {
        keeps(suite::a_tenant_has_no_more_live_keys_than_allowed).await;
    }

    #[tokio::test]
    async fn keys_added_at_once_are_counted() {
        keeps(suite::keys_added_at_once_are_counted).await;
    }

    #[tokio::test]
    async fn api_keys_are_their_tenants_only() {
        keeps(suite::api_keys_are_their_tenants_only).await;
    }

    #[tokio::test]
    async fn two_tenants_may_have_keys_of_one_id() {
        keeps(suite::two_tenants_may_have_keys_of_one_id).await;
    }

    #[tokio::test]
    async fn api_keys_are_listed_in_pages() {
        keeps(suite::api_keys_are_listed_in_pages).await;
    }

    #[tokio::test]
    async fn an_api_key_that_changed_since_it_was_read_is_stale() {
        keeps(suite::an_api_key_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn the_directory_finds_a_key_under_its_own_tenant_only() {
        keeps(suite::the_directory_finds_a_key_under_its_own_tenant_only).await;
    }

    #[tokio::test]
    async fn a_use_is_noted_beside_everything_else() {
        keeps(suite::a_use_is_noted_beside_everything_else).await;
    }
}

mod platform_keys {
    use tenantry_store_contract::identity::platform_keys as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_platform_key_comes_back_whole() {
        keeps(suite::a_platform_key_comes_back_whole).await;
    }

    #[tokio::test]
    async fn platform_keys_are_listed_in_pages() {
        keeps(suite::platform_keys_are_listed_in_pages).await;
    }

    #[tokio::test]
    async fn a_platform_key_is_changed_by_one_writer_and_used_by_many() {
        keeps(suite::a_platform_key_is_changed_by_one_writer_and_used_by_many).await;
    }
}

mod signing_keys {
    use tenantry_store_contract::identity::signing_keys as suite;

    use crate::keeps;

    #[tokio::test]
    async fn signing_keys_come_back_whole_and_in_order() {
        keeps(suite::signing_keys_come_back_whole_and_in_order).await;
    }

    #[tokio::test]
    async fn a_sequence_number_is_won_once() {
        keeps(suite::a_sequence_number_is_won_once).await;
    }

    #[tokio::test]
    async fn a_signing_key_changes_as_it_was_seen() {
        keeps(suite::a_signing_key_changes_as_it_was_seen).await;
    }
}

mod service_accounts {
    use tenantry_store_contract::identity::service_accounts as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_service_account_comes_back_whole() {
        keeps(suite::a_service_account_comes_back_whole).await;
    }

    #[tokio::test]
    async fn a_tenant_reaches_only_its_own_service_accounts() {
        keeps(suite::a_tenant_reaches_only_its_own_service_accounts).await;
    }

    #[tokio::test]
    async fn service_accounts_are_listed_youngest_first_without_removed_ones() {
        keeps(suite::service_accounts_are_listed_youngest_first_without_removed_ones).await;
    }

    #[tokio::test]
    async fn a_service_account_that_changed_since_it_was_read_is_stale() {
        keeps(suite::a_service_account_that_changed_since_it_was_read_is_stale).await;
    }

    #[tokio::test]
    async fn service_accounts_added_at_once_are_counted() {
        keeps(suite::service_accounts_added_at_once_are_counted).await;
    }
}

mod factors {
    use tenantry_store_contract::identity::factors as suite;

    use crate::keeps;

    #[tokio::test]
    async fn an_app_is_confirmed_once_and_stays() {
        keeps(suite::an_app_is_confirmed_once_and_stays).await;
    }

    #[tokio::test]
    async fn a_step_is_spent_once_also_under_concurrency() {
        keeps(suite::a_step_is_spent_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_recovery_code_is_spent_once_also_under_concurrency() {
        keeps(suite::a_recovery_code_is_spent_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_passkey_is_registered_once_and_counts_forward() {
        keeps(suite::a_passkey_is_registered_once_and_counts_forward).await;
    }

    #[tokio::test]
    async fn a_challenge_is_used_up_once_also_under_concurrency() {
        keeps(suite::a_challenge_is_used_up_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn devices_make_room_and_are_forgotten() {
        keeps(suite::devices_make_room_and_are_forgotten).await;
    }

    #[tokio::test]
    async fn places_are_known_from_the_second_time_on() {
        keeps(suite::places_are_known_from_the_second_time_on).await;
    }

    #[tokio::test]
    async fn a_pending_sign_in_is_used_once_also_under_concurrency() {
        keeps(suite::a_pending_sign_in_is_used_once_also_under_concurrency).await;
    }
}

mod emails {
    use tenantry_store_contract::identity::emails as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_claim_leads_nowhere_until_it_is_proved() {
        keeps(suite::a_claim_leads_nowhere_until_it_is_proved).await;
    }

    #[tokio::test]
    async fn a_proof_takes_an_address_from_a_claim_and_from_no_proof() {
        keeps(suite::a_proof_takes_an_address_from_a_claim_and_from_no_proof).await;
    }

    #[tokio::test]
    async fn verifying_at_the_user_proves_the_address() {
        keeps(suite::verifying_at_the_user_proves_the_address).await;
    }

    #[tokio::test]
    async fn an_address_is_held_once_and_only_when_it_is_proved() {
        keeps(suite::an_address_is_held_once_and_only_when_it_is_proved).await;
    }

    #[tokio::test]
    async fn an_address_is_proved_once_also_under_concurrency() {
        keeps(suite::an_address_is_proved_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn addresses_are_removed_and_released() {
        keeps(suite::addresses_are_removed_and_released).await;
    }

    #[tokio::test]
    async fn an_erased_person_leaves_a_tombstone() {
        keeps(suite::an_erased_person_leaves_a_tombstone).await;
    }
}

mod support {
    use tenantry_store_contract::identity::support as suite;

    use crate::keeps;

    #[tokio::test]
    async fn visits_and_consents_come_back_whole_to_their_own_tenant() {
        keeps(suite::visits_and_consents_come_back_whole_to_their_own_tenant).await;
    }

    #[tokio::test]
    async fn a_visit_is_ended_once_by_its_own_tenant() {
        keeps(suite::a_visit_is_ended_once_by_its_own_tenant).await;
    }

    #[tokio::test]
    async fn visits_that_go_on_are_told_across_tenants() {
        keeps(suite::visits_that_go_on_are_told_across_tenants).await;
    }

    #[tokio::test]
    async fn a_tenant_agrees_until_its_latest_consent_ends() {
        keeps(suite::a_tenant_agrees_until_its_latest_consent_ends).await;
    }

    #[tokio::test]
    async fn what_many_end_at_once_ends_once() {
        keeps(suite::what_many_end_at_once_ends_once).await;
    }

    #[tokio::test]
    async fn a_platform_role_is_told_while_the_person_may_sign_in() {
        keeps(suite::a_platform_role_is_told_while_the_person_may_sign_in).await;
    }
}
