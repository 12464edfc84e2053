//! Checking, and the log.

use super::*;

#[tokio::test]
async fn a_check_tells_what_would_happen_and_counts_nothing() {
    for (amount, allowed) in [(955, true), (956, false)] {
        let mut fixture = fixture();
        holding(&mut fixture, |_| 45);
        let service = fixture.service();
        let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

        let checked = service.check(&scope, vec![wanted("messages", amount)]).await.unwrap();

        assert_eq!(
            (checked.allowed, checked.rows[0].used, checked.rows[0].remaining()),
            (allowed, 45, Some(955))
        );
    }
}

#[tokio::test]
async fn a_check_looks_at_every_limit_of_the_meter() {
    let mut fixture = fixture();
    let daily = Allowance {
        meter: code("messages"),
        limit: Some(50),
        enforcement: Enforcement::Hard,
        overage: false,
        period: Period::Day,
        share: Share::Tenant,
        rollover: None,
        grace_percent: 0,
    };
    let monthly = Allowance {
        limit: Some(1_000),
        period: Period::CalendarMonth,
        ..daily.clone()
    };
    fixture.granted = Some(Entitlements {
        allowances: vec![daily, monthly],
        ..entitlements(&[])
    });
    holding(&mut fixture, |limit| {
        if limit.allowance.period == Period::Day { 50 } else { 60 }
    });
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    let checked = service.check(&scope, vec![wanted("messages", 1)]).await.unwrap();

    assert_eq!(
        (checked.allowed, checked.rows[0].used, checked.rows[0].limit()),
        (false, 60, Some(1_000))
    );
    assert_eq!((checked.explained.len(), checked.binding), (2, Some(1)));
}

#[tokio::test]
async fn several_meters_are_counted_in_one_order() {
    let mut fixture = fixture();
    let both = |_: &TenantScope, order: &Order| matches!(&order.act, Act::Consume(items) if items.len() == 2);
    fixture
        .counter
        .expect_submit()
        .withf(both)
        .return_once(|_, _| Ok(counted(1)));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
    let request = Consume {
        items: vec![wanted("messages", 1), wanted("messages", 2)],
        ..consume("messages", 1)
    };

    assert!(service.consume(&scope, request).await.is_ok());
}

#[tokio::test]
async fn a_mistake_in_a_list_is_named_with_its_place() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
    let request = Consume {
        items: vec![wanted("messages", 1), wanted("messages", 0)],
        ..consume("messages", 1)
    };

    let refused = service.consume(&scope, request).await.unwrap_err();

    assert_eq!(refused.fields()[0].field, "items[1].amount");
}

#[tokio::test]
async fn what_happened_too_long_ago_or_in_the_future_is_refused() {
    for (at, fine) in [
        (NOW - time::Duration::days(34), true),
        (NOW - time::Duration::days(36), false),
        (NOW + time::Duration::minutes(4), true),
        (NOW + time::Duration::minutes(6), false),
    ] {
        let mut fixture = fixture();
        fixture.counter.expect_submit().returning(|_, _| Ok(counted(1)));
        let service = fixture.service();
        let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
        let request = Consume {
            at: Some(at),
            ..consume("messages", 1)
        };

        assert_eq!(service.consume(&scope, request).await.is_ok(), fine, "{at}");
    }
}

#[tokio::test]
async fn a_leased_meter_is_counted_from_a_slice_unless_the_operation_has_a_name() {
    for named in [false, true] {
        let mut fixture = fixture();
        let leased = Meter {
            engine: Engine::Leased,
            ..messages()
        };
        let line = counted(7).lines.remove(0);
        fixture
            .leased
            .expect_count()
            .times(usize::from(!named))
            .returning(move |_, _| Ok(line.clone()));
        let counter = fixture.counter.expect_submit().times(usize::from(named));
        counter.returning(|_, _| Ok(counted(7)));
        let service = fixture.service_with(vec![leased]);
        let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
        let name = OperationId::try_from("order-17".to_owned()).unwrap();
        let request = Consume::one("messages".to_owned(), 1, named.then_some((name, [1; 32])));

        let answer = service.consume(&scope, request).await.unwrap();

        assert_eq!(answer.lines[0].used, 7);
    }
}

#[tokio::test]
async fn soft_limits_and_overage_are_shown_but_do_not_refuse() {
    for (enforcement, overage) in [(Enforcement::Soft, false), (Enforcement::Hard, true)] {
        let mut fixture = fixture();
        let mut granted = entitlements(&[(&messages(), Some(10))]);
        granted.allowances[0].enforcement = enforcement;
        granted.allowances[0].overage = overage;
        fixture.granted = Some(granted);
        holding(&mut fixture, |_| 12);
        let service = fixture.service();
        let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

        let checked = service.check(&scope, vec![wanted("messages", 1)]).await.unwrap();

        assert_eq!(
            (checked.allowed, checked.rows[0].limit(), checked.rows[0].overage()),
            (true, Some(10), 2)
        );
    }
}

#[tokio::test]
async fn the_log_is_not_for_members_with_basic_sight() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[READ_BASIC_USAGE, CONSUME_USAGE]);

    let refused = service
        .logs(&scope, None, EntryFilter::default(), PageRequest::first())
        .await;

    assert!(matches!(refused, Err(UsageError::Denied(_))));
}

#[tokio::test]
async fn the_log_can_be_narrowed_to_a_meter() {
    let mut fixture = fixture();
    let narrowed = |filter: &EntryFilter, _: &PageRequest| filter.meter == Some(code("messages"));
    let list = fixture.unit.usage.expect_list_entries().withf(narrowed);
    list.return_once(|_, _| {
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    });
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[READ_USAGE]);

    assert!(
        service
            .logs(&scope, Some("messages"), EntryFilter::default(), PageRequest::first())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_tenant_without_a_plan_counts_nothing() {
    let mut fixture = fixture();
    fixture.granted = None;
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    let refused = service.consume(&scope, consume("messages", 1)).await;

    assert!(matches!(refused, Err(UsageError::NoPlan)));
}
