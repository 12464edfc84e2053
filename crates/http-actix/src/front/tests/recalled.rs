//! What the doorman remembers is not asked again.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use tenantry_kernel::{SystemScope, TenantScope, async_trait};

use super::*;
use crate::door::{Admission, Caller, Credential, Doorman, Question, TenantAddress};

/// Remembers the last admission for the same path, and counts how often it had to decide.
#[derive(Default)]
struct Recalling {
    inner: FakeDoorman,
    last: Mutex<Option<(Option<String>, Arc<Admission>)>>,
    decided: AtomicU32,
}

#[async_trait]
impl Doorman for Recalling {
    async fn authenticate(&self, credential: &Credential<'_>, origin: &Origin) -> Result<Caller, ApiError> {
        self.decided.fetch_add(1, Ordering::SeqCst);
        self.inner.authenticate(credential, origin).await
    }

    async fn enter(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
        origin: Origin,
    ) -> Result<TenantScope, ApiError> {
        self.inner.enter(caller, address, origin).await
    }

    fn recall(&self, question: &Question<'_>) -> Option<Arc<Admission>> {
        let last = self.last.lock().unwrap();
        let (path, admission) = last.as_ref()?;
        (path.as_deref() == question.address.path.as_deref()).then(|| Arc::clone(admission))
    }

    async fn admit(&self, question: &Question<'_>, origin: &Origin) -> Result<Arc<Admission>, ApiError> {
        let caller = self.authenticate(question.credential, origin).await?;
        let scope = self.enter(&caller, question.address, origin.clone()).await?;
        let admission = Arc::new(Admission::new(caller, Some(scope)));
        *self.last.lock().unwrap() = Some((
            question.address.path.as_deref().map(str::to_owned),
            Arc::clone(&admission),
        ));
        Ok(admission)
    }

    async fn enter_system(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        self.inner.enter_system(caller, origin).await
    }

    async fn enter_platform(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        self.inner.enter_platform(caller, origin).await
    }

    async fn public_tenant(&self, address: &TenantAddress<'_>) -> Result<Option<TenantId>, ApiError> {
        self.inner.public_tenant(address).await
    }
}

fn remembering() -> (House, Arc<Recalling>) {
    let doorman = Arc::new(Recalling {
        inner: FakeDoorman::default()
            .member("ada", 1, &[READ])
            .member("bob", 2, &[READ]),
        ..Recalling::default()
    });
    let house = house_with(|parts| parts.doorman = doorman.clone());
    (house, doorman)
}

#[actix_web::test]
async fn an_admission_serves_the_calls_that_ask_the_same_and_permissions_are_looked_at_each_time() {
    let (house, doorman) = remembering();
    let post = || json_body(TestRequest::post().uri(THINGS), r#"{"name":"x"}"#);

    for _ in 0..3 {
        assert_eq!(house.call(as_("ada", get(THINGS))).await.status, 200);
        assert_eq!(house.call(as_("ada", post())).await.code(), "permission_denied");
    }
    assert_eq!(doorman.decided.load(Ordering::SeqCst), 1);

    assert_eq!(
        house
            .call(as_("bob", get("/api/v1/tenants/globex/things")))
            .await
            .status,
        200
    );
    assert_eq!(doorman.decided.load(Ordering::SeqCst), 2);
}

#[actix_web::test]
async fn who_shows_nothing_is_nobody_whatever_is_remembered() {
    let (house, _) = remembering();
    house.call(as_("ada", get(THINGS))).await;

    assert_eq!(house.call(get(THINGS)).await.code(), "not_authenticated");
}
