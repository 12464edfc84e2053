//! From a commit to a mail server that is not always well: the queue, the dispatcher and SMTP together.

#![expect(clippy::unwrap_used, reason = "an integration test may stop where it stands")]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tenantry_activity::dispatch::{DispatchRules, Dispatcher};
use tenantry_activity::job::JobQueue;
use tenantry_delivery::{Composer, SmtpMailer};
use tenantry_kernel::testing::{FixedClock, test_authority};
use tenantry_kernel::time::Duration;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::{
    EmailAddress, Event, Mail, Origin, PageRequest, PermissionSet, Principal, Secret, SystemScope, TenantScope,
};
use tenantry_tenancy::branding::{Branding, Color, Look};
use tenantry_tenancy::store::TenancyStore;
use tenantry_tenancy::testing::{NOW, tenant, tenant_id};
use tenantry_test_support::{TestStore, on_each_database};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server on loopback that gives these answers to `RCPT TO`, one after the other, and then takes everything.
async fn server(answers: &'static [&'static str]) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = Arc::new(Mutex::new(String::new()));
    let recorder = heard.clone();
    let waiting = Arc::new(Mutex::new(answers.iter()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, waiting.clone(), recorder.clone()));
        }
    });
    (address, heard)
}

async fn converse(
    stream: TcpStream,
    answers: Arc<Mutex<std::slice::Iter<'static, &'static str>>>,
    heard: Arc<Mutex<String>>,
) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut in_data = false;
    let _ = writing.write_all(b"220 mail.test ready\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        heard.lock().unwrap().push_str(&format!("{line}\n"));
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "." if in_data => {
                in_data = false;
                "250 queued"
            }
            _ if in_data => continue,
            "EHLO" => "250 mail.test",
            "RCPT" => answers.lock().unwrap().next().copied().unwrap_or("250 fine"),
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let _ = writing.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}

/// A tenant with a colour of its own invites Ada.
async fn invite(subject: &TestStore) {
    let mut unit = subject.store.begin(&TenantScope::for_test(1, &[])).await.unwrap();
    unit.tenants().insert(&tenant(1, "acme")).await.unwrap();
    let look = Look {
        primary_color: Some(Color::try_from("#ffd60a").unwrap()),
        ..Look::default()
    };
    let mut branding = Branding::default();
    branding.redesign(tenant_id(1), look, NOW);
    unit.branding().put(&branding).await.unwrap();
    let mail = Mail {
        template: "invitation",
        to: EmailAddress::try_from("ada@example.com").unwrap(),
        locale: "en".to_owned(),
        fields: vec![("tenant", "acme".to_owned())],
        token: Some(Secret::new("invite_abc_def".to_owned())),
    };
    unit.commit(vec![Event::new("membership.invited", "1").mail(mail)])
        .await
        .unwrap();
}

fn dispatcher(subject: &TestStore, address: &str) -> Dispatcher {
    let clock = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
    let composer = Composer::new("Tenantry <no-reply@t.example>", "https://t.example", "Tenantry", clock)
        .unwrap()
        .dressed_by(Arc::new(subject.store.clone()));
    let mailer = SmtpMailer::new(&Secret::new(format!("smtp://{address}")), composer).unwrap();
    let rules = DispatchRules {
        first_wait: Duration::ZERO,
        ..DispatchRules::default()
    };
    Dispatcher::new(Arc::new(subject.store.clone()), rules).sending_mail(Arc::new(mailer))
}

fn operator() -> SystemScope {
    test_authority().enter_system(Principal::Anonymous, PermissionSet::default(), Origin::default())
}

#[tokio::test]
async fn a_busy_server_gets_the_letter_later_and_once() {
    on_each_database(async |subject| {
        invite(subject).await;
        let (address, heard) = server(&["451 busy", "421 come again"]).await;
        let dispatcher = dispatcher(subject, &address);

        let mut rounds = Vec::new();
        for _ in 0..4 {
            let round = dispatcher.run_once().await.unwrap();
            rounds.push((round.claimed, round.retried, round.done));
        }

        assert_eq!(rounds, [(1, 1, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0)]);
        let heard = heard.lock().unwrap().clone();
        assert_eq!(heard.matches("Message-ID: <").count(), 1, "{heard}");
        assert!(
            heard.contains("acme via Tenantry") && heard.contains("#ffd60a"),
            "{heard}"
        );
        assert!(heard.contains("/accept-invitation?token=invite_abc_def"), "{heard}");
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up_and_seen() {
    on_each_database(async |subject| {
        invite(subject).await;
        let (address, heard) = server(&["550 no such user here"]).await;
        let dispatcher = dispatcher(subject, &address);

        let refused = dispatcher.run_once().await.unwrap();
        let nothing = dispatcher.run_once().await.unwrap();

        assert_eq!((refused.buried, nothing.claimed), (1, 0));
        let page = PageRequest::new(10, None).unwrap();
        let dead = subject.store.dead(&operator(), page).await.unwrap();
        assert_eq!(dead.items.len(), 1);
        assert!(dead.items.first().unwrap().error.contains("no such user here"));
        assert!(!heard.lock().unwrap().contains("Message-ID"), "nothing was handed over");
    })
    .await;
}
