//! Tests of the use cases, over a house in memory.

use tenantry_identity::session::{Session, SessionPolicy};
use tenantry_identity::store::IdentityStore as _;
use tenantry_identity::user::{PlatformRole, User};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{DomainError as _, Locale};
use tenantry_tenancy::security::{PolicyDraft, SupportAccess};

use super::*;
use crate::access::{Access, AccessError, Address, Caller};
use crate::members::AddMember;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{email, name};

const REASON: &str = "Ticket 17: no invoices";

/// An installation with one tenant, and an operator who is signed in as [`House::platform`] tells.
struct Scene {
    house: House,
    made: SignedUp,
}

async fn scene(role: PlatformRole) -> Scene {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (user, session) = person(&house.platform(role)).unwrap();
    let now = house.clock.system_now();
    let mut operator = User::register(
        user,
        email("otto@platform.example"),
        name("Otto"),
        Locale::default(),
        now,
    );
    operator.set_platform_role(Some(role));
    let signed_in = Session::start(session, user, &Origin::default(), &SessionPolicy::default(), now);
    let mut unit = house.store.begin_person(user, &Origin::default()).await.unwrap();
    unit.users().insert(&operator).await.unwrap();
    unit.sessions().insert(&signed_in).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    Scene { house, made }
}

impl Scene {
    fn request(&self, read_only: Option<bool>) -> StartVisit {
        StartVisit {
            tenant: "acme".to_owned(),
            membership: self.made.owner.id().to_string(),
            reason: REASON.to_owned(),
            minutes: None,
            read_only,
        }
    }

    async fn start(&self, role: PlatformRole, read_only: Option<bool>) -> Result<StartedVisit, SupportError> {
        let scope = self.house.platform(role);
        self.house.support().start(&scope, self.request(read_only)).await
    }

    async fn enters(&self, access: &Access, started: &StartedVisit) -> Result<TenantScope, AccessError> {
        let caller = access.authenticate_token(started.access.expose()).await?;
        assert!(matches!(caller, Caller::Support(_)));
        access.enter(&caller, &Address::default(), Origin::default()).await
    }

    /// The tenant asks for its consent from now on.
    async fn ask_for_consent(&self) {
        let owner = self.house.owner_of(&self.made).await;
        let mut unit = self.house.store.begin_spanning(&owner, None).await.unwrap();
        let mut stored = unit.security_policies().find().await.unwrap().unwrap();
        let mut draft = PolicyDraft::from(&stored.policy);
        draft.support_access = SupportAccess::WithConsent.as_str().to_owned();
        stored.policy = draft.check().unwrap();
        unit.security_policies().write(&stored).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }

    async fn change(&self, change: fn(&mut User)) {
        let (user, _) = person(&self.house.operator()).unwrap();
        let mut unit = self.house.store.begin_person(user, &Origin::default()).await.unwrap();
        let mut operator = unit.users().find(user).await.unwrap().unwrap();
        change(&mut operator);
        unit.users().update(&operator).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }

    fn told(&self, action: &str) -> Vec<Event> {
        let events = self.house.store.events().into_iter();
        events.filter(|event| event.action == action).collect()
    }
}

#[tokio::test]
async fn a_visit_enters_with_what_is_left_of_the_members_permissions() {
    let scene = scene(PlatformRole::Operator).await;
    let owner = scene.house.owner_of(&scene.made).await;

    let looks = scene.start(PlatformRole::Operator, None).await.unwrap();
    let acts = scene.start(PlatformRole::Operator, Some(false)).await.unwrap();

    let access = scene.house.access();
    let looking = scene.enters(&access, &looks).await.unwrap();
    let acting = scene.enters(&access, &acts).await.unwrap();
    assert_eq!(*looking.permissions(), roles::of_support(owner.permissions(), true));
    assert_eq!(*acting.permissions(), roles::of_support(owner.permissions(), false));
    assert_eq!(looking.principal(), &super::acting(&looks.visit));
    assert_eq!((looks.visit.read_only, looks.expires_in_s), (true, 15 * 60));
    // It is neither the member nor an operator anywhere else.
    let caller = access.authenticate_token(looks.access.expose()).await.unwrap();
    let system = access.enter_system(&caller, Origin::default());
    assert!(matches!(system, Err(AccessError::NotAnOperator)));
    let elsewhere = Address {
        path: Some("globex".into()),
        ..Address::default()
    };
    scene.house.found("globex", "free").await;
    let elsewhere = access.enter(&caller, &elsewhere, Origin::default()).await;
    assert!(matches!(elsewhere, Err(AccessError::NoSuchTenant)));
}

#[tokio::test]
async fn the_log_and_the_owners_are_told_who_came_and_why() {
    let scene = scene(PlatformRole::Operator).await;
    let before = scene.house.store.mails().len();

    let started = scene.start(PlatformRole::Operator, None).await.unwrap();
    scene
        .house
        .support()
        .end(&scene.house.operator(), started.visit.id)
        .await
        .unwrap();

    for action in ["support_access.started", "support_access.ended"] {
        let told = scene.told(action);
        let [event] = told.as_slice() else { panic!("{told:?}") };
        let said = |field| {
            event
                .changes
                .iter()
                .find(|change| change.field == field)
                .map(|change| &change.after)
        };
        assert_eq!(said("reason"), Some(&REASON.into()), "{action}");
        assert_eq!(
            said("operator"),
            Some(&started.visit.operator.to_string().into()),
            "{action}"
        );
        assert_eq!(
            said("on_behalf_of"),
            Some(&scene.made.owner.id().to_string().into()),
            "{action}"
        );
    }
    let mails = scene.house.store.mails().split_off(before);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let says = |field| {
        mail.fields
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, text)| text.as_str())
    };
    assert_eq!(
        (mail.template, mail.to.as_str()),
        ("support_access_started", "owner@acme.example")
    );
    assert_eq!((says("operator"), says("reason")), (Some("Otto"), Some(REASON)));
    assert_eq!((says("member"), says("acts_until")), (Some("Olive Owner"), None));
    assert!(says("looks_until").is_some());
}

#[tokio::test]
async fn support_only_looks_and_programs_act_for_nobody() {
    let scene = scene(PlatformRole::Support).await;

    let acts = scene.start(PlatformRole::Support, Some(false)).await;
    let looks = scene.start(PlatformRole::Support, Some(true)).await.unwrap();
    let worker = scene.house.worker();
    let worker = scene.house.support().start(&worker, scene.request(None)).await;

    assert!(matches!(acts, Err(SupportError::Denied(_))));
    assert!(matches!(worker, Err(SupportError::Denied(_))));
    assert!(looks.visit.read_only);
    assert_eq!(scene.told("support_access.started").len(), 1);
}

#[tokio::test]
async fn every_wrong_field_is_told() {
    let scene = scene(PlatformRole::Operator).await;
    let support = scene.house.support();
    let scope = scene.house.operator();
    let wrong = async |change: fn(&mut StartVisit)| {
        let mut request = scene.request(None);
        change(&mut request);
        let refused = support.start(&scope, request).await.unwrap_err();
        let fields = refused.fields().into_iter().map(|fault| (fault.field, fault.code));
        fields.collect::<Vec<_>>()
    };
    let said = |faults: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
        faults
            .iter()
            .map(|(field, code)| ((*field).to_owned(), *code))
            .collect()
    };

    let nowhere = wrong(|request| {
        request.tenant = "nowhere".to_owned();
        request.minutes = Some(0);
        request.reason = "because".to_owned();
    });
    assert_eq!(
        nowhere.await,
        said(&[
            ("tenant", "unknown_tenant"),
            ("reason", "invalid_value"),
            ("minutes", "out_of_range")
        ])
    );
    let nobody = wrong(|request| request.membership = "nobody".to_owned()).await;
    assert_eq!(nobody, said(&[("user", "unknown_member")]));
    let long = wrong(|request| request.minutes = Some(61)).await;
    assert_eq!(long, said(&[("minutes", "out_of_range")]));
    assert_eq!(scene.told("support_access.started").len(), 0);
}

#[tokio::test]
async fn nobody_acts_for_a_member_who_is_not_there() {
    let scene = scene(PlatformRole::Operator).await;
    let owner = scene.house.owner_of(&scene.made).await;
    let invited = AddMember {
        email: email("kim@acme.example"),
        name: Some(name("Kim")),
        role: "viewer".to_owned(),
        permissions: Vec::new(),
        department: None,
        position: None,
        message: None,
        locale: None,
        expires_in: None,
        invite: true,
    };
    scene.house.members().add(&owner, invited).await.unwrap();
    let rows = scene.house.store.tenant_rows(scene.made.tenant.id()).memberships;
    let waiting = rows.iter().find(|row| row.id() != scene.made.owner.id()).unwrap();

    let mut request = scene.request(None);
    request.membership = waiting.id().to_string();
    let refused = scene.house.support().start(&scene.house.operator(), request).await;

    assert!(matches!(refused, Err(SupportError::Invalid(_))));
}

#[tokio::test]
async fn a_visit_ends_with_its_time_its_session_and_the_operators_role() {
    async fn over(access: &Access, started: &StartedVisit) -> bool {
        let caller = access.authenticate_token(started.access.expose()).await;
        matches!(caller, Err(AccessError::NotAuthenticated))
    }
    let scene = scene(PlatformRole::Operator).await;
    let access = scene.house.access();
    let looks = scene.start(PlatformRole::Operator, None).await.unwrap();
    let acts = scene.start(PlatformRole::Operator, Some(false)).await.unwrap();
    assert!(!over(&access, &looks).await && !over(&access, &acts).await);

    // Who is support now may look, and not act.
    scene
        .change(|user| user.set_platform_role(Some(PlatformRole::Support)))
        .await;
    assert!(!over(&access, &looks).await && over(&access, &acts).await);
    scene.change(|user| user.set_platform_role(None)).await;
    assert!(over(&access, &looks).await);
    scene
        .change(|user| user.set_platform_role(Some(PlatformRole::Operator)))
        .await;
    scene.change(|user| user.disable(OffsetDateTime::UNIX_EPOCH)).await;
    assert!(over(&access, &looks).await && over(&access, &acts).await);
    scene.change(User::enable).await;
    assert!(!over(&access, &looks).await);

    scene.house.clock.advance(Duration::minutes(15) - Duration::SECOND);
    assert!(!over(&access, &looks).await);
    scene.house.clock.advance(Duration::SECOND);
    assert!(over(&access, &looks).await);

    let last = scene.start(PlatformRole::Operator, None).await.unwrap();
    let (user, session) = person(&scene.house.operator()).unwrap();
    let signed_out = scene.house.sign_in().log_out(user, session, &Origin::default()).await;
    signed_out.unwrap();
    assert!(over(&access, &last).await);
}

#[tokio::test]
async fn a_visit_is_ended_once_and_by_whom_it_says() {
    let scene = scene(PlatformRole::Operator).await;
    let support = scene.house.support();
    let own = scene.start(PlatformRole::Operator, None).await.unwrap().visit;
    let left = scene.start(PlatformRole::Operator, None).await.unwrap().visit;

    support.end(&scene.house.operator(), own.id).await.unwrap();
    let again = support.end(&scene.house.operator(), own.id).await;
    for _ in 0..2 {
        support.leave(left.tenant, left.id, &Origin::default()).await.unwrap();
    }

    assert!(matches!(again, Err(SupportError::NotFound)));
    let commits = scene.house.store.commits();
    let ended = commits
        .iter()
        .filter(|commit| commit.events.iter().any(|event| event.action == "support_access.ended"));
    assert_eq!(ended.count(), 2);
}

#[tokio::test]
async fn another_operators_visit_is_ended_by_those_who_manage_the_platform() {
    let scene = scene(PlatformRole::Operator).await;
    let started = scene.start(PlatformRole::Operator, None).await.unwrap().visit;
    let somebody = |role| {
        let (user, session) = (
            UserId::from_uuid(Uuid::from_u128(9_100)),
            SessionId::from_uuid(Uuid::from_u128(9_101)),
        );
        let permissions = roles::platform_permissions(role);
        scene
            .house
            .gate()
            .enter_system(user, session, permissions, Origin::default())
    };
    let support = scene.house.support();

    let refused = support.end(&somebody(PlatformRole::Support), started.id).await;
    let ended = support.end(&somebody(PlatformRole::Operator), started.id).await;

    assert!(matches!(refused, Err(SupportError::Denied(_))));
    ended.unwrap();
}

#[tokio::test]
async fn where_the_tenant_asks_for_it_nobody_comes_in_without_consent() {
    let scene = scene(PlatformRole::Operator).await;
    let (support, access) = (scene.house.support(), scene.house.access());
    let owner = scene.house.owner_of(&scene.made).await;
    scene.ask_for_consent().await;

    let refused = scene.start(PlatformRole::Operator, None).await;
    assert!(matches!(refused, Err(SupportError::NoConsent)));

    let short = support.agree(&owner, 1).await.unwrap();
    let started = scene.start(PlatformRole::Operator, None).await.unwrap();
    scene.enters(&access, &started).await.unwrap();
    // Another one holds still.
    let long = support.agree(&owner, 2).await.unwrap();
    support.withdraw(&owner, short.id).await.unwrap();
    scene.enters(&access, &started).await.unwrap();
    support.withdraw(&owner, long.id).await.unwrap();
    assert!(matches!(
        scene.enters(&access, &started).await,
        Err(AccessError::NotAuthenticated)
    ));
    assert_eq!(scene.told("support_access.ended").len(), 1);
    let again = support.withdraw(&owner, long.id).await;
    assert!(matches!(again, Err(SupportError::NotFound)));

    // Who agrees anew does not agree to what was before.
    support.agree(&owner, 1).await.unwrap();
    assert!(matches!(
        scene.enters(&access, &started).await,
        Err(AccessError::NotAuthenticated)
    ));
    let anew = scene.start(PlatformRole::Operator, None).await.unwrap();
    scene.enters(&access, &anew).await.unwrap();
    let seen = support.log(&owner).await.unwrap();
    assert_eq!((seen.consents.len(), seen.visits.len()), (3, 2));
}

#[tokio::test]
async fn members_agree_and_nobody_in_their_place() {
    let scene = scene(PlatformRole::Operator).await;
    let support = scene.house.support();
    let owner = scene.house.owner_of(&scene.made).await;
    let (user, session) = person(&scene.house.operator()).unwrap();
    let gate = scene.house.gate();
    let operator = gate.enter_operator(scene.made.tenant.id(), user, session, false, Origin::default());
    let operator = operator.await.unwrap();
    assert!(operator.permissions().holds(&roles::SUPPORT_ACCESS_MANAGE));

    assert!(matches!(
        support.agree(&operator, 1).await,
        Err(SupportError::Denied(_))
    ));
    for hours in [0, 14 * 24 + 1] {
        let refused = support.agree(&owner, hours).await;
        assert!(matches!(refused, Err(SupportError::Invalid(_))), "{hours}");
    }
    assert_eq!(
        support.agree(&owner, 14 * 24).await.unwrap().given_by,
        scene.made.owner.id()
    );
}

#[tokio::test]
async fn a_commit_that_fails_begins_and_ends_nothing() {
    let scene = scene(PlatformRole::Operator).await;
    let store = || StoreError::Backend("gone".into());
    scene.house.store.fail_commit(store());
    let refused = scene.start(PlatformRole::Operator, None).await;
    assert!(matches!(refused, Err(SupportError::Store(_))));
    assert!(scene.house.store.tenant_rows(scene.made.tenant.id()).visits.is_empty());

    let started = scene.start(PlatformRole::Operator, None).await.unwrap();
    scene.house.store.fail_commit(store());
    let ended = scene
        .house
        .support()
        .end(&scene.house.operator(), started.visit.id)
        .await;
    assert!(matches!(ended, Err(SupportError::Store(_))));
    scene.enters(&scene.house.access(), &started).await.unwrap();
}
