//! The signed-in person, whatever their tenant.

mod devices_forget;
mod devices_forget_all;
mod devices_list;
mod email_change;
mod emails_add;
mod emails_list;
mod emails_make_primary;
mod emails_remove;
mod erase;
mod export;
mod keep;
mod merge;
mod merge_start;
mod passkeys_finish;
mod passkeys_list;
mod passkeys_remove;
mod passkeys_rename;
mod passkeys_start;
mod password;
mod recovery_codes_left;
mod recovery_codes_renew;
mod sessions_end;
mod sessions_end_others;
mod sessions_list;
mod show;
mod step_up;
mod switch;
pub(crate) mod tenants;
mod tenants_join;
mod tenants_join_withdraw;
mod tenants_known_as;
mod tenants_leave;
mod tenants_suggestions;
mod totp_begin;
mod totp_confirm;
mod totp_remove;
mod update;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        show::row(),
        update::row(),
        erase::row(),
        keep::row(),
        export::row(),
        emails_list::row(),
        emails_add::row(),
        emails_make_primary::row(),
        emails_remove::row(),
        email_change::row(),
        merge_start::row(),
        merge::row(),
        tenants::row(),
        tenants_suggestions::row(),
        tenants_join::row(),
        tenants_join_withdraw::row(),
        tenants_known_as::row(),
        tenants_leave::row(),
        switch::row(),
        sessions_list::row(),
        sessions_end::row(),
        sessions_end_others::row(),
        password::row(),
        step_up::row(),
        totp_begin::row(),
        totp_confirm::row(),
        totp_remove::row(),
        recovery_codes_left::row(),
        recovery_codes_renew::row(),
        passkeys_start::row(),
        passkeys_finish::row(),
        passkeys_list::row(),
        passkeys_rename::row(),
        passkeys_remove::row(),
        devices_list::row(),
        devices_forget::row(),
        devices_forget_all::row(),
    ]
}

/// The person as identity's services want them.
fn identified(person: &crate::door::Person, origin: tenantry_kernel::Origin) -> tenantry_identity::person::Person {
    tenantry_identity::person::Person {
        user: person.user,
        session: person.session,
        tenant: person.seat.map(|(tenant, _)| tenant),
        membership: person.seat.map(|(_, membership)| membership),
        platform_role: None,
        origin,
    }
}

/// The person whose page it is, as identity's services want them. A visit of support has no session of theirs.
fn looked_at(seen: &crate::extract::Seen, origin: tenantry_kernel::Origin) -> tenantry_identity::person::Person {
    tenantry_identity::person::Person {
        user: seen.user,
        session: tenantry_kernel::SessionId::from_uuid(tenantry_kernel::uuid::Uuid::nil()),
        tenant: seen.seat.map(|(tenant, _)| tenant),
        membership: seen.seat.map(|(_, membership)| membership),
        platform_role: None,
        origin,
    }
}
