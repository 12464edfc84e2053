//! When a decision is recalled, and when it is not.

use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_identity::testing::fixtures::{tenant_id, user_id};
use tenantry_kernel::testing::{CountingEntropy, test_authority};
use tenantry_kernel::{ApiKeyId, Origin, PermissionSet, Principal, Secret, TenantId, UserId};
use tenantry_lifecycle::access::{Address, Caller, Credential, Key};
use tokio::time::Instant;
use uuid::Uuid;

use super::*;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

struct Fixture {
    decisions: RecentDecisions,
    revocations: Arc<Revocations>,
}

fn fixture() -> Fixture {
    let revocations = Arc::new(Revocations::new());
    revocations.heard(Instant::now());
    Fixture {
        decisions: RecentDecisions::new(100, &revocations, &CountingEntropy::default()),
        revocations,
    }
}

fn admission() -> Arc<Admission> {
    let key = ApiKeyId::from_uuid(Uuid::from_u128(5));
    let held = PermissionSet::default();
    let principal = Principal::ApiKey { key, live: true };
    let caller = Caller::Key(Key {
        tenant: tenant_id(1),
        id: key,
        person: None,
        live: true,
        permissions: held.clone(),
        rate_limit_per_minute: None,
    });
    let scope = test_authority().enter(tenant_id(1), principal, held, Origin::default());
    Arc::new(Admission::new(caller, Some(scope)))
}

const PERSON: fn() -> Basis = || Basis {
    tenant: tenant_id(1),
    user: Some(user_id(2)),
};

const PROGRAM: fn() -> Basis = || Basis {
    tenant: tenant_id(1),
    user: None,
};

impl Fixture {
    fn keep(&self, question: &Question<'_>, basis: Basis) {
        let since = self.decisions.outlook(NOW).unwrap();
        self.decisions.keep(question, since, basis, &admission());
    }

    fn knows(&self, question: &Question<'_>) -> bool {
        self.decisions.recall(question, NOW).is_some()
    }

    fn commit(&self, tenant: Option<TenantId>, user: Option<UserId>) {
        self.revocations.committed(Committed { tenant, user });
    }
}

fn asked<'a>(credential: &'a Credential<'a>, address: &'a Address<'a>) -> Question<'a> {
    Question {
        credential,
        address,
        from: "192.0.2.1".parse().ok(),
    }
}

const KEY: Credential<'static> = Credential::ApiKey(Secret::new(b"acme_live_1"));

fn addressed(path: Option<&'static str>, header: Option<&'static str>, host: Option<&'static str>) -> Address<'static> {
    let [path, header, host] = [path, header, host].map(|name| name.map(Into::into));
    Address { path, header, host }
}

#[tokio::test(start_paused = true)]
async fn the_same_question_has_the_same_answer_and_every_other_one_has_none() {
    // Longer than what is written without asking for memory, and apart in the last byte alone.
    let [long, other] = [b'a', b'b'].map(|last| [vec![b'x'; 4_000], vec![last]].concat());
    let credentials = [
        KEY,
        Credential::Bearer(Secret::new(&long)),
        Credential::Bearer(Secret::new(&other)),
        Credential::ApiKey(Secret::new(b"acme_live_")),
        Credential::Bearer(Secret::new(b"acme_live_1")),
    ];
    let addresses = [
        Address::default(),
        addressed(Some("acme"), None, None),
        addressed(None, Some("acme"), None),
        addressed(None, None, Some("acme")),
        addressed(Some("ac"), Some("me"), None),
        addressed(Some("ac"), None, Some("me")),
        addressed(Some("1"), None, None),
        addressed(Some(""), None, None),
    ];
    let origins = [
        None,
        "192.0.2.1".parse().ok(),
        "192.0.2.2".parse().ok(),
        "::1".parse().ok(),
    ];
    let mut all = Vec::new();
    for credential in &credentials {
        for address in &addresses {
            all.extend(origins.iter().map(|from| (credential, address, *from)));
        }
    }
    for kept in &all {
        let fixture = fixture();
        let (credential, address, from) = *kept;
        fixture.keep(
            &Question {
                credential,
                address,
                from,
            },
            PROGRAM(),
        );
        for &(credential, address, from) in &all {
            let question = Question {
                credential,
                address,
                from,
            };
            let is_same = std::ptr::eq(credential, kept.0) && std::ptr::eq(address, kept.1) && from == kept.2;
            assert_eq!(fixture.knows(&question), is_same, "{question:?} after {kept:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_the_tenant_or_of_the_person_ends_it_and_a_commit_of_others_does_not() {
    let address = Address::default();
    let question = asked(&KEY, &address);
    for (tenant, user, of_person, of_program) in [
        (Some(1), None, false, false),
        (None, Some(2), false, true),
        (Some(9), Some(9), true, true),
        (None, None, false, false),
    ] {
        for (basis, outlives) in [(PERSON(), of_person), (PROGRAM(), of_program)] {
            let fixture = fixture();
            fixture.keep(&question, basis);
            assert!(fixture.knows(&question));

            fixture.commit(tenant.map(tenant_id), user.map(user_id));

            assert_eq!(fixture.knows(&question), outlives, "{basis:?} {tenant:?} {user:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_lasts_for_a_second_of_the_clock_and_not_for_one_that_went_back() {
    let fixture = fixture();
    let address = Address::default();
    let question = asked(&KEY, &address);
    fixture.keep(&question, PROGRAM());
    let knows_at = |at| fixture.decisions.recall(&question, at).is_some();

    assert!(knows_at(NOW + Duration::milliseconds(999)));
    assert!(!knows_at(NOW + DECISION_TRUSTED_FOR));
    assert!(!knows_at(NOW - Duration::MICROSECOND));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_recalled_while_the_feed_is_silent() {
    let fixture = fixture();
    let address = Address::default();
    let question = asked(&KEY, &address);
    fixture.keep(&question, PROGRAM());

    tokio::time::advance(crate::TRUSTED_FOR + std::time::Duration::from_millis(1)).await;

    assert!(!fixture.knows(&question));
    fixture.revocations.heard(Instant::now());
    assert!(fixture.knows(&question));
}

/// What was decided may follow from a fact of before.
#[tokio::test(start_paused = true)]
async fn what_was_decided_while_somebody_committed_is_not_kept() {
    let fixture = fixture();
    let address = Address::default();
    let question = asked(&KEY, &address);
    let since = fixture.decisions.outlook(NOW).unwrap();

    fixture.commit(Some(tenant_id(9)), None);
    fixture.decisions.keep(&question, since, PROGRAM(), &admission());

    assert!(!fixture.knows(&question));
    fixture.keep(&question, PROGRAM());
    assert!(fixture.knows(&question));
}

/// It hangs on a key that each process draws, so nobody else can tell where what they know of would lie.
#[test]
fn a_place_is_known_to_the_process_alone() {
    let entropy = CountingEntropy::default();
    let [here, there] = [(); 2].map(|()| Places::new(&entropy));
    let address = addressed(Some("acme"), None, None);
    let question = asked(&KEY, &address);

    let place = here.of(&question);

    assert!(place.is_some() && place == here.of(&question));
    assert!(place != there.of(&question));
}
