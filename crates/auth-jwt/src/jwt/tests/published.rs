//! Keys are replaced while tokens live, and published for whoever checks them elsewhere.

use super::*;

#[tokio::test]
async fn tokens_live_through_a_rotation_on_every_node() {
    let house = house().await;
    let elsewhere = Arc::new(ring(&house.shelf, &house.clock).await);
    let other_node = JwtVerifier::new(Arc::clone(&elsewhere), house.verifier.settings.clone());
    put(&house.shelf, 2, TokenAlgorithm::Rs256, NOW + PUBLISHED_AHEAD).await;
    for ring in [&house.ring, &elsewhere] {
        ring.reload().await.unwrap();
    }
    house.clock.advance(PUBLISHED_AHEAD - Duration::minutes(1));
    let sign_at = |now: OffsetDateTime| {
        let fresh = AccessClaims {
            issued_at: now,
            expires_at: now + Duration::minutes(10),
            ..person()
        };
        house.signer.sign(&TokenClaims::Person(fresh)).unwrap()
    };
    let before = sign_at(NOW + PUBLISHED_AHEAD - Duration::minutes(1));

    house.clock.advance(Duration::minutes(2));

    let now = NOW + PUBLISHED_AHEAD + Duration::minutes(1);
    let after = sign_at(now);
    assert_ne!(part(&before, 0), part(&after, 0));
    for token in [before, after] {
        assert!(house.verifier.verify(&token, now).is_ok());
        assert!(other_node.verify(&token, now).is_ok());
    }
}

#[tokio::test]
async fn the_published_set_holds_public_parts_only() {
    let house = house().await;

    let set: Value = serde_json::from_str(&house.signer.jwks()).unwrap();

    let rsa: Value = serde_json::from_str(&house_of(TokenAlgorithm::Rs256).await.signer.jwks()).unwrap();
    let members = |set: &Value| -> Vec<String> { set["keys"][0].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(&set), ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(members(&rsa), ["alg", "e", "kid", "kty", "n", "use"]);
    assert_eq!(
        (&rsa["keys"][0]["alg"], &rsa["keys"][0]["kty"]),
        (&json!("RS256"), &json!("RSA"))
    );
    let key = set["keys"][0].as_object().unwrap();
    assert_eq!(
        (&key["alg"], &key["crv"], &key["use"]),
        (&json!("EdDSA"), &json!("Ed25519"), &json!("sig"))
    );
}

#[tokio::test]
async fn anyone_with_the_published_set_can_check_a_token() {
    for algorithm in BOTH {
        let house = house_of(algorithm).await;
        let token = house.signer.sign(&claims()).unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&house.signer.jwks()).unwrap();

        let found = decode_header(&token).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&found.kid.unwrap()).unwrap()).unwrap();

        let expected = validation(found.alg, &house.verifier.settings);
        assert!(decode::<Value>(&token, &key, &expected).is_ok());
    }
}
