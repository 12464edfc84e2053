//! The members of a tenant. `id` is the membership's: a tenant never learns a person's own id.

mod change;
mod create;
mod deactivate;
mod import;
mod list;
mod reactivate;
mod remove;
mod role;
mod show;
mod unlock;

use actix_web::HttpResponse;
use tenantry_tenancy::membership::Membership;

use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        import::row(),
        show::row(),
        change::row(),
        remove::row(),
        role::row(),
        deactivate::row(),
        reactivate::row(),
        unlock::row(),
    ]
}

/// The member with its tag.
fn answer(member: &Membership) -> HttpResponse {
    render::single(member.id().as_uuid(), member.version(), &MemberView::from(member))
}

#[cfg(test)]
mod tests;
