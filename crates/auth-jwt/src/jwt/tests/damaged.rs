//! A token that was changed anywhere, or written oddly, is refused.

use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn one_changed_character_anywhere_is_noticed() {
    let house = house().await;
    let good = house.signer.sign(&claims()).unwrap();

    for position in 0..good.len() {
        for other in ["A", "_", ".", "=", " "] {
            let mut bad = good.clone();
            bad.replace_range(position..=position, other);
            if bad != good {
                assert_eq!(
                    house.verifier.verify(&bad, NOW),
                    Err(TokenError::Invalid),
                    "{position} {other}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_stands_before_or_after_a_token_is_not_ignored() {
    let house = house().await;
    let good = house.signer.sign(&claims()).unwrap();
    let others = [
        format!("{good}A"),
        format!("{good}="),
        format!("{good}."),
        format!("{good}.{}", part(&good, 2)),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{good},{good}"),
        format!("{}.{}", part(&good, 0), part(&good, 1)),
        "a".repeat(LONGEST + 1),
        String::new(),
    ];
    for bad in others {
        assert_eq!(house.verifier.verify(&bad, NOW), Err(TokenError::Invalid), "{bad}");
    }
}

#[tokio::test]
async fn a_claim_written_twice_is_refused() {
    let house = house().await;
    let pair = house.ring.current().unwrap();
    let twice = said()
        .to_string()
        .replacen('{', &format!("{{\"sub\":\"{}\",", Uuid::from_u128(9)), 1);
    let header = base64(
        json!({"typ": TYPE, "alg": "EdDSA", "kid": pair.kid()})
            .to_string()
            .as_bytes(),
    );
    let message = format!("{header}.{}", base64(twice.as_bytes()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), pair.encoding(), Algorithm::EdDSA).unwrap();

    let verdict = house.verifier.verify(&format!("{message}.{signature}"), NOW);

    assert_eq!(verdict, Err(TokenError::Invalid));
}

proptest! {
    #[test]
    fn no_input_panics(text in "[A-Za-z0-9_.=-]{0,300}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verdict = runtime.block_on(async { house().await.verifier.verify(&text, NOW) });
        prop_assert_eq!(verdict, Err(TokenError::Invalid));
    }
}
