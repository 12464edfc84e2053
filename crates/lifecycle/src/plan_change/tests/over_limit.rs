//! Going down below what is used.

use tenantry_quotas::period::Period;

use super::*;
use crate::catalog::Catalog;
use crate::members::{AddMember, MembersError};
use crate::testing::fixture::{self, USERS};

/// The catalog of the tests, where the free plan allows ten messages a month and three a day.
fn house() -> House {
    let mut parts = fixture::parts();
    for offer in &mut parts.offers {
        if offer.plan.code.as_str() == "free" {
            offer.allowances.extend([
                fixture::allowance(MESSAGES, Some(3), Period::Day),
                fixture::allowance(MESSAGES, Some(10), Period::CalendarMonth),
            ]);
        }
    }
    House::selling(Catalog::new(parts).unwrap())
}

/// A tenant that pays for `professional` and has so many members.
async fn with_members(house: &House, members: u8) -> SignedUp {
    let made = house.found("acme", "free").await;
    change(house, &made, &to("pro", Some("card_ok"))).await.unwrap();
    let scope = house.owner_of(&made).await;
    for number in 1..members {
        add(house, &scope, number).await.unwrap();
    }
    made
}

async fn add(house: &House, scope: &TenantScope, number: u8) -> Result<(), MembersError> {
    let member = AddMember {
        email: fixture::email(&format!("member{number}@acme.example")),
        name: None,
        role: "member".to_owned(),
        permissions: Vec::new(),
        department: None,
        position: None,
        message: None,
        locale: None,
        expires_in: None,
        invite: true,
    };
    house.members().add(scope, member).await.map(|_| ())
}

fn line(meter: &str, used: i64, limit: i64) -> OverLimit {
    OverLimit {
        meter: code(meter),
        used,
        limit,
    }
}

#[tokio::test]
async fn a_downgrade_below_what_is_used_tells_what_and_takes_nothing_away() {
    let house = house();
    let made = with_members(&house, 4).await;
    let tenant = made.tenant.id();
    house.store.use_meter(tenant, &code(MESSAGES), NOW, 25);
    let scope = house.owner_of(&made).await;
    let wish = ChangePlan {
        when: Some(When::Now),
        ..to("free", None)
    };

    let preview = house.plan_changes().preview(&scope, &wish).await.unwrap();
    let changed = house.plan_changes().change(&scope, &wish).await.unwrap();
    let more = add(&house, &scope, 9).await.unwrap_err();

    let expected = [line(USERS, 4, 2), line(MESSAGES, 25, 10)];
    assert_eq!(preview.over_limit, expected);
    assert_eq!(changed.over_limit, expected);
    assert_eq!(entitled_to(&house, &made), "free");
    let rows = house.store.tenant_rows(tenant);
    assert_eq!(
        (rows.memberships.len(), rows.gauges[&code(USERS)]),
        (4, 4),
        "old is kept"
    );
    assert_eq!(more.code(), "quota_exceeded", "new is refused");
}

#[tokio::test]
async fn a_downgrade_that_waits_tells_what_stands_above_by_now() {
    let house = house();
    let made = with_members(&house, 3).await;

    let changed = change(&house, &made, &to("free", None)).await.unwrap();

    assert_eq!(changed.plan.code, code("professional"));
    assert_eq!(changed.over_limit, [line(USERS, 3, 2)]);
}

#[tokio::test]
async fn what_fits_is_not_told() {
    let house = house();
    let made = with_members(&house, 2).await;
    house.store.use_meter(made.tenant.id(), &code(MESSAGES), NOW, 3);
    // Yesterday's and last month's count no more.
    let earlier = [(NOW - Duration::DAY, 4), (NOW - Duration::days(9), 50)];
    for (at, amount) in earlier {
        house.store.use_meter(made.tenant.id(), &code(MESSAGES), at, amount);
    }
    let scope = house.owner_of(&made).await;

    for plan in ["free", "team"] {
        let preview = house.plan_changes().preview(&scope, &to(plan, None)).await.unwrap();

        assert_eq!(preview.over_limit, [], "{plan}");
    }
}
