//! Passwords match themselves and nothing else.

use super::*;
use crate::system::SystemEntropy;

fn hasher(cost: HashCost) -> Argon2Hasher {
    Argon2Hasher::new(cost, 2, Arc::new(SystemEntropy)).unwrap()
}

fn password(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[tokio::test]
async fn a_password_matches_its_own_hash_only() {
    let hasher = hasher(HashCost::cheap());
    let hash = hasher.hash(password("kestrel-over-moor")).await.unwrap();

    let right = hasher
        .verify(password("kestrel-over-moor"), Some(hash.clone()))
        .await
        .unwrap();
    let wrong = hasher
        .verify(password("Kestrel-over-moor"), Some(hash.clone()))
        .await
        .unwrap();

    assert_eq!((right.matches, right.needs_rehash), (true, false));
    assert_eq!((wrong.matches, wrong.needs_rehash), (false, false));
    assert!(!hash.as_str().contains("kestrel"));
}

#[tokio::test]
async fn the_same_password_has_another_hash_each_time() {
    let hasher = hasher(HashCost::cheap());

    let one = hasher.hash(password("kestrel-over-moor")).await.unwrap();
    let other = hasher.hash(password("kestrel-over-moor")).await.unwrap();

    assert_ne!(one, other);
}

#[tokio::test]
async fn the_default_cost_is_what_the_hash_says() {
    let hash = hasher(HashCost::default())
        .hash(password("kestrel-over-moor"))
        .await
        .unwrap();

    assert!(
        hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        hash.as_str()
    );
}

#[tokio::test]
async fn a_cheaper_hash_still_matches_and_asks_to_be_made_again() {
    let cheap = hasher(HashCost::cheap())
        .hash(password("kestrel-over-moor"))
        .await
        .unwrap();
    let dearer = HashCost {
        memory_kib: 16,
        ..HashCost::cheap()
    };

    let verified = hasher(dearer)
        .verify(password("kestrel-over-moor"), Some(cheap))
        .await
        .unwrap();

    assert_eq!((verified.matches, verified.needs_rehash), (true, true));
}

#[tokio::test]
async fn a_hash_of_another_implementation_matches() {
    // From the reference implementation's test suite (argon2id, v=19, m=2^16, t=2, p=1).
    let known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let hash = PasswordHash::from_phc(known);

    let verified = hasher(HashCost::cheap())
        .verify(password("password"), Some(hash))
        .await
        .unwrap();

    assert!(verified.matches);
}

#[tokio::test]
async fn without_a_hash_nothing_matches() {
    let verified = hasher(HashCost::cheap())
        .verify(password("kestrel-over-moor"), None)
        .await
        .unwrap();

    assert_eq!((verified.matches, verified.needs_rehash), (false, false));
}

#[tokio::test]
async fn a_broken_hash_is_an_error_and_not_a_wrong_password() {
    let broken = PasswordHash::from_phc("$argon2id$v=19$nonsense");

    assert!(
        hasher(HashCost::cheap())
            .verify(password("kestrel-over-moor"), Some(broken))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn impossible_costs_are_refused_at_once() {
    let impossible = HashCost {
        memory_kib: 1,
        ..HashCost::cheap()
    };

    assert!(Argon2Hasher::new(impossible, 1, Arc::new(SystemEntropy)).is_err());
}

#[tokio::test]
async fn a_hash_that_was_brought_along_matches_and_is_made_again() {
    let hasher = hasher(HashCost::cheap());
    for text in [
        "$2b$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
        " pbkdf2_sha256$1200$seasalt12345$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww= ",
    ] {
        let brought = BroughtAlong.read(&password(text)).unwrap();

        let right = hasher
            .verify(password("correct horse battery"), Some(brought.clone()))
            .await
            .unwrap();
        let wrong = hasher.verify(password("correct horse"), Some(brought)).await.unwrap();

        assert_eq!((right.matches, right.needs_rehash), (true, true), "{text}");
        assert_eq!((wrong.matches, wrong.needs_rehash), (false, false), "{text}");
    }
}

#[tokio::test]
async fn argon2_is_kept_under_its_own_name() {
    let known = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";

    let brought = BroughtAlong.read(&password(&format!("argon2{known}"))).unwrap();
    let verified = hasher(HashCost::cheap())
        .verify(password("password"), Some(brought.clone()))
        .await
        .unwrap();

    assert_eq!(brought.as_str(), known);
    assert_eq!((verified.matches, verified.needs_rehash), (true, true));
}
