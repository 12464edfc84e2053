//! Every act, on real databases.

use super::*;

/// Entitlements in which every user has a limit of their own.
fn with_users(limit: i64, each: i64) -> Arc<Entitlements> {
    let mut granted = entitlements(&[(&messages(), Some(limit)), (&people(), Some(2))]);
    granted.allowances.push(Allowance {
        limit: Some(each),
        share: Share::User,
        ..Allowance::unlimited(&messages())
    });
    Arc::new(granted)
}

fn used_by(name: &str, value: i64) -> Item {
    Item {
        user: User {
            name: Some(name.into()),
            key: None,
        },
        ..item(messages(), value)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_leaves_accounts_as_the_ledger_has_them() {
    on_each_database(async |subject: &TestStore| {
        found_two(&subject.store).await;
        let engine = node(&subject.store, &subject.ids);
        let (granted, pool) = (with_users(100, 30), limited(60));
        let reach = Reach {
            pool: Some((TenantId::from_uuid(Uuid::from_u128(2)), Arc::clone(&pool))),
            ..reach(1, &granted)
        };
        let ask = async |name: &str, act: Act, now: OffsetDateTime| {
            let order = Order {
                now,
                ..order(name, act, reach.clone())
            };
            engine.submit(&scope(1), order).await
        };
        let id = |number: u128| ReservationId::from_uuid(Uuid::from_u128(number));
        let reserve = |number: u128, items: Vec<Item>| Act::Reserve {
            id: id(number),
            items,
            expires_at: NOW + Duration::MINUTE,
        };
        let member = |name: &str| Item {
            member: Some(name.into()),
            ..item(people(), 1)
        };
        let later = NOW + Duration::MINUTE;

        let two = vec![used_by("ada", 20), used_by("bob", 5)];
        ask("work", Act::Consume(two), NOW).await.unwrap();
        ask("held", reserve(1, vec![used_by("ada", 8), used_by("cem", 12)]), NOW)
            .await
            .unwrap();
        let again = ask("held", reserve(1, vec![used_by("ada", 8), used_by("cem", 12)]), NOW)
            .await
            .unwrap();
        ask("lost", reserve(2, vec![used_by("cem", 10)]), NOW).await.unwrap();
        let full = ask("full", Act::Consume(vec![used_by("dan", 6)]), NOW).await;
        let used = Some(vec![10, 1]);
        let commit = || Act::Commit {
            id: id(1),
            used: used.clone(),
        };
        let committed = ask("x", commit(), NOW).await.unwrap();
        let committed_again = ask("x", commit(), NOW).await.unwrap();
        ask(
            "back",
            Act::GiveBack(OperationId::try_from("work".to_owned()).unwrap()),
            NOW,
        )
        .await
        .unwrap();
        for (name, who) in [("p1", "ada"), ("p2", "ada"), ("p3", "bob")] {
            ask(name, Act::Consume(vec![member(who)]), NOW).await.unwrap();
        }
        let third = ask("p4", Act::Consume(vec![member("cem")]), NOW).await;
        // Ada has ten; the lost reservation is freed on the way.
        ask("late", Act::Consume(vec![used_by("cem", 29)]), later)
            .await
            .unwrap();
        let ended = ask("x", Act::Commit { id: id(2), used: None }, later).await;
        let swept = ask(
            "x",
            Act::Release {
                id: id(2),
                expired: true,
            },
            later,
        )
        .await
        .unwrap();

        assert!(again.replayed && committed_again.replayed && !committed.replayed);
        assert!(
            matches!(full, Err(ConsumeError::Exceeded(_))),
            "the pool holds 55: {full:?}"
        );
        assert!(matches!(third, Err(ConsumeError::Exceeded(_))), "{third:?}");
        assert!(matches!(ended, Err(ConsumeError::Ended)), "{ended:?}");
        assert_eq!(swept.reservation.map(|one| one.status.as_str()), Some("expired"));
        assert_eq!(
            committed.lines.iter().map(|line| line.used).collect::<Vec<_>>(),
            [35, 36]
        );
        let entries = entries(&subject.store, 1).await;
        let sum: i64 = entries
            .iter()
            .filter(|one| one.meter() == &messages().code)
            .map(|one| one.amount)
            .sum();
        assert_eq!(sum, 10 + 1 + 29);
        for (name, holds) in [("ada", 10), ("bob", 0), ("cem", 30)] {
            let limits = used_by(name, 1).limits(&reach, true);
            let own = limits
                .iter()
                .find(|limit| limit.account.key.subject == Subject::user(name));
            assert_eq!(
                held(&subject.store, own.unwrap().clone()).await,
                Held::posted(holds),
                "{name}"
            );
            assert_eq!(
                held(&subject.store, limits[0].clone()).await,
                Held::posted(40),
                "{name}"
            );
            assert_eq!(
                held(&subject.store, limits.last().unwrap().clone()).await,
                Held::posted(40),
                "the pool"
            );
        }
        engine.shut_down().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_is_settled_once_whichever_node_is_asked() {
    for kind in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(kind).await else {
            continue;
        };
        found_two(&subject.store).await;
        let second = subject.another_node().await.unwrap();
        let nodes = [node(&subject.store, &subject.ids), node(&second, &subject.ids)];
        let granted = limited(1_000);
        for round in 0..10_u128 {
            let id = ReservationId::from_uuid(Uuid::from_u128(round + 1));
            let reserving = Act::Reserve {
                id,
                items: vec![item(messages(), 5)],
                expires_at: NOW + Duration::MINUTE,
            };
            let made = order(&format!("held {round}"), reserving, reach(1, &granted));
            nodes[0].submit(&scope(1), made).await.unwrap();
            let settling = (0..8_usize).map(|caller| {
                let engine = Arc::clone(&nodes[caller % 2]);
                let act = if caller < 6 {
                    Act::Commit {
                        id,
                        used: Some(vec![3]),
                    }
                } else {
                    Act::Release { id, expired: false }
                };
                let order = order("x", act, reach(1, &granted));
                tokio::spawn(async move { engine.submit(&scope(1), order).await })
            });
            let settling: Vec<_> = settling.collect();
            for one in settling {
                let answer = one.await.unwrap();
                assert!(matches!(answer, Ok(_) | Err(ConsumeError::Ended)), "{kind}: {answer:?}");
            }
        }

        let stands = held(&subject.store, march(1, &granted)).await;
        let counted = entries(&subject.store, 1).await;
        assert_eq!(
            stands,
            Held::posted(counted.iter().map(|one| one.amount).sum()),
            "{kind}"
        );
        assert!(
            counted.len() <= 10 && counted.iter().all(|one| one.amount == 3),
            "{kind}"
        );
        for engine in nodes {
            engine.shut_down().await;
        }
        second.close().await.unwrap();
        subject.close().await;
    }
}
