//! What is read, what is refused, and that nothing is lost on the way.

use proptest::prelude::*;

use super::*;

fn wrong(draft: &PolicyDraft) -> Vec<(String, &'static str)> {
    let faults = draft.check().unwrap_err();
    faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

#[test]
fn the_default_draft_is_the_default_policy() {
    assert_eq!(PolicyDraft::default().check(), Ok(SecurityPolicy::default()));
}

#[test]
fn every_wrong_field_is_told_at_once_under_its_name() {
    let draft = PolicyDraft {
        ip_allowlist: texts(&["10.0.0.0/8", "10.0.0.5/8", "nowhere"]),
        session_absolute_hours: Some(0),
        session_idle_minutes: Some(14),
        password_min_length: Some(65),
        password_min_strength: Some(5),
        allowed_email_domains: texts(&["acme.com", "a@b.com"]),
        who_may_invite: "Managers".to_owned(),
        support_access: "never".to_owned(),
        sign_in_methods: texts(&["password", "sms"]),
        domain_join_mode: "maybe".to_owned(),
        domain_join_role: Some("no role!".to_owned()),
        ..PolicyDraft::default()
    };

    let wrong = wrong(&draft);

    let told: Vec<_> = wrong.iter().map(|(field, code)| (field.as_str(), *code)).collect();
    assert_eq!(
        told,
        [
            ("ip_allowlist[1]", "invalid_value"),
            ("ip_allowlist[2]", "invalid_value"),
            ("session.absolute_hours", "out_of_range"),
            ("session.idle_minutes", "out_of_range"),
            ("password.min_length", "out_of_range"),
            ("password.min_strength", "out_of_range"),
            ("allowed_email_domains[1]", "invalid_value"),
            ("who_may_invite", "invalid_value"),
            ("support_access", "invalid_value"),
            ("sign_in_methods[1]", "invalid_value"),
            ("domain_join.mode", "invalid_value"),
            ("domain_join.role", "unknown_role"),
        ]
    );
}

#[test]
fn no_way_to_sign_in_is_refused_and_endless_lists_are() {
    let none = PolicyDraft {
        sign_in_methods: Vec::new(),
        ..PolicyDraft::default()
    };
    let endless = PolicyDraft {
        ip_allowlist: vec!["10.0.0.1".to_owned(); MAX_RANGES + 1],
        allowed_email_domains: vec!["acme.com".to_owned(); MAX_EMAIL_DOMAINS + 1],
        ..PolicyDraft::default()
    };

    assert_eq!(wrong(&none), [("sign_in_methods".to_owned(), "too_few")]);
    let told = wrong(&endless);
    assert!(
        told.iter().all(|(_, code)| *code == "too_many") && told.len() == 2,
        "{told:?}"
    );
}

#[test]
fn what_stands_twice_stands_once() {
    let draft = PolicyDraft {
        ip_allowlist: texts(&["10.0.0.0/8", " 10.0.0.0/8", "::ffff:10.0.0.0/104"]),
        allowed_email_domains: texts(&["acme.com", "@ACME.com"]),
        sign_in_methods: texts(&["passkey", "password", "passkey"]),
        ..PolicyDraft::default()
    };

    let policy = draft.check().unwrap();

    assert_eq!(policy.ip_allowlist.len(), 1);
    assert_eq!(policy.allowed_email_domains.len(), 1);
    assert_eq!(policy.sign_in_methods, [SignInMethod::Password, SignInMethod::Passkey]);
}

proptest! {
    #[test]
    fn any_list_is_read_or_refused_and_what_was_read_is_read_again(
        ranges in prop::collection::vec("[0-9a-f.:/]{0,20}", 0..8),
        domains in prop::collection::vec("[a-z@.-]{0,12}", 0..8),
        hours in any::<Option<i64>>(),
        length in any::<Option<i64>>(),
        name in "\\PC{0,12}",
    ) {
        let draft = PolicyDraft {
            ip_allowlist: ranges,
            allowed_email_domains: domains,
            session_absolute_hours: hours,
            password_min_length: length,
            domain_join_role: Some(name),
            ..PolicyDraft::default()
        };
        if let Ok(policy) = draft.check() {
            prop_assert_eq!(PolicyDraft::from(&policy).check(), Ok(policy));
        }
    }
}
