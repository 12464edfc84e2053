//! Tests of the matrix.

use super::*;

fn code(text: &str) -> Code {
    Code::try_from(text).unwrap()
}

fn application() -> PermissionSet {
    ["whatsapp.send", "whatsapp.receive"]
        .iter()
        .map(|name| Permission::declared(name).unwrap())
        .collect()
}

#[test]
fn the_system_roles_hold_exactly_this() {
    let book = RoleBook::new(system_roles(&PermissionSet::default())).unwrap();

    assert_eq!(
        matrix(&book),
        "\
permission               owner  admin  manager  member  viewer
api_keys.manage          x      x      .        .       .
api_keys.read            x      x      x        .       .
api_keys.verify          x      x      .        .       .
audit.read               x      x      .        .       .
billing.manage           x      .      .        .       .
billing.read             x      .      .        .       .
domains.manage           x      x      .        .       .
domains.read             x      x      x        .       .
invoices.read            x      .      .        .       .
members.invite           x      x      x        .       .
members.manage           x      x      .        .       .
members.manage_basic     x      x      x        .       .
members.read             x      x      x        x       x
ownership.transfer       x      .      .        .       .
roles.manage             x      x      .        .       .
security.manage          x      x      .        .       .
service_accounts.manage  x      x      .        .       .
service_accounts.read    x      x      x        .       .
settings.manage          x      x      .        .       .
settings.read            x      x      x        .       .
support_access.manage    x      x      .        .       .
tenant.delete            x      .      .        .       .
tenant.read              x      x      x        x       x
tenant.update            x      x      .        .       .
tokens.introspect        x      x      .        .       .
usage.consume            x      x      x        x       .
usage.read               x      x      x        .       x
usage.read_basic         x      x      x        x       x
webhooks.manage          x      x      .        .       .
webhooks.read            x      x      x        .       .
"
    );
}

#[test]
fn who_manages_others_holds_what_they_hold() {
    let covers = |strong, weak| system_permissions(strong).covers(&system_permissions(weak));

    for role in SystemRole::ALL {
        assert!(covers(SystemRole::Owner, role), "{role:?}");
    }
    // Nobody grants what they lack, and managers invite members and viewers.
    assert!(covers(SystemRole::Manager, SystemRole::Member));
    assert!(covers(SystemRole::Manager, SystemRole::Viewer));
    assert!(covers(SystemRole::Admin, SystemRole::Manager));
    assert!(!covers(SystemRole::Admin, SystemRole::Owner));
}

#[test]
fn application_permissions_go_to_whom_the_catalog_gives_them() {
    let send = PermissionSet::from_iter([Permission::declared("whatsapp.send").unwrap()]);
    let all = application();

    for (base, expected) in [
        (SystemRole::Owner, &all),
        (SystemRole::Admin, &all),
        (SystemRole::Manager, &send),
        (SystemRole::Member, &send),
        (SystemRole::Viewer, &PermissionSet::default()),
    ] {
        let role = define(code("r"), base, Vec::new(), &send, &all);

        assert_eq!(&role.permissions.intersection(&all), expected, "{base:?}");
        assert!(role.permissions.covers(&system_permissions(base)), "{base:?}");
    }
}

#[test]
fn a_permission_that_the_catalog_does_not_declare_is_never_given() {
    let strange = PermissionSet::from_iter([BILLING_MANAGE]);

    let role = define(code("user"), SystemRole::Member, Vec::new(), &strange, &application());

    assert!(!role.permissions.holds(&BILLING_MANAGE));
}

#[test]
fn support_looks_and_never_touches() {
    assert!(platform_permissions(PlatformRole::Operator).holds(&PLATFORM_MANAGE));
    assert!(platform_permissions(PlatformRole::Support).holds(&PLATFORM_READ));
    assert!(!platform_permissions(PlatformRole::Support).holds(&PLATFORM_MANAGE));
}

#[test]
fn every_permission_is_described_and_so_is_none_that_there_is_not() {
    for permission in tenant_permissions() {
        let told = description_of(&permission).unwrap_or_default();
        assert!(told.ends_with('.') && told.len() > 10, "{permission}: {told:?}");
    }
    assert_eq!(description_of(&Permission::known("whatsapp.send")), None);
}

#[test]
fn a_star_is_what_admins_hold() {
    let all: PermissionSet = tenant_permissions().into_iter().collect();

    assert_eq!(all.difference(&owners_alone()), system_permissions(SystemRole::Admin));
}

#[test]
fn on_behalf_of_an_owner_support_may_do_exactly_this() {
    let owner = system_permissions(SystemRole::Owner);
    let names = |read_only| {
        let left = of_support(&owner, read_only);
        left.iter().map(|left| left.as_str().to_owned()).collect::<Vec<_>>()
    };

    // Whoever adds a permission decides here whether support has it.
    let reads = [
        "api_keys.read",
        "audit.read",
        "billing.read",
        "domains.read",
        "invoices.read",
        "members.read",
        "service_accounts.read",
        "settings.read",
        "tenant.read",
        "usage.read",
        "usage.read_basic",
        "webhooks.read",
    ];
    let acts = [
        "domains.manage",
        "settings.manage",
        "tenant.update",
        "usage.consume",
        "webhooks.manage",
    ];
    let mut both = [&reads[..], &acts[..]].concat();
    both.sort_unstable();
    assert_eq!(names(true), reads);
    assert_eq!(names(false), both);
}

#[test]
fn support_uses_the_application_as_the_member_does_and_only_looks_where_it_may_not_change() {
    let held: PermissionSet = ["orders.read", "orders.write"]
        .iter()
        .map(|name| Permission::declared(name).unwrap())
        .collect();

    assert_eq!(of_support(&held, false), held);
    assert_eq!(
        of_support(&held, true),
        PermissionSet::from_iter([Permission::known("orders.read")])
    );
}
