use super::*;
use crate::permissions::{DOMAINS_READ, MEMBERS_READ, TENANT_DELETE, TENANT_READ};
use crate::testing::{own_role, roles};

fn role(code: &str, base: SystemRole, aliases: &[&str]) -> RoleDefinition {
    RoleDefinition {
        code: Code::try_from(code).unwrap(),
        kind: RoleKind::System(base),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        permissions: PermissionSet::default(),
    }
}

#[test]
fn a_role_is_found_by_any_of_its_names() {
    let book = RoleBook::new(vec![
        role("tenant_admin", SystemRole::Owner, &["Client Admin"]),
        role("user", SystemRole::Member, &[]),
    ])
    .unwrap();

    for name in ["TENANT_ADMIN", "tenant-admin", "clientadmin", "owner"] {
        assert_eq!(book.find(name).unwrap().code.as_str(), "tenant_admin", "{name}");
    }
    assert_eq!(book.find("Member").unwrap().code.as_str(), "user");
    assert!(book.find("viewer").is_none());
}

#[test]
fn a_catalogs_own_name_wins_over_a_system_name() {
    let book = RoleBook::new(vec![
        role("boss", SystemRole::Owner, &[]),
        role("chief", SystemRole::Admin, &[]),
        role("staff", SystemRole::Member, &["admin"]),
    ])
    .unwrap();

    assert_eq!(book.find("admin").unwrap().code.as_str(), "staff");
}

#[test]
fn a_book_needs_exactly_one_owner_and_unambiguous_names() {
    assert_eq!(RoleBook::new(vec![]).unwrap_err(), InvalidRoleBook::Owners(0));
    let two = vec![role("a", SystemRole::Owner, &[]), role("b", SystemRole::Owner, &[])];
    assert_eq!(RoleBook::new(two).unwrap_err(), InvalidRoleBook::Owners(2));
    let twins = vec![
        role("a_b", SystemRole::Owner, &[]),
        role("x", SystemRole::Viewer, &["A-B"]),
    ];
    assert_eq!(
        RoleBook::new(twins).unwrap_err(),
        InvalidRoleBook::Ambiguous("A-B".to_owned())
    );
}

#[test]
fn a_tenants_own_role_stands_beside_the_catalogs() {
    let clerk = own_role(1, "clerk", &["domains.*", "tenant.read"]);
    let book = roles().with_own(&[clerk]);

    let found = book.find("Clerk").unwrap();

    assert!(found.permissions.holds(&DOMAINS_READ) && !found.is_basic() && found.base().is_none());
    assert_eq!(book.get(&found.code), Some(found));
    assert_eq!(book.all().len(), 6);
    assert!(roles().find("clerk").is_none());
}

#[test]
fn a_role_that_allows_no_more_than_members_and_viewers_is_basic() {
    let reader = own_role(1, "reader", &["tenant.read", "members.read"]);
    let book = roles().with_own(&[reader]);

    let found = book.find("reader").unwrap();

    assert_eq!(found.permissions, PermissionSet::from_iter([TENANT_READ, MEMBERS_READ]));
    assert!(found.is_basic());
}

#[test]
fn a_name_that_a_catalog_takes_later_stays_the_tenants() {
    let admin = own_role(1, "admin", &["tenant.read"]);
    let book = roles().with_own(&[admin]);

    let held = book.permissions_of(&Code::try_from("admin").unwrap(), &PermissionSet::default());

    assert_eq!(held, PermissionSet::from_iter([TENANT_READ]));
    assert!(!book.by_base(SystemRole::Admin).unwrap().permissions.is_empty());
}

#[test]
fn grants_are_found_in_any_spelling() {
    let book = roles().reserving(&PermissionSet::from_iter([TENANT_DELETE]));
    let found = |text: &str| book.find_grant(text).map(|grant| grant.to_string());

    assert_eq!(found("*").unwrap(), "*");
    assert_eq!(found("Domains.*").unwrap(), "domains.*");
    assert_eq!(found("MEMBERS.MANAGE-BASIC").unwrap(), "members.manage_basic");
    for unknown in ["", "nothing.*", "domains.", "domains.*.*", "* "] {
        assert_eq!(found(unknown), None, "{unknown:?}");
    }
}
