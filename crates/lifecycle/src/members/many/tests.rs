//! Many at once, on doubles: what each row becomes, and what is committed.

use tenantry_kernel::{DomainError, ErrorKind, FieldError, Locale, Note, Secret, StoreError, TenantScope};
use tenantry_tenancy::permissions::MEMBERS_INVITE;

use super::*;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{NOW, USERS, code, email};

fn rows(wishes: Vec<Newcomer>) -> Vec<ListedRow> {
    let numbered = (1_u32..).zip(wishes);
    numbered
        .map(|(number, wish)| ListedRow {
            number,
            email: wish.email.to_string(),
            wish: Ok(wish),
        })
        .collect()
}

fn people(addresses: &[&str]) -> Vec<ListedRow> {
    rows(
        addresses
            .iter()
            .map(|address| Newcomer::new(email(address), "member"))
            .collect(),
    )
}

fn told(verdicts: &[Verdict]) -> Vec<&'static str> {
    verdicts.iter().map(|verdict| verdict.outcome.as_str()).collect()
}

fn seats(house: &House, made: &SignedUp) -> i64 {
    house.store.tenant_rows(made.tenant.id()).gauges[&code(USERS)]
}

async fn operator_in(house: &House, made: &SignedUp) -> TenantScope {
    let user = UserId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(99));
    let session = tenantry_kernel::SessionId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(98));
    let gate = house.gate();
    let entered = gate.enter_operator(
        made.tenant.id(),
        user,
        session,
        false,
        tenantry_kernel::Origin::default(),
    );
    entered.await.unwrap()
}

#[tokio::test]
async fn each_row_gets_its_own_verdict_and_what_is_right_lands_in_one_commit() {
    let house = House::default();
    let made = house.found("acme", "professional").await;
    let owner = house.owner_of(&made).await;
    let first = house
        .members()
        .add_many(&owner, &people(&["old@acme.example"]), false)
        .await
        .unwrap();
    let mut list = people(&[
        "kim@acme.example",
        "old@acme.example",
        "KIM@acme.example",
        "owner@acme.example",
    ]);
    list.push(ListedRow {
        number: 5,
        email: "nobody".to_owned(),
        wish: Err(vec![FieldError::new("email", "invalid_value", "is none")]),
    });
    list.extend(rows(vec![Newcomer::new(email("wiz@acme.example"), "wizard")]));
    list.extend(people(&["lee@acme.example"]));
    let commits = house.store.commits().len();

    let verdicts = house.members().add_many(&owner, &list, false).await.unwrap();

    assert_eq!(
        told(&verdicts),
        [
            "invited",
            "already_invited",
            "duplicate",
            "already_member",
            "invalid",
            "invalid",
            "invited"
        ]
    );
    assert_eq!(verdicts[1].outcome.membership(), first[0].outcome.membership());
    assert_eq!(verdicts[5].outcome.errors()[0].code, "unknown_role");
    let landed = house.store.commits().split_off(commits);
    assert_eq!(landed.len(), 1);
    let events: Vec<_> = landed[0]
        .events
        .iter()
        .map(|event| (event.action, event.mails.len()))
        .collect();
    assert_eq!(events, [("membership.invited", 1); 2]);
    assert_eq!(seats(&house, &made), 4);
}

#[tokio::test]
async fn seats_are_given_in_the_order_of_rows_until_the_plan_is_full() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let addresses: Vec<String> = (0..20).map(|number| format!("p{number}@acme.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();

    let dry = house
        .members()
        .add_many(&owner, &people(&addresses), true)
        .await
        .unwrap();
    let untouched = (seats(&house, &made), house.store.mails().len());
    let real = house
        .members()
        .add_many(&owner, &people(&addresses), false)
        .await
        .unwrap();

    assert_eq!(untouched, (1, 1), "a dry run takes nothing and writes to nobody");
    assert_eq!(told(&dry), told(&real));
    let invited = real.iter().take_while(|verdict| verdict.outcome.landed()).count();
    assert!(invited > 0 && invited < 20, "{invited}");
    assert!(
        real[invited..]
            .iter()
            .all(|verdict| verdict.outcome.as_str() == "quota_exceeded")
    );
    assert_eq!(seats(&house, &made), i64::try_from(invited).unwrap() + 1);
    assert!(dry.iter().all(|verdict| verdict.outcome.membership().is_none()));
    let full = house
        .members()
        .add_many(&owner, &people(&["late@acme.example"]), false)
        .await
        .unwrap();
    assert_eq!(told(&full), ["quota_exceeded"]);
}

#[tokio::test]
async fn nobody_grants_what_they_lack_row_by_row() {
    let house = House::default();
    let made = house.found("acme", "professional").await;
    let gate = house.owner_of(&made).await;
    let manager = Newcomer {
        arrival: Arrival::Active,
        ..Newcomer::new(email("max@acme.example"), "manager")
    };
    let verdicts = house
        .members()
        .import(&gate, &rows(vec![manager]), false)
        .await
        .unwrap();
    let id = verdicts[0].outcome.membership().unwrap();
    let member = house.store.tenant_rows(made.tenant.id()).memberships;
    let member = member.into_iter().find(|member| member.id() == id).unwrap();
    let scope = house.scope_of(made.tenant.id(), &member).await;
    let list = rows(vec![
        Newcomer::new(email("a@acme.example"), "viewer"),
        Newcomer::new(email("b@acme.example"), "admin"),
        Newcomer {
            permissions: vec!["billing.manage".to_owned()],
            ..Newcomer::new(email("c@acme.example"), "viewer")
        },
    ]);

    let verdicts = house.members().add_many(&scope, &list, false).await.unwrap();
    let denied = house.members().import(&scope, &list, false).await.unwrap_err();
    let bare = TenantScope::for_test(1, &[]);
    let stranger = house.members().add_many(&bare, &list, false).await.unwrap_err();

    assert_eq!(told(&verdicts), ["invited", "permission_denied", "permission_denied"]);
    assert_eq!((denied.kind(), denied.code()), (ErrorKind::Denied, "permission_denied"));
    assert_eq!(stranger.kind(), ErrorKind::Denied);
    assert_ne!(MEMBERS_INVITE.as_str(), "");
}

#[tokio::test]
async fn the_language_is_the_rows_or_the_tenants() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let japanese = Newcomer {
        locale: Some(Locale::try_from("ja-JP").unwrap()),
        message: Some(Note::try_from("ようこそ").unwrap()),
        expires_in: Some(InvitationDays::try_from(30).unwrap()),
        ..Newcomer::new(email("kim@acme.example"), "member")
    };
    let plain = Newcomer::new(email("lee@acme.example"), "member");

    house
        .members()
        .add_many(&owner, &rows(vec![japanese, plain]), false)
        .await
        .unwrap();

    let mails = house.store.mails().split_off(1);
    let tenants = made.tenant.profile().locale.as_str();
    assert_eq!((mails[0].locale.as_str(), mails[1].locale.as_str()), ("ja-JP", tenants));
    assert!(mails[0].fields.contains(&("message", "ようこそ".to_owned())));
    assert!(
        mails[0]
            .fields
            .contains(&("expires_at", "2026-03-31 12:00 UTC".to_owned())),
        "{:?}",
        mails[0].fields
    );
    let members = house.store.tenant_rows(made.tenant.id()).memberships;
    let person = |address: &str| {
        let member = members.iter().find(|member| member.email() == &email(address)).unwrap();
        house.store.person_rows(member.user()).user.unwrap()
    };
    assert_eq!(person("kim@acme.example").locale(), "ja-JP");
    assert_eq!(person("lee@acme.example").locale(), tenants);
}

#[tokio::test]
async fn a_lost_race_is_run_again_and_reports_what_it_found() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();
    let list = people(&["kim@acme.example"]);

    house.store.fail_commit(StoreError::Contended);
    let (one, two) = tokio::join!(
        service.add_many(&owner, &list, false),
        service.add_many(&owner, &list, false)
    );

    let mut both = [told(&one.unwrap()), told(&two.unwrap())].concat();
    both.sort_unstable();
    assert_eq!(both, ["already_invited", "invited"]);
    assert_eq!(seats(&house, &made), 2);
}

#[tokio::test]
async fn passwords_come_from_operators_alone_and_never_replace_one() {
    let house = House::default();
    let victim = house.found("globex", "free").await;
    let made = house.found("acme", "professional").await;
    let owner = house.owner_of(&made).await;
    let operator = operator_in(&house, &made).await;
    let with_password = |address: &str, hash: &str| Newcomer {
        arrival: Arrival::Active,
        password_hash: Some(Secret::new(hash.to_owned())),
        verified: true,
        ..Newcomer::new(email(address), "member")
    };
    let before = house.store.person_rows(victim.owner.user()).user.unwrap();

    let refused = house
        .members()
        .import(
            &owner,
            &rows(vec![with_password("kim@acme.example", "weak:planted")]),
            false,
        )
        .await
        .unwrap();
    let list = rows(vec![
        with_password("kim@acme.example", "weak:kims"),
        with_password("owner@globex.example", "weak:planted"),
        with_password("dear@acme.example", "dear:x"),
        with_password("odd@acme.example", "odd"),
    ]);
    let taken = house.members().import(&operator, &list, false).await.unwrap();

    let codes: Vec<_> = refused[0].outcome.errors().iter().map(|error| error.code).collect();
    assert_eq!((told(&refused), codes), (vec!["invalid"], vec!["operators_only"; 2]));
    assert_eq!(told(&taken), ["imported", "imported", "invalid", "invalid"]);
    assert_eq!(taken[1].outcome.errors()[0].code, "not_taken");
    assert_eq!(taken[2].outcome.errors()[0].code, "hash_too_dear");
    assert_eq!(taken[3].outcome.errors()[0].code, "unknown_hash");
    let after = house.store.person_rows(victim.owner.user()).user.unwrap();
    assert_eq!(after, before, "nobody who is known is touched");
    let members = house.store.tenant_rows(made.tenant.id()).memberships;
    let kim = members
        .iter()
        .find(|member| member.email() == &email("kim@acme.example"))
        .unwrap();
    let kim = house.store.person_rows(kim.user()).user.unwrap();
    assert_eq!(kim.password_hash().unwrap().as_str(), "weak:kims");
    assert_eq!(kim.email_verified_at(), Some(NOW));
}

#[tokio::test]
async fn who_is_shut_out_takes_no_seat_and_nobody_hears_of_it() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let gone = Newcomer {
        arrival: Arrival::Deactivated,
        ..Newcomer::new(email("gone@acme.example"), "member")
    };

    let verdicts = house.members().import(&owner, &rows(vec![gone]), false).await.unwrap();

    assert_eq!(told(&verdicts), ["imported"]);
    assert_eq!((seats(&house, &made), house.store.mails().len()), (1, 1));
    let members = house.store.tenant_rows(made.tenant.id()).memberships;
    assert_eq!(members[1].state(), MembershipState::Deactivated);
}
