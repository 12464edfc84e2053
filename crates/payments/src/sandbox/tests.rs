use tenantry_kernel::{Currency, Money};

use super::*;

fn token(text: &str) -> MethodToken {
    MethodToken::try_from(text).unwrap()
}

fn request(method: &str, key: &str) -> ChargeRequest {
    ChargeRequest {
        idempotency_key: key.to_owned(),
        method_token: token(method),
        amount: Money::new(2_980, Currency::JPY),
        description: "Invoice".to_owned(),
    }
}

#[tokio::test]
async fn the_same_key_is_the_same_charge_also_after_a_restart() {
    let before = SandboxGateway::new();
    let after = SandboxGateway::new();

    let first = before.charge(&request("card_ok", "key-1")).await.unwrap();
    let again = before.charge(&request("card_ok", "key-1")).await.unwrap();
    let restarted = after.charge(&request("card_ok", "key-1")).await.unwrap();
    let other = before.charge(&request("card_ok", "key-2")).await.unwrap();

    assert_eq!(first, again);
    assert_eq!(first, restarted);
    assert_ne!(first.id, other.id);
}

#[tokio::test]
async fn a_repeated_key_keeps_the_first_amount() {
    let gateway = SandboxGateway::new();
    gateway.charge(&request("card_ok", "key-1")).await.unwrap();
    let more = ChargeRequest {
        amount: Money::new(9_999, Currency::JPY),
        ..request("card_ok", "key-1")
    };

    let charge = gateway.charge(&more).await.unwrap();

    assert_eq!(charge.amount, Money::new(2_980, Currency::JPY));
}

#[tokio::test]
async fn test_cards_answer_what_their_names_say_and_charge_nothing() {
    let gateway = SandboxGateway::new();
    let declined = |code: &str| GatewayError::Declined { code: code.to_owned() };

    for (card, expected) in [
        ("card_declined", declined("card_declined")),
        ("card_insufficient_funds", declined("insufficient_funds")),
        ("card_expired", declined("expired_card")),
        ("card_3ds", GatewayError::ActionRequired),
        ("iban_de89", GatewayError::UnknownMethod),
        ("card_", GatewayError::UnknownMethod),
    ] {
        assert_eq!(gateway.charge(&request(card, card)).await, Err(expected), "{card}");
        assert_eq!(gateway.find_charge(card).await, Ok(None), "{card}");
    }
}

#[tokio::test]
async fn a_time_out_after_the_charge_leaves_a_charge_to_be_found() {
    let gateway = SandboxGateway::new();

    let answer = gateway.charge(&request("card_timeout_after_charge", "key-1")).await;
    let found = gateway.find_charge("key-1").await.unwrap().unwrap();

    assert_eq!(answer, Err(GatewayError::TimedOut));
    assert_eq!(found.amount, Money::new(2_980, Currency::JPY));
    assert_eq!(gateway.find_charge("key-2").await, Ok(None));
}

#[tokio::test]
async fn what_may_be_shown_follows_from_the_token() {
    let gateway = SandboxGateway::new();

    let numbered = gateway.inspect(&token("card_1234567890")).await.unwrap();
    let named = gateway.inspect(&token("card_jcb_ok")).await.unwrap();

    assert_eq!((numbered.brand.as_str(), numbered.last4.as_str()), ("visa", "7890"));
    assert_eq!(named.brand, "jcb");
    assert_eq!(named.last4.len(), 4);
    assert!(named.last4.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(named, gateway.inspect(&token("card_jcb_ok")).await.unwrap());
    assert_eq!(
        gateway.inspect(&token("bank_1")).await,
        Err(GatewayError::UnknownMethod)
    );
}
