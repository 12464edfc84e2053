use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::*;

/// What the general formatter wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What the hand-written one wrote.
struct ByHand(Form, Written);

impl<S: Subscriber> Layer<S> for ByHand {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::new();
        line.write(self.0, Duration::from_micros(1_763_695_038_000_044), event);
        self.1.clone().write_all(line.text.as_bytes()).unwrap();
    }
}

fn both(form: Form, tell: impl Fn()) -> [String; 2] {
    let (general, by_hand) = (Written::default(), Written::default());
    let lines = tracing_subscriber::fmt().with_writer(general.clone()).with_ansi(false);
    let layer = ByHand(form, by_hand.clone());
    match form {
        Form::Json => {
            let subscriber = lines.json().flatten_event(true).finish().with(layer);
            tracing::subscriber::with_default(subscriber, tell);
        }
        Form::Text => tracing::subscriber::with_default(lines.compact().finish().with(layer), tell),
    }
    [general, by_hand].map(|written| String::from_utf8(written.0.lock().unwrap().clone()).unwrap())
}

/// The line without its time, which two clocks tell differently.
fn timeless(line: &str) -> String {
    let start = line.find("20").unwrap();
    let (before, rest) = line.split_at(start);
    let end = rest.find('Z').unwrap();
    assert_eq!(end, "2025-11-21T03:17:18.000044".len(), "{line}");
    format!("{before}{}", &rest[end..])
}

#[test]
fn the_line_is_the_one_that_the_general_formatter_would_write() {
    let refused = || {
        let (no_tenant, tenant): (Option<u8>, _) = (None, Some(uuid("01a1fc1b-bd19-711b-8237-de5a7c3d5773")));
        for (id, tenant, code, took) in [
            ("01a1fc1b", None, Some("not_found"), 0_u64),
            ("a\"b\\c'", tenant, None, 1_625),
            ("grün\u{7f}\u{1b}[31m\n", tenant, None, u64::MAX),
        ] {
            tracing::info!(
                target: "tenantry::access",
                request_id = id,
                tenant_id = tenant.map(tracing::field::display),
                nobody = no_tenant,
                method = "GET",
                route = "/api/v1/tenants/{tenant}",
                status = 200_u16,
                code = code,
                address = Some(tracing::field::display(std::net::Ipv4Addr::LOCALHOST)),
                duration_us = took,
                "request"
            );
        }
    };

    for form in [Form::Text, Form::Json] {
        let [general, by_hand] = both(form, refused);

        assert_eq!(by_hand.lines().count(), 3, "{by_hand}");
        for (ours, theirs) in by_hand.lines().zip(general.lines()) {
            assert_eq!(timeless(ours), timeless(theirs));
        }
        assert_eq!(by_hand.ends_with('\n'), general.ends_with('\n'));
    }
}

fn uuid(text: &str) -> tenantry_kernel::TenantId {
    text.parse().unwrap()
}

#[test]
fn a_line_tells_its_time_to_the_microsecond() {
    let [_, line] = both(Form::Json, || tracing::warn!(target: "tenantry::access", "request"));

    assert_eq!(
        line,
        "{\"timestamp\":\"2025-11-21T03:17:18.000044Z\",\"level\":\"WARN\",\"message\":\"request\",\
         \"target\":\"tenantry::access\"}\n"
    );
}

#[test]
fn a_callers_text_makes_no_second_line() {
    let forged = "x\n2026-11-21T03:17:18Z INFO tenantry::access: request status=200";

    for form in [Form::Text, Form::Json] {
        let [_, by_hand] = both(
            form,
            || tracing::info!(target: "tenantry::access", request_id = forged, "request"),
        );

        assert_eq!(by_hand.lines().count(), 1, "{by_hand}");
    }
}

#[test]
fn filters_decide_about_the_line_as_about_any_other() {
    let written = Written::default();
    let inner = tracing_subscriber::fmt()
        .with_env_filter("info,tenantry::access=off")
        .with_writer(written.clone())
        .finish();
    let lines = AccessLines {
        inner,
        form: Form::Json,
        lines: lines::Lines { gathers: true },
    };

    let enabled = tracing::subscriber::with_default(lines, || {
        tracing::info!("something else");
        tracing::enabled!(target: "tenantry::access", tracing::Level::INFO)
    });

    assert!(!enabled);
    assert!(
        String::from_utf8(written.0.lock().unwrap().clone())
            .unwrap()
            .contains("something else")
    );
}

#[test]
fn numbers_are_written_in_full() {
    for value in [0, 7, 10, 1_625, u64::MAX] {
        let mut text = String::new();
        number(&mut text, value);
        assert_eq!(text, value.to_string());
    }
}
