//! What is remembered of admissions, and what is not.

use std::sync::Mutex;

use tenantry_identity::support::{Impersonation, Reason};
use tenantry_kernel::ImpersonationId;

use super::*;

/// Remembers the last admission whatever is asked, and on whose facts each was said to rest.
#[derive(Default)]
struct Notebook {
    kept: Mutex<Vec<(Basis, Outlook)>>,
    last: Mutex<Option<Arc<Admission>>>,
}

impl Decisions for Notebook {
    fn recall(&self, _: &Question<'_>, _: OffsetDateTime) -> Option<Arc<Admission>> {
        self.last.lock().unwrap().clone()
    }

    fn outlook(&self, now: OffsetDateTime) -> Option<Outlook> {
        Some(Outlook { at: now, mark: 7 })
    }

    fn keep(&self, _: &Question<'_>, since: Outlook, basis: Basis, admission: &Arc<Admission>) {
        self.kept.lock().unwrap().push((basis, since));
        *self.last.lock().unwrap() = Some(Arc::clone(admission));
    }
}

fn token(text: &Secret<String>) -> Credential<'_> {
    Credential::Bearer(Secret::new(text.expose().as_bytes()))
}

fn api_key(text: &Secret<String>) -> Credential<'_> {
    Credential::ApiKey(Secret::new(text.expose().as_bytes()))
}

async fn admit(
    access: &Access,
    credential: &Credential<'_>,
    address: &Address<'_>,
) -> Result<Arc<Admission>, AccessError> {
    let question = Question {
        credential,
        address,
        from: None,
    };
    access.admit(&question, &Origin::default()).await
}

#[tokio::test]
async fn an_admission_rests_on_the_facts_of_the_tenant_and_of_the_person_who_calls_or_whose_key_it_is() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let own = key(&house, &made, &[]).await;
    let request = CreateApiKey {
        name: "ours".to_owned(),
        permissions: vec!["usage.consume".to_owned()],
        kind: Some("tenant".to_owned()),
        ..CreateApiKey::default()
    };
    let scope = house.owner_of(&made).await;
    let tenants = house.api_keys().create(&scope, request).await.unwrap().text;
    let notebook = Arc::new(Notebook::default());
    let access = house.access_remembering(notebook.clone());
    let (tenant, user) = (made.tenant.id(), made.owner.details().user);

    let person = admit(&access, &token(&made.tokens.unwrap().access), &path("acme"))
        .await
        .unwrap();
    let by_own = admit(&access, &api_key(&own), &path("acme")).await.unwrap();
    let by_tenants = admit(&access, &api_key(&tenants), &path("acme")).await.unwrap();

    assert!(matches!(&person.caller, Caller::Person(person) if person.user == user));
    for admission in [&person, &by_own, &by_tenants] {
        assert_eq!(admission.scope.as_ref().unwrap().tenant_id(), tenant);
    }
    let since = Outlook { at: NOW, mark: 7 };
    let basis = |user| (Basis { tenant, user }, since);
    let kept = notebook.kept.lock().unwrap();
    assert_eq!(*kept, [basis(Some(user)), basis(Some(user)), basis(None)]);
}

#[tokio::test]
async fn what_is_remembered_is_answered_and_nothing_is_looked_up() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let access = house.access_remembering(Arc::new(Notebook::default()));
    let shown = token(&made.tokens.as_ref().unwrap().access);
    let address = path("acme");
    let question = Question {
        credential: &shown,
        address: &address,
        from: None,
    };

    assert!(access.recall(&question).is_none());
    let admitted = admit(&access, &shown, &address).await.unwrap();
    let recalled = access.recall(&question).unwrap();

    assert!(Arc::ptr_eq(&admitted, &recalled));
}

#[tokio::test]
async fn refusals_are_not_remembered() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.found("globex", "free").await;
    let text = key(&house, &made, &["10.0.0.0/8"]).await;
    let notebook = Arc::new(Notebook::default());
    let access = house.access_remembering(notebook.clone());
    let shown = token(&made.tokens.as_ref().unwrap().access);

    assert!(admit(&access, &shown, &path("globex")).await.is_err());
    assert!(admit(&access, &api_key(&text), &path("acme")).await.is_err());
    assert!(
        admit(
            &access,
            &Credential::Bearer(Secret::new(b"no.such.token")),
            &path("acme")
        )
        .await
        .is_err()
    );

    assert!(notebook.kept.lock().unwrap().is_empty());
}

/// Their visits are written down, or end when somebody else says so.
#[tokio::test]
async fn of_operators_support_and_platform_keys_every_call_is_looked_at() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let visit = Impersonation {
        id: ImpersonationId::from_uuid(Uuid::from_u128(1)),
        tenant: made.tenant.id(),
        operator: UserId::from_uuid(Uuid::from_u128(9)),
        session: SessionId::from_uuid(Uuid::from_u128(9)),
        membership: made.owner.id(),
        user: made.owner.details().user,
        reason: Reason::try_from("ticket 4711").unwrap(),
        read_only: true,
        started_at: NOW,
        expires_at: NOW + Duration::HOUR,
        ended_at: None,
    };
    let key = PlatformCaller {
        id: PlatformKeyId::from_uuid(Uuid::from_u128(5)),
        permissions: PermissionSet::default(),
    };

    for caller in [
        operator(PlatformRole::Operator),
        operator(PlatformRole::Support),
        Caller::Support(SupportCaller(Arc::new(visit))),
        Caller::Platform(key),
    ] {
        let scope = Some(house.owner_of(&made).await);
        let admission = Admission::new(caller, scope);
        assert_eq!(admission.basis(), None, "{:?}", admission.caller);
    }
}
