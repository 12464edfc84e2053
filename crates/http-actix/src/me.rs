//! The signed-in person, whatever their tenant.

mod password;
mod sessions_end;
mod sessions_end_others;
mod sessions_list;
mod show;
mod step_up;
mod switch;
mod tenants;
mod update;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        show::row(),
        update::row(),
        tenants::row(),
        switch::row(),
        sessions_list::row(),
        sessions_end::row(),
        sessions_end_others::row(),
        password::row(),
        step_up::row(),
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
