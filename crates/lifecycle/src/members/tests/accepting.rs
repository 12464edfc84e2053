//! Tests of accepting an invitation.

use tenantry_tenancy::role::RoleBook;

use super::*;

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let token = token_sent_to(&house, "kim@acme.example");

    let (one, two) = tokio::join!(
        accept(&house, &token, Some(PASSWORD)),
        accept(&house, &token, Some(PASSWORD))
    );
    let later = accept(&house, &token, Some(PASSWORD)).await.unwrap_err();

    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert_eq!(won.membership.state(), MembershipState::Active);
    let heard = (won.membership.user(), email("kim@acme.example"));
    assert_eq!(
        house.newcomers.heard(),
        [heard],
        "who chose the password holds the address"
    );
    for gone in [lost, later] {
        assert_eq!((gone.kind(), gone.code()), (ErrorKind::Gone, "invitation_gone"));
    }
    assert_eq!(seats(&house, &made), 2, "the seat was taken by the invitation");
    let person = house.store.person_rows(won.membership.user()).user.unwrap();
    assert_eq!((person.name(), person.email_verified_at()), ("Kim", Some(NOW)));
}

#[tokio::test]
async fn sending_again_kills_the_earlier_link_and_no_other_tenants() {
    let house = House::default();
    let acme = house.found("acme", "starter").await;
    let globex = house.found("globex", "starter").await;
    let owner = house.owner_of(&acme).await;
    let elsewhere = house.owner_of(&globex).await;
    let invited = add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let first = token_sent_to(&house, "kim@acme.example");
    add(&house, &elsewhere, "kim@acme.example", "member").await.unwrap();
    let other = token_sent_to(&house, "kim@acme.example");
    house.clock.advance(Duration::HOUR);

    house
        .members()
        .resend(&owner, invited.id(), Resend::default())
        .await
        .unwrap();

    let second = token_sent_to(&house, "kim@acme.example");
    assert_ne!(first, second);
    let stale = accept(&house, &first, Some(PASSWORD)).await.unwrap_err();
    assert_eq!(stale.code(), "invitation_gone");
    assert!(accept(&house, &other, Some(PASSWORD)).await.is_ok());
    assert!(accept(&house, &second, None).await.is_ok(), "by now Kim has a password");
    let accepted = house
        .members()
        .resend(&owner, invited.id(), Resend::default())
        .await
        .unwrap_err();
    assert_eq!(accepted.code(), "invitation_not_pending");
}

#[tokio::test]
async fn a_resent_invitation_lives_anew_and_an_expired_one_is_unknown() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let invited = add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let first = token_sent_to(&house, "kim@acme.example");
    house.clock.advance(Duration::days(5));

    let expired = accept(&house, &first, Some(PASSWORD)).await.unwrap_err();
    house
        .members()
        .resend(&owner, invited.id(), Resend::default())
        .await
        .unwrap();
    let second = token_sent_to(&house, "kim@acme.example");

    assert_eq!(
        (expired.kind(), expired.code()),
        (ErrorKind::Unauthenticated, "invitation_invalid")
    );
    assert!(accept(&house, &second, Some(PASSWORD)).await.is_ok());
}

#[tokio::test]
async fn a_new_person_chooses_a_password_that_is_good_enough() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let token = token_sent_to(&house, "kim@acme.example");

    let missing = accept(&house, &token, None).await.unwrap_err();
    let weak = accept(&house, &token, Some("short")).await.unwrap_err();

    assert_eq!(
        (missing.kind(), missing.fields()[0].code),
        (ErrorKind::Invalid, "missing_field")
    );
    assert_eq!(
        (weak.kind(), weak.fields()[0].field.as_str()),
        (ErrorKind::Invalid, "password")
    );
    assert!(
        accept(&house, &token, Some(PASSWORD)).await.is_ok(),
        "a refusal spends nothing"
    );
}

#[tokio::test]
async fn a_password_that_a_stranger_chose_does_not_survive_the_invitation() {
    let house = House::default();
    let stranger = house.found("evil", "free").await;
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let victim = "owner@evil.example";
    add(&house, &owner, victim, "admin").await.unwrap();
    let token = token_sent_to(&house, victim);

    let without = accept(&house, &token, None).await.unwrap_err();
    accept(&house, &token, Some("chosen by the victim")).await.unwrap();

    assert_eq!(without.fields()[0].code, "missing_field");
    let rows = house.store.person_rows(stranger.owner.user());
    assert_eq!(
        rows.user.unwrap().password_hash().unwrap().as_str(),
        "strong:chosen by the victim"
    );
    assert!(rows.sessions.iter().all(|session| session.record().ended_at.is_some()));
}

#[tokio::test]
async fn a_verified_person_joins_with_the_password_they_have() {
    let house = House::default();
    let acme = house.found("acme", "starter").await;
    let globex = house.found("globex", "starter").await;
    joined(&house, &acme, "kim@acme.example", "member").await;
    add(&house, &house.owner_of(&globex).await, "kim@acme.example", "viewer")
        .await
        .unwrap();
    let token = token_sent_to(&house, "kim@acme.example");

    let accepted = accept(&house, &token, Some("an attempt to change it")).await.unwrap();

    let person = house.store.person_rows(accepted.membership.user()).user.unwrap();
    assert_eq!(person.password_hash().unwrap().as_str(), format!("strong:{PASSWORD}"));
}

#[tokio::test]
async fn junk_and_other_tokens_are_no_invitations() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let welcome = house.store.mails().remove(0).token.unwrap();
    assert_eq!(OneTimeText::parse(welcome.expose()).unwrap().user(), made.owner.user());

    for token in [welcome, Secret::new("junk".to_owned()), Secret::new(String::new())] {
        let refused = accept(&house, &token, Some(PASSWORD)).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Unauthenticated, "invitation_invalid")
        );
    }
}

#[tokio::test]
async fn nobody_joins_a_suspended_tenant() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    add(&house, &house.owner_of(&made).await, "kim@acme.example", "member")
        .await
        .unwrap();
    let token = token_sent_to(&house, "kim@acme.example");
    let reason = Note::try_from("unpaid").unwrap();
    house
        .operators()
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await
        .unwrap();

    let locked = accept(&house, &token, Some(PASSWORD)).await.unwrap_err();

    assert!(matches!(locked, MembersError::Enter(EnterError::Suspended { .. })));
}

#[tokio::test]
async fn a_disabled_person_does_not_join() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let id = UserId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(0xBAD));
    let mut user = User::register(id, email("kim@acme.example"), name("Kim"), Locale::default(), NOW);
    user.disable(NOW);
    let mut unit = house.store.begin_person(id, &Origin::default()).await.unwrap();
    unit.users().insert(&user).await.unwrap();
    unit.commit(vec![]).await.unwrap();
    add(&house, &house.owner_of(&made).await, "kim@acme.example", "member")
        .await
        .unwrap();

    let token = token_sent_to(&house, "kim@acme.example");
    let refused = accept(&house, &token, Some(PASSWORD)).await.unwrap_err();

    assert_eq!(refused.code(), "invitation_gone");
}

async fn accept_as(
    house: &House,
    token: &Secret<String>,
    user: UserId,
    session: tenantry_kernel::SessionId,
) -> Result<Accepted, MembersError> {
    let request = Accept {
        token: token.clone(),
        name: None,
        password: None,
        signed_in: Some((user, session)),
    };
    house.acceptance().accept(request, Origin::default()).await
}

#[tokio::test]
async fn who_is_signed_in_accepts_what_is_theirs_and_nothing_else() {
    let house = House::default();
    let acme = house.found("acme", "starter").await;
    let globex = house.found("globex", "starter").await;
    let owner = house.owner_of(&acme).await;
    let (kim, scope) = joined(&house, &globex, "kim@people.example", "member").await;
    add(&house, &owner, "kim@people.example", "member").await.unwrap();
    let kims = token_sent_to(&house, "kim@people.example");
    add(&house, &owner, "lee@people.example", "member").await.unwrap();
    let lees = token_sent_to(&house, "lee@people.example");
    let session = scope.principal().session().unwrap();

    let others = accept_as(&house, &lees, kim.user(), session).await.unwrap_err();
    let unverified = accept_as(&house, &lees, house_person(&house, "lee@people.example"), session)
        .await
        .unwrap_err();
    let own = accept_as(&house, &kims, kim.user(), session).await.unwrap();

    assert_eq!(
        (others.kind(), others.code()),
        (ErrorKind::Denied, "invitation_not_yours")
    );
    assert_eq!(
        (unverified.kind(), unverified.code()),
        (ErrorKind::Denied, "email_unverified")
    );
    assert_eq!(
        (own.tenant, own.membership.state()),
        (acme.tenant.id(), MembershipState::Active)
    );
    let still = accept(&house, &lees, Some(PASSWORD)).await;
    assert!(still.is_ok(), "a refusal spends nothing");
}

fn house_person(house: &House, address: &str) -> UserId {
    let commits = house.store.commits();
    let tenants: Vec<_> = commits.iter().filter_map(|commit| commit.tenant).collect();
    let rows = tenants
        .into_iter()
        .flat_map(|tenant| house.store.tenant_rows(tenant).memberships);
    rows.into_iter()
        .find(|member| member.email() == &email(address))
        .unwrap()
        .user()
}

#[tokio::test]
async fn a_role_that_left_the_catalog_lets_nobody_in() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let request = Accept {
        token: token_sent_to(&house, "kim@acme.example"),
        name: None,
        password: Some(password(PASSWORD)),
        signed_in: None,
    };
    let mut roles = house.catalog.roles().all().to_vec();
    for role in roles.iter_mut().filter(|role| role.code.as_str() == "member") {
        role.code = code("user");
    }
    let renamed = house.acceptance_by(RoleBook::new(roles).unwrap());

    let refused = renamed.accept(request, Origin::default()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Conflict, "invitation_role_gone")
    );
}

#[tokio::test]
async fn an_invitation_lives_as_long_as_it_was_asked_to_and_speaks_as_asked() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let request = AddMember {
        locale: Some(Locale::try_from("ja").unwrap()),
        expires_in: Some(InvitationDays::try_from(1).unwrap()),
        ..invite("kim@acme.example", "member")
    };
    let invited = house.members().add(&owner, request).await.unwrap().membership;
    let first = house.store.mails().pop().unwrap();
    house.clock.advance(Duration::days(1));

    let late = accept(&house, &first.token.clone().unwrap(), Some(PASSWORD))
        .await
        .unwrap_err();
    let again = Resend {
        message: Some(Note::try_from("still time").unwrap()),
        expires_in: Some(InvitationDays::try_from(30).unwrap()),
        ..Resend::default()
    };
    house.members().resend(&owner, invited.id(), again).await.unwrap();
    let second = house.store.mails().pop().unwrap();
    house.clock.advance(Duration::days(29));

    assert_eq!((first.locale.as_str(), late.code()), ("ja", "invitation_invalid"));
    assert_eq!(second.locale, "ja", "their own language by now");
    assert!(second.fields.contains(&("message", "still time".to_owned())));
    assert!(
        second
            .fields
            .contains(&("inviter", made.owner.name().unwrap().to_string()))
    );
    assert!(accept(&house, &second.token.unwrap(), Some(PASSWORD)).await.is_ok());
}
