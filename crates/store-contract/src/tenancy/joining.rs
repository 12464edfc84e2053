//! Domains of addresses, and requests to join.

use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailDomain, SystemScope};
use tenantry_tenancy::joining::{JOIN_REQUESTED, JoinRequest, RequestState};
use tenantry_tenancy::mail_domain::{MAIL_DOMAIN_EXISTS, MailDomain};
use tenantry_tenancy::testing::{NOW, join_request, mail_domain, tenant_id, user_id};

use super::{TenancyHarness, begin, found_two, read};
use crate::{next_page, refused_by};

fn name(text: &str) -> EmailDomain {
    EmailDomain::try_from(text).unwrap()
}

async fn claim(store: &impl TenancyHarness, tenant: u128, domain: &MailDomain) {
    let mut unit = begin(store, tenant).await;
    unit.mail_domains().insert(domain).await.unwrap();
    unit.commit(vec![domain.claimed()]).await.unwrap();
}

async fn prove(store: &impl TenancyHarness, tenant: u128, domain: &mut MailDomain, minutes: i64) {
    let event = domain.verify(NOW + Duration::minutes(minutes)).unwrap();
    let mut unit = begin(store, tenant).await;
    unit.mail_domains().update(domain).await.unwrap();
    unit.commit(vec![event]).await.unwrap();
}

async fn ask(store: &impl TenancyHarness, tenant: u128, request: &JoinRequest) {
    let mut unit = begin(store, tenant).await;
    unit.join_requests().insert(request).await.unwrap();
    unit.commit(vec![request.made()]).await.unwrap();
}

async fn stored(store: &impl TenancyHarness, tenant: u128, request: &JoinRequest) -> Option<JoinRequest> {
    let mut unit = read(store, tenant).await;
    unit.join_requests().find(request.id()).await.unwrap()
}

/// A claim and its proof come back as they went, for their own tenant; a tenant names a domain once.
pub async fn an_email_domain_comes_back_whole_for_its_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut mine = mail_domain(1, "acme.example");
    claim(store, 1, &mine).await;
    let mut unit = begin(store, 1).await;
    let twice = unit.mail_domains().insert(&mail_domain(2, "acme.example")).await;
    assert_eq!(refused_by(twice), MAIL_DOMAIN_EXISTS);
    drop(unit);

    prove(store, 1, &mut mine, 1).await;

    let mut unit = read(store, 1).await;
    assert_eq!(unit.mail_domains().find(mine.id()).await.unwrap(), Some(mine.clone()));
    assert_eq!(unit.mail_domains().count().await.unwrap(), 1);
    drop(unit);
    let mut foreign = begin(store, 2).await;
    assert_eq!(foreign.mail_domains().find(mine.id()).await.unwrap(), None);
    foreign.mail_domains().delete(mine.id()).await.unwrap();
    foreign.commit(Vec::new()).await.unwrap();
    let mut unit = begin(store, 1).await;
    assert!(unit.mail_domains().find(mine.id()).await.unwrap().is_some());
    unit.mail_domains().delete(mine.id()).await.unwrap();
    unit.commit(vec![mine.removed()]).await.unwrap();
    assert_eq!(read(store, 1).await.mail_domains().find(mine.id()).await.unwrap(), None);
}

/// Several tenants may prove one domain; who proved it first is named first, and who only claims it is not named.
pub async fn a_domain_may_be_proved_by_several_tenants(store: &impl TenancyHarness) {
    found_two(store).await;
    let (mut late, mut early) = (mail_domain(1, "acme.example"), mail_domain(2, "acme.example"));
    let (claimed, mut other) = (mail_domain(3, "claimed.example"), mail_domain(4, "other.example"));
    claim(store, 1, &late).await;
    claim(store, 2, &early).await;
    claim(store, 1, &claimed).await;
    claim(store, 1, &other).await;
    prove(store, 2, &mut early, 1).await;
    prove(store, 1, &mut late, 2).await;
    prove(store, 1, &mut other, 3).await;
    let asked = [name("claimed.example"), name("acme.example"), name("nobodys.example")];

    let all = store.joins().proved_by(&asked, 10).await.unwrap();
    let first = store.joins().proved_by(&asked, 1).await.unwrap();
    let none = store.joins().proved_by(&[], 10).await.unwrap();

    let acme = |tenant| (name("acme.example"), tenant_id(tenant));
    assert_eq!(all, [acme(2), acme(1)]);
    assert_eq!((first, none), (vec![acme(2)], vec![]));
    let mut unit = read(store, 1).await;
    assert_eq!(
        unit.mail_domains().proved(&asked).await.unwrap(),
        [name("acme.example")]
    );
    assert_eq!(unit.mail_domains().proved(&[]).await.unwrap(), []);
}

/// Pages of domains follow each other, oldest first.
pub async fn email_domains_are_listed_in_pages(store: &impl TenancyHarness) {
    found_two(store).await;
    let mine = [1, 2, 3].map(|number| mail_domain(number, &format!("d{number}.example")));
    for domain in &mine {
        claim(store, 1, domain).await;
    }
    claim(store, 2, &mail_domain(4, "d4.example")).await;
    let mut unit = read(store, 1).await;

    let first = unit.mail_domains().list(next_page::<()>(2, None)).await.unwrap();
    let second = unit.mail_domains().list(next_page(2, Some(&first))).await.unwrap();

    assert_eq!(first.items, mine[..2]);
    assert_eq!((second.items.as_slice(), second.next), (&mine[2..], None));
}

/// A request comes back as it went, for its tenant and for who asked; a person asks a tenant once.
pub async fn a_request_comes_back_whole_for_its_tenant_and_its_person(store: &impl TenancyHarness) {
    found_two(store).await;
    let (mine, theirs) = (join_request(1, 7), join_request(2, 7));
    ask(store, 1, &mine).await;
    ask(store, 2, &theirs).await;

    assert_eq!(stored(store, 1, &mine).await, Some(mine.clone()));
    assert_eq!(stored(store, 2, &mine).await, None);
    let mut unit = begin(store, 1).await;
    let found = unit.join_requests().find_by_user(user_id(7)).await.unwrap();
    assert_eq!(found, Some(mine.clone()));
    assert_eq!(unit.join_requests().find_by_user(user_id(8)).await.unwrap(), None);
    let twice = unit.join_requests().insert(&join_request(3, 7)).await;
    assert_eq!(refused_by(twice), JOIN_REQUESTED);
    drop(unit);
    let own = store.joins().requests_of(user_id(7)).await.unwrap();
    assert_eq!(own, [(tenant_id(1), mine.clone()), (tenant_id(2), theirs)]);
    assert_eq!(store.joins().requests_of(user_id(8)).await.unwrap(), []);

    let mut unit = begin(store, 1).await;
    unit.join_requests().forget(user_id(7)).await.unwrap();
    unit.commit(vec![mine.withdrawn()]).await.unwrap();
    assert_eq!(stored(store, 1, &mine).await, None);
    assert_eq!(store.joins().requests_of(user_id(7)).await.unwrap().len(), 1);
}

/// Those that wait come in pages, oldest first: none that was answered, taken back, or has run out.
pub async fn requests_that_wait_are_listed_in_pages(store: &impl TenancyHarness) {
    found_two(store).await;
    let all = [1, 2, 3, 4, 5].map(|number| join_request(number, number));
    for request in &all {
        ask(store, 1, request).await;
    }
    ask(store, 2, &join_request(6, 6)).await;
    let mut unit = begin(store, 1).await;
    for answered in [all[1].refused(NOW), all[3].taken_back()] {
        let written = unit.join_requests().replace(RequestState::Pending, &answered).await;
        assert!(written.unwrap());
    }
    unit.commit(vec![all[1].declined()]).await.unwrap();
    let mut unit = read(store, 1).await;

    let first = unit
        .join_requests()
        .waiting(NOW, next_page::<()>(2, None))
        .await
        .unwrap();
    let second = unit
        .join_requests()
        .waiting(NOW, next_page(2, Some(&first)))
        .await
        .unwrap();
    let over = unit
        .join_requests()
        .waiting(NOW + JoinRequest::LIFE, next_page::<()>(2, None))
        .await;

    assert_eq!(first.items, [all[0].clone(), all[2].clone()]);
    assert_eq!((second.items, second.next), (vec![all[4].clone()], None));
    assert_eq!(over.unwrap().items, []);
}

/// Of many who grant, refuse and take back a request at once, one does.
pub async fn a_request_is_answered_once_also_under_concurrency(store: &impl TenancyHarness) {
    found_two(store).await;
    let request = join_request(1, 7);
    ask(store, 1, &request).await;
    let mut foreign = begin(store, 2).await;
    assert!(!foreign.join_requests().take(request.id()).await.unwrap());
    drop(foreign);
    let grant = async || {
        let mut unit = begin(store, 1).await;
        let won = unit.join_requests().take(request.id()).await.unwrap();
        tokio::task::yield_now().await;
        unit.commit(vec![request.withdrawn()]).await.unwrap();
        won
    };
    let answer = async |answered: JoinRequest| {
        let mut unit = begin(store, 1).await;
        let won = unit
            .join_requests()
            .replace(RequestState::Pending, &answered)
            .await
            .unwrap();
        tokio::task::yield_now().await;
        unit.commit(vec![request.withdrawn()]).await.unwrap();
        won
    };

    let won: [bool; 5] = tokio::join!(
        grant(),
        answer(request.refused(NOW)),
        grant(),
        answer(request.taken_back()),
        answer(request.refused(NOW)),
    )
    .into();

    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let left = stored(store, 1, &request).await;
    assert!(left.is_none_or(|left| !left.waits(NOW)));
}

/// Whom a tenant removed is known to it and to them, until the tenant forgets it. Noting it twice is noting it once.
pub async fn whom_a_tenant_removed_is_known_until_it_is_forgotten(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut unit = begin(store, 1).await;
    for number in [1, 2] {
        let id = Uuid::from_u128(number);
        unit.join_requests().bar(id, user_id(7), NOW).await.unwrap();
    }
    unit.commit(vec![join_request(1, 7).declined()]).await.unwrap();

    assert!(
        read(store, 1)
            .await
            .join_requests()
            .is_barred(user_id(7))
            .await
            .unwrap()
    );
    assert!(
        !read(store, 1)
            .await
            .join_requests()
            .is_barred(user_id(8))
            .await
            .unwrap()
    );
    assert!(
        !read(store, 2)
            .await
            .join_requests()
            .is_barred(user_id(7))
            .await
            .unwrap()
    );
    assert_eq!(store.joins().barred_from(user_id(7)).await.unwrap(), [tenant_id(1)]);
    assert_eq!(store.joins().barred_from(user_id(8)).await.unwrap(), []);
    let mut foreign = begin(store, 2).await;
    foreign.join_requests().unbar(user_id(7)).await.unwrap();
    foreign.commit(Vec::new()).await.unwrap();
    assert!(
        read(store, 1)
            .await
            .join_requests()
            .is_barred(user_id(7))
            .await
            .unwrap()
    );
    let mut unit = begin(store, 1).await;
    unit.join_requests().unbar(user_id(7)).await.unwrap();
    unit.commit(vec![join_request(1, 7).declined()]).await.unwrap();
    assert!(
        !read(store, 1)
            .await
            .join_requests()
            .is_barred(user_id(7))
            .await
            .unwrap()
    );
}

/// What has run out is removed, of every tenant, a bounded number at a time; what has not stays.
pub async fn requests_that_have_run_out_are_removed(store: &impl TenancyHarness) {
    found_two(store).await;
    let (old, older) = (join_request(1, 7), join_request(2, 7));
    let later = join_request(3, 8).refused(NOW + Duration::DAY);
    ask(store, 1, &old).await;
    ask(store, 2, &older).await;
    ask(store, 1, &later).await;
    let worker = SystemScope::for_test(&[]);
    let end = NOW + JoinRequest::LIFE;
    let purge = async |before, limit| {
        store
            .join_purge()
            .purge_join_requests(&worker, before, limit)
            .await
            .unwrap()
    };

    assert_eq!(purge(end, 10).await, 0);
    assert_eq!(purge(end + Duration::SECOND, 1).await, 1);
    assert_eq!(purge(end + Duration::SECOND, 10).await, 1);

    assert_eq!(
        (stored(store, 1, &old).await, stored(store, 2, &older).await),
        (None, None)
    );
    assert_eq!(stored(store, 1, &later).await, Some(later));
}
