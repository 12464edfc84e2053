//! Roles through the service, over mocks.

use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::{DomainError as _, ErrorKind, Permission};

use super::*;
use crate::permissions::{DOMAINS_READ, MEMBERS_MANAGE};
use crate::role::SystemRole::{self, Admin, Owner, Viewer};
use crate::role::{ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN};
use crate::testing::{FakeTenancy, MockRoleRepository, NOW, Outcome, own_role, role_permissions, roles};

fn service(fake: FakeTenancy) -> (RoleService, Outcome) {
    let (store, outcome) = fake.into_store();
    let service = RoleService::new(RolePorts {
        store,
        catalog: Arc::new(roles()),
        clock: Arc::new(FixedClock::at(NOW)),
        ids: Arc::new(SequentialIds::default()),
    });
    (service, outcome)
}

fn acting_as(role: SystemRole) -> TenantScope {
    let permissions: Vec<Permission> = role_permissions(role).iter().cloned().collect();
    TenantScope::for_test(1, &permissions)
}

fn text(name: &str, permissions: &[&str]) -> RoleText {
    RoleText {
        name: DisplayName::try_from(name).unwrap(),
        description: None,
        permissions: permissions.iter().map(|&text| text.to_owned()).collect(),
    }
}

/// A store that holds these roles.
fn holding(own: Vec<OwnRole>) -> FakeTenancy {
    let mut roles = MockRoleRepository::new();
    let all = own.clone();
    roles.expect_all().returning(move || Ok(all.clone()));
    let found = own.clone();
    roles
        .expect_find()
        .returning(move |id| Ok(found.iter().find(|role| role.id() == id).cloned()));
    FakeTenancy {
        roles,
        ..FakeTenancy::default()
    }
}

fn own(number: u16) -> RoleRef {
    RoleRef::Own(own_role(number, "x", &[]).id())
}

#[tokio::test]
async fn who_does_not_define_roles_never_reaches_the_store() {
    let (service, outcome) = service(FakeTenancy::default());
    let nobody = TenantScope::for_test(1, &[MEMBERS_MANAGE]);

    let refusals = [
        service.list(&nobody).await.unwrap_err(),
        service.create(&nobody, None, text("Clerk", &[])).await.unwrap_err(),
        service
            .rewrite(&nobody, &own(1), text("Clerk", &[]), None)
            .await
            .unwrap_err(),
        service.delete(&nobody, &own(1), None, None).await.unwrap_err(),
        service
            .preview(&nobody, &own(1), Foreseen::Rewritten(text("Clerk", &[])))
            .await
            .unwrap_err(),
    ];

    assert!(refusals.iter().all(|refused| matches!(refused, RoleError::Denied(_))));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn nobody_defines_a_role_that_may_more_than_they() {
    let (service, outcome) = service(FakeTenancy::default());

    for beyond in ["tenant.delete", "tenant.*"] {
        let refused = service
            .create(&acting_as(Admin), None, text("Remover", &[beyond]))
            .await;
        assert!(matches!(refused, Err(RoleError::Denied(_))), "{beyond}");
    }

    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn a_role_gets_a_code_a_number_and_a_line_in_the_log() {
    let mut fake = holding(vec![own_role(0, "first", &[]), own_role(2, "third", &[])]);
    fake.roles
        .expect_insert()
        .withf(|role| role.code().as_str() == "billing_clerk" && role.slot() == 1)
        .returning(|_| Ok(()));
    let (service, outcome) = service(fake);

    let made = service
        .create(&acting_as(Admin), None, text("Billing clerk", &["*", "Domains.*"]))
        .await
        .unwrap();

    assert!(made.definition.permissions.holds(&DOMAINS_READ));
    assert_eq!(made.own.unwrap().grants().texts(), ["*", "domains.*"]);
    assert_eq!(outcome.actions(), ["role.created"]);
}

#[tokio::test]
async fn a_number_that_another_took_meanwhile_is_chosen_again() {
    let mut fake = holding(Vec::new());
    let mut answers = vec![Ok(()), Err(StoreError::Conflict(ROLE_SLOT_TAKEN))];
    fake.roles
        .expect_insert()
        .times(2)
        .returning(move |_| answers.pop().unwrap());
    let (service, outcome) = service(fake);

    service
        .create(&acting_as(Owner), None, text("Clerk", &[]))
        .await
        .unwrap();

    assert_eq!(outcome.actions(), ["role.created"]);
}

#[tokio::test]
async fn there_is_an_end_of_roles() {
    let full = (0..MAX_ROLES)
        .map(|slot| own_role(slot, &format!("role{slot}"), &[]))
        .collect();
    let (service, outcome) = service(holding(full));

    let refused = service
        .create(&acting_as(Owner), None, text("One more", &[]))
        .await
        .unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Conflict, "too_many_roles")
    );
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn names_of_the_catalog_and_of_others_are_taken() {
    let mut fake = holding(Vec::new());
    fake.roles
        .expect_insert()
        .returning(|_| Err(StoreError::Conflict(ROLE_NAME_TAKEN)));
    let (service, _) = service(fake);

    for (code, name) in [
        (None, "OWNER"),
        (Some("viewer"), "Onlooker"),
        (Some("clerk"), "Mana-ger"),
        (None, "Clerk"),
    ] {
        let code = code.map(str::to_owned);
        let refused = service
            .create(&acting_as(Owner), code, text(name, &[]))
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Conflict, "role_name_taken"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let (service, _) = service(FakeTenancy::default());
    let wrong = text("営業", &["no.such", "tenant.read", "ownership.transfer", "nothing.*"]);

    let refused = service.create(&acting_as(Owner), None, wrong).await.unwrap_err();

    let told: Vec<_> = refused
        .fields()
        .iter()
        .map(|field| (field.field.clone(), field.code))
        .collect();
    assert_eq!(
        told,
        [
            ("code".to_owned(), "missing_field"),
            ("permissions[0]".to_owned(), "unknown_permission"),
            ("permissions[2]".to_owned(), "owners_only"),
            ("permissions[3]".to_owned(), "unknown_permission"),
        ]
    );
    let endless = text("Clerk", &vec!["tenant.read"; MAX_GRANTS + 1]);
    let refused = service.create(&acting_as(Owner), None, endless).await.unwrap_err();
    assert_eq!(refused.fields()[0].code, "too_many");
}

#[tokio::test]
async fn a_role_is_rewritten_by_who_holds_what_it_gave_and_will_give() {
    let mut fake = holding(vec![
        own_role(1, "remover", &["tenant.delete"]),
        own_role(2, "reader", &["tenant.read"]),
    ]);
    fake.roles
        .expect_update()
        .withf(|role| role.version() == 1 && role.grants().texts() == ["domains.read"])
        .once()
        .returning(|_| Ok(()));
    let (service, outcome) = service(fake);
    let admin = acting_as(Admin);
    let plain = || text("Reader", &["domains.read"]);

    let lifted = service
        .rewrite(&admin, &own(2), text("Reader", &["tenant.delete"]), None)
        .await;
    let narrowed = service.rewrite(&admin, &own(1), text("Remover", &[]), None).await;
    let stale = service.rewrite(&admin, &own(2), plain(), Some(7)).await;
    let gone = service.rewrite(&admin, &own(9), plain(), None).await;
    let system = service
        .rewrite(&admin, &RoleRef::System("viewer".to_owned()), plain(), None)
        .await;
    let unknown = service
        .rewrite(&admin, &RoleRef::System("nobody".to_owned()), plain(), None)
        .await;
    let rewritten = service.rewrite(&admin, &own(2), plain(), Some(1)).await.unwrap();

    assert!(matches!(lifted, Err(RoleError::Denied(_))) && matches!(narrowed, Err(RoleError::Denied(_))));
    assert!(matches!(stale, Err(RoleError::Stale)) && matches!(gone, Err(RoleError::NotFound)));
    assert!(matches!(system, Err(RoleError::System)) && matches!(unknown, Err(RoleError::NotFound)));
    assert_eq!(rewritten.own.unwrap().version(), 2);
    assert_eq!(outcome.actions(), ["role.updated"]);
}

fn removable(holders: u64) -> FakeTenancy {
    let mut fake = holding(vec![own_role(1, "reader", &["tenant.read"])]);
    fake.roles.expect_delete().returning(|_, _| Ok(()));
    fake.roles
        .expect_hold()
        .returning(|| Ok(vec![own_role(2, "remover", &["tenant.delete"])]));
    fake.memberships.expect_holders().returning(move |_| Ok(holders));
    fake
}

#[tokio::test]
async fn a_role_that_is_held_goes_only_for_another() {
    let mut fake = removable(3);
    fake.memberships
        .expect_replace_role()
        .withf(|from, to| from.as_str() == "reader" && to.as_str() == "viewer")
        .once()
        .returning(|_, _| Ok(3));
    let (service, outcome) = service(fake);
    let admin = acting_as(Admin);

    let held = service.delete(&admin, &own(1), None, None).await.unwrap_err();
    assert_eq!(
        (held.code(), held.details()),
        ("role_in_use", vec![("holders", 3.into())])
    );
    for (replacement, code) in [
        ("reader", "unknown_role"),
        ("nobody", "unknown_role"),
        ("owner", "owners_only"),
    ] {
        let refused = service
            .delete(&acting_as(Owner), &own(1), Some(replacement), None)
            .await
            .unwrap_err();
        assert_eq!(refused.fields()[0].code, code, "{replacement}");
    }
    let beyond = service.delete(&admin, &own(1), Some("remover"), None).await;
    assert!(matches!(beyond, Err(RoleError::Denied(_))));
    assert_eq!(outcome.events(), None);

    service.delete(&admin, &own(1), Some("Viewer"), None).await.unwrap();

    let events = outcome.events().unwrap();
    assert_eq!(events[0].action, "role.deleted");
    assert!(events[0].changes.iter().any(|change| change.field == "replaced_with"));
}

#[tokio::test]
async fn a_role_that_nobody_holds_just_goes() {
    let (service, outcome) = service(removable(0));

    service.delete(&acting_as(Admin), &own(1), None, Some(1)).await.unwrap();

    assert_eq!(outcome.actions(), ["role.deleted"]);
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let mut fake = holding(vec![own_role(1, "reader", &["tenant.read"])]);
    fake.memberships.expect_list().times(2).returning(|filter, _| {
        assert_eq!(filter.holding.as_ref().unwrap().as_str(), "reader");
        let mut reader = crate::testing::member(5, Viewer);
        reader.change_role(
            Code::try_from("reader").unwrap(),
            tenantry_kernel::PermissionSet::default(),
            NOW,
        );
        Ok(tenantry_kernel::Page {
            items: vec![reader],
            next: None,
        })
    });
    let (service, outcome) = service(fake);
    let admin = acting_as(Admin);

    let rewritten = service
        .preview(&admin, &own(1), Foreseen::Rewritten(text("Reader", &["domains.read"])))
        .await
        .unwrap();
    let deleted = Foreseen::Deleted {
        replacement: Some("viewer".to_owned()),
    };
    let deleted = service.preview(&admin, &own(1), deleted).await.unwrap();

    assert_eq!(
        (rewritten.holders, rewritten.affected, rewritten.changes.len()),
        (1, 1, 2)
    );
    assert_eq!(deleted.changes.len(), 1, "a viewer also sees members");
    assert!(deleted.changes[0].gained);
    assert_eq!(outcome.commits(), Vec::<Vec<tenantry_kernel::Event>>::new());
}
