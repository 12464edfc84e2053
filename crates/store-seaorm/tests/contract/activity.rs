//! Activity's promises.

mod commits {
    use tenantry_store_contract::activity::commits as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_commit_writes_its_audit_entries() {
        keeps(suite::a_commit_writes_its_audit_entries).await;
    }

    #[tokio::test]
    async fn a_dropped_unit_leaves_no_trace() {
        keeps(suite::a_dropped_unit_leaves_no_trace).await;
    }

    #[tokio::test]
    async fn a_refused_commit_leaves_no_trace() {
        keeps(suite::a_refused_commit_leaves_no_trace).await;
    }

    #[tokio::test]
    async fn listeners_hear_of_commits_at_once() {
        keeps(suite::listeners_hear_of_commits_at_once).await;
    }

    #[tokio::test]
    async fn an_act_on_behalf_of_a_member_names_both() {
        keeps(suite::an_act_on_behalf_of_a_member_names_both).await;
    }
}

mod audit {
    use tenantry_store_contract::activity::audit as suite;

    use crate::keeps;

    #[tokio::test]
    async fn entries_are_their_tenants_only() {
        keeps(suite::entries_are_their_tenants_only).await;
    }

    #[tokio::test]
    async fn entries_are_listed_newest_first_in_pages() {
        keeps(suite::entries_are_listed_newest_first_in_pages).await;
    }

    #[tokio::test]
    async fn entries_are_found_by_action_actor_resource_and_time() {
        keeps(suite::entries_are_found_by_action_actor_resource_and_time).await;
    }

    #[tokio::test]
    async fn the_oldest_entries_of_one_tenant_are_purged_in_batches() {
        keeps(suite::the_oldest_entries_of_one_tenant_are_purged_in_batches).await;
    }
}

mod feed {
    use tenantry_store_contract::activity::feed as suite;

    use crate::keeps;

    #[tokio::test]
    async fn the_feed_tells_what_committed_since() {
        keeps(suite::the_feed_tells_what_committed_since).await;
    }

    #[tokio::test]
    async fn the_feed_is_silent_about_what_changes_no_fact() {
        keeps(suite::the_feed_is_silent_about_what_changes_no_fact).await;
    }

    #[tokio::test]
    async fn a_late_commit_is_not_missed() {
        keeps(suite::a_late_commit_is_not_missed).await;
    }
}

mod receipts {
    use tenantry_store_contract::activity::receipts as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_receipt_lands_with_its_effect() {
        keeps(suite::a_receipt_lands_with_its_effect).await;
    }

    #[tokio::test]
    async fn a_key_is_used_once() {
        keeps(suite::a_key_is_used_once).await;
    }

    #[tokio::test]
    async fn a_key_is_used_once_also_under_concurrency() {
        keeps(suite::a_key_is_used_once_also_under_concurrency).await;
    }

    #[tokio::test]
    async fn a_receipt_is_its_callers_only() {
        keeps(suite::a_receipt_is_its_callers_only).await;
    }

    #[tokio::test]
    async fn a_platform_receipt_belongs_to_no_tenant() {
        keeps(suite::a_platform_receipt_belongs_to_no_tenant).await;
    }

    #[tokio::test]
    async fn an_answer_is_kept_once() {
        keeps(suite::an_answer_is_kept_once).await;
    }

    #[tokio::test]
    async fn old_receipts_are_purged() {
        keeps(suite::old_receipts_are_purged).await;
    }
}

mod jobs {
    use tenantry_store_contract::activity::jobs as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_mail_becomes_a_job() {
        keeps(suite::a_mail_becomes_a_job).await;
    }

    #[tokio::test]
    async fn only_the_kinds_asked_for_are_taken() {
        keeps(suite::only_the_kinds_asked_for_are_taken).await;
    }

    #[tokio::test]
    async fn a_job_is_taken_by_one_worker() {
        keeps(suite::a_job_is_taken_by_one_worker).await;
    }

    #[tokio::test]
    async fn a_completed_job_is_gone() {
        keeps(suite::a_completed_job_is_gone).await;
    }

    #[tokio::test]
    async fn a_lost_lease_fences_its_holder_off() {
        keeps(suite::a_lost_lease_fences_its_holder_off).await;
    }

    #[tokio::test]
    async fn a_failed_job_waits_and_comes_again() {
        keeps(suite::a_failed_job_waits_and_comes_again).await;
    }

    #[tokio::test]
    async fn a_dead_job_is_kept_until_it_is_revived() {
        keeps(suite::a_dead_job_is_kept_until_it_is_revived).await;
    }
}

mod budgets {
    use tenantry_store_contract::activity::budgets as suite;

    use crate::keeps;

    #[tokio::test]
    async fn a_budget_is_kept_by_the_rule() {
        keeps(suite::a_budget_is_kept_by_the_rule).await;
    }

    #[tokio::test]
    async fn two_at_once_never_take_the_same() {
        keeps(suite::two_at_once_never_take_the_same).await;
    }

    #[tokio::test]
    async fn whole_budgets_are_forgotten() {
        keeps(suite::whole_budgets_are_forgotten).await;
    }
}
