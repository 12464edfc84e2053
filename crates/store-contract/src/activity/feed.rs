//! The feed that empties caches on every node.

use tenantry_activity::feed::{Committed, QUIET};
use tenantry_kernel::Event;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{member, tenant_id};

use super::{ActivityHarness, commit, news};
use crate::tenancy::{begin, found_two, scope};

const fn of_tenant(number: u128) -> Committed {
    Committed {
        tenant: Some(tenant_id(number)),
        user: None,
    }
}

/// What commits after the cursor is answered, with its tenant and the people whose memberships changed.
pub async fn the_feed_tells_what_committed_since(store: &impl ActivityHarness) {
    found_two(store).await;
    let cursor = store.feed().now().await.unwrap();
    let before = store.feed().since(cursor).await.unwrap();
    let joined = member(10, SystemRole::Owner);
    let mut unit = begin(store, 1).await;
    unit.memberships().insert(&joined).await.unwrap();
    unit.commit(vec![joined.created()]).await.unwrap();

    let page = news(store, cursor, &before).await;

    let told: Vec<Committed> = page.notices.iter().map(|notice| notice.what).collect();
    let person = Committed {
        tenant: None,
        user: Some(joined.user()),
    };
    assert_eq!(told, [of_tenant(1), person]);
    let all = store.feed().since(cursor).await.unwrap();
    assert_eq!(news(store, all.next, &all).await.notices, Vec::new());
}

/// Who comes in, or tries to, voids nothing that is remembered; another event in the same commit does.
pub async fn the_feed_is_silent_about_what_changes_no_fact(store: &impl ActivityHarness) {
    found_two(store).await;
    let cursor = store.feed().now().await.unwrap();
    let before = store.feed().since(cursor).await.unwrap();

    for action in QUIET {
        commit(store, &scope(1), vec![Event::new(action, "1")]).await;
    }

    let page = news(store, cursor, &before).await;
    assert_eq!(page.notices, Vec::new());
    let events = vec![Event::new(QUIET[0], "1"), Event::new("thing.made", "1")];
    commit(store, &scope(1), events).await;
    let told = news(store, cursor, &before).await.notices;
    assert_eq!(
        told.iter().map(|notice| notice.what).collect::<Vec<_>>(),
        [of_tenant(1)]
    );
}

/// A commit that began before others and landed after them is not missed.
pub async fn a_late_commit_is_not_missed(store: &impl ActivityHarness) {
    if !store.has_concurrent_writers() {
        return;
    }
    found_two(store).await;
    // Has written, so its place in the order of writing is taken already.
    let mut slow = begin(store, 1).await;
    slow.memberships().insert(&member(10, SystemRole::Owner)).await.unwrap();
    commit(store, &scope(2), vec![Event::new("thing.made", "1")]).await;
    let cursor = store.feed().now().await.unwrap();
    let page = store.feed().since(cursor).await.unwrap();

    slow.commit(vec![Event::new("thing.made", "2")]).await.unwrap();

    let late = news(store, page.next, &page).await;
    assert!(
        late.notices.iter().any(|notice| notice.what == of_tenant(1)),
        "{late:?}"
    );
}
