//! `[roles.<code>]`, `[permissions]` and `[platform_roles]`: who may do what.

use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Code, Permission, PermissionSet};
use tenantry_lifecycle::catalog::{ApplicationPermission, PlatformRoleName};
use tenantry_lifecycle::roles::{self, tenant_permissions};
use tenantry_tenancy::role::{RoleBook, RoleDefinition, SystemRole};

use super::words::{Names, code, described};
use crate::nearest::hint;
use crate::toml_source::{Placed, Section};

const BASES: [(&str, SystemRole); 5] = [
    ("owner", SystemRole::Owner),
    ("admin", SystemRole::Admin),
    ("manager", SystemRole::Manager),
    ("member", SystemRole::Member),
    ("viewer", SystemRole::Viewer),
];
const PLATFORM: [(&str, PlatformRole); 2] = [("operator", PlatformRole::Operator), ("support", PlatformRole::Support)];

/// The application's own permissions.
pub(super) fn permissions(root: &Section<'_>) -> Vec<ApplicationPermission> {
    let own: Vec<String> = reserved().iter().map(|name| Code::fold(name)).collect();
    let mut permissions = Vec::new();
    for (code, description) in described(root, "permissions", "permission") {
        let taken = own.contains(&Code::fold(code.value.as_str()));
        if taken {
            let message = format!(
                "\"{}\" is a permission of Tenantry itself; choose another name",
                code.value
            );
            root.problems().add(code.at, message);
        }
        // A code always makes a permission.
        if let Ok(permission) = Permission::declared(code.value.as_str()) {
            permissions.push(ApplicationPermission {
                permission,
                description,
            });
        }
    }
    permissions
}

/// The roles of a tenant's members; the five system roles when the file names none.
pub(super) fn book(root: &Section<'_>, permissions: &[ApplicationPermission]) -> Option<RoleBook> {
    let application: PermissionSet = permissions.iter().map(|own| own.permission.clone()).collect();
    let Some(section) = root.section("roles") else {
        return RoleBook::new(roles::system_roles(&application)).ok();
    };
    let mut names = Names::new("role");
    let mut definitions = Vec::new();
    for (name, item) in section.entries() {
        let code = code(root.problems(), name, "role");
        if let Some((table, code)) = item.section().zip(code) {
            names.take(root.problems(), name, code.as_str());
            definitions.extend(one(&table, code, &application, &mut names));
        }
    }
    let owners = definitions.iter().filter(|role| role.is_owner()).count();
    if owners != 1 {
        let message = format!("exactly one role must have base = \"owner\", and {owners} have");
        root.problems().add(section.at(), message);
    }
    RoleBook::new(definitions).ok()
}

fn one(table: &Section<'_>, code: Code, application: &PermissionSet, names: &mut Names) -> Option<RoleDefinition> {
    table.only(&["base", "aliases", "permissions"]);
    let base = table.need("base")?.word(&BASES)?;
    let mut aliases = Vec::new();
    for alias in table.texts("aliases") {
        names.take(table.problems(), alias, code.as_str());
        aliases.push(alias.value.to_owned());
    }
    let given = table.texts("permissions");
    if let (SystemRole::Viewer, Some(first)) = (base, given.first()) {
        let message = "a role based on viewer only looks: it cannot have permissions of the application";
        table.problems().add(first.at, message);
    }
    let given = given.into_iter().filter_map(|name| granted(table, name, application));
    let given: PermissionSet = given.collect();
    Some(roles::define(code, base, aliases, &given, application))
}

fn granted(table: &Section<'_>, name: Placed<&str>, application: &PermissionSet) -> Option<Permission> {
    let folded = Code::fold(name.value);
    let found = application.iter().find(|own| Code::fold(own.as_str()) == folded);
    if found.is_none() {
        let message = if reserved().iter().any(|own| Code::fold(own) == folded) {
            format!(
                "\"{}\" is Tenantry's own and follows from the role's base; list the application's permissions only",
                name.value
            )
        } else {
            let help = hint(name.value, application.iter().map(Permission::as_str));
            format!(
                "the permission \"{}\" is not declared in [permissions]{help}",
                name.value
            )
        };
        table.problems().add(name.at, message);
    }
    found.cloned()
}

/// Other names of platform roles.
pub(super) fn platform(root: &Section<'_>) -> Vec<PlatformRoleName> {
    let Some(section) = root.section("platform_roles") else {
        return Vec::new();
    };
    let mut names = Names::new("platform role");
    let mut roles = Vec::new();
    for (name, item) in section.entries() {
        let code = code(root.problems(), name, "platform role");
        if let Some((name_code, role)) = code.zip(item.word(&PLATFORM)) {
            names.take(root.problems(), name, name_code.as_str());
            roles.push(PlatformRoleName { name: name_code, role });
        }
    }
    roles
}

fn reserved() -> Vec<String> {
    let platform = [roles::PLATFORM_READ, roles::PLATFORM_MANAGE];
    let all = tenant_permissions().into_iter().chain(platform);
    all.map(|permission| permission.as_str().to_owned()).collect()
}
