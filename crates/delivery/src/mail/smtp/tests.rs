use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::mail::fixture::{composer, letter};

/// What a server heard, connection by connection.
type Heard = Arc<Mutex<Vec<Vec<String>>>>;

/// A mail server on loopback that answers `RCPT TO` and `AUTH` as told and everything else with success.
struct Server {
    address: String,
    heard: Heard,
}

impl Server {
    async fn start(rcpt: &'static str, auth: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Heard::default();
        let recorder = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = {
                    let mut heard = recorder.lock().unwrap();
                    heard.push(Vec::new());
                    heard.len() - 1
                };
                tokio::spawn(converse(stream, rcpt, auth, recorder.clone(), connection));
            }
        });
        Self { address, heard }
    }

    fn mailer(&self, scheme_and_user: &str, query: &str) -> SmtpMailer {
        let url = Secret::new(format!("{scheme_and_user}{}{query}", self.address));
        SmtpMailer::new(&url, composer()).unwrap()
    }

    fn connections(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    fn everything(&self) -> String {
        self.heard.lock().unwrap().concat().join("\n")
    }
}

async fn converse(stream: TcpStream, rcpt: &str, auth: &str, heard: Heard, connection: usize) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut in_data = false;
    let _ = writing.write_all(b"220 mail.test ready\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        heard.lock().unwrap()[connection].push(line.clone());
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "." if in_data => {
                in_data = false;
                "250 queued"
            }
            _ if in_data => continue,
            "EHLO" => "250-mail.test\r\n250 AUTH PLAIN",
            "RCPT" => rcpt,
            "AUTH" => auth,
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

#[tokio::test]
async fn letters_go_out_over_one_connection() {
    let server = Server::start("250 fine", "235 welcome").await;
    let mailer = server.mailer("smtp://", "");

    mailer.send(&letter("invitation", "en")).await.unwrap();
    // The connection goes back to the pool in a task of its own.
    tokio::task::yield_now().await;
    mailer.send(&letter("reset_password", "ja")).await.unwrap();

    let heard = server.everything();
    assert_eq!(server.connections(), 1, "{heard}");
    assert_eq!(heard.matches("MAIL FROM:<no-reply@acme.example>").count(), 2, "{heard}");
    assert_eq!(heard.matches("RCPT TO:<ada@example.com>").count(), 2, "{heard}");
    assert!(
        heard.contains("/portal/accept-invitation?token=invitation_abc_DEF"),
        "{heard}"
    );
    assert!(heard.is_ascii(), "{heard}");
}

#[tokio::test]
async fn the_log_in_of_the_address_is_used() {
    let server = Server::start("250 fine", "235 welcome").await;

    server
        .mailer("smtp://user:p%40ss@", "")
        .send(&letter("welcome", "en"))
        .await
        .unwrap();

    assert!(
        server.everything().contains("AUTH PLAIN AHVzZXIAcEBzcw=="),
        "{}",
        server.everything()
    );
}

#[tokio::test]
async fn a_refused_recipient_is_final_and_a_busy_server_is_not() {
    let refusing = Server::start("550 no such user", "235 welcome").await;
    let busy = Server::start("451 try again later", "235 welcome").await;

    let refused = refusing.mailer("smtp://", "").send(&letter("welcome", "en")).await;
    let postponed = busy.mailer("smtp://", "").send(&letter("welcome", "en")).await;

    assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
    assert!(matches!(postponed, Err(MailError::Unavailable(_))), "{postponed:?}");
}

#[tokio::test]
async fn a_wrong_password_of_ours_does_not_condemn_the_letter() {
    let server = Server::start("250 fine", "535 who are you").await;

    let postponed = server
        .mailer("smtp://user:wrong@", "")
        .send(&letter("welcome", "en"))
        .await;

    assert!(matches!(postponed, Err(MailError::Unavailable(_))), "{postponed:?}");
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_tls_is_demanded() {
    let server = Server::start("250 fine", "235 welcome").await;

    let postponed = server
        .mailer("smtp://", "?tls=required")
        .send(&letter("welcome", "en"))
        .await;

    assert!(
        matches!(postponed, Err(MailError::Unavailable(_) | MailError::Refused(_))),
        "{postponed:?}"
    );
    assert!(!server.everything().contains("MAIL FROM"), "{}", server.everything());
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_failure_that_may_pass() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = Secret::new(format!("smtp://{gone}"));

    let postponed = SmtpMailer::new(&url, composer())
        .unwrap()
        .send(&letter("welcome", "en"))
        .await;

    assert!(matches!(postponed, Err(MailError::Unavailable(_))), "{postponed:?}");
}

#[test]
fn tls_is_demanded_unless_the_server_is_on_this_machine_or_it_is_waived() {
    let tls = |url: &str| checked(url).map(|url| url.query().map(str::to_owned));
    let required = Ok(Some("tls=required".to_owned()));

    assert_eq!(tls("smtp://mail.example.com"), required);
    assert_eq!(tls("smtp://mail.example.com?tls=required"), required);
    assert_eq!(tls("smtp://user:password@mail.example.com:587"), required);
    assert_eq!(tls("smtp://localhost:1025"), Ok(None));
    assert_eq!(tls("smtp://127.0.0.1:1025"), Ok(None));
    assert_eq!(tls("smtp://[::1]:1025"), Ok(None));
    assert_eq!(tls("smtp://mailpit:1025?tls=none"), Ok(None));
    assert_eq!(tls("smtps://user:password@mail.example.com"), Ok(None));
}

#[test]
fn an_address_that_cannot_be_meant_is_refused_without_repeating_it() {
    for (url, expected) in [
        ("", InvalidSmtpUrl::Malformed),
        ("mail.example.com", InvalidSmtpUrl::Malformed),
        ("http://mail.example.com", InvalidSmtpUrl::Malformed),
        ("smtp://", InvalidSmtpUrl::Malformed),
        ("smtp://mail.example.com?tls=maybe", InvalidSmtpUrl::Parameter),
        ("smtp://mail.example.com?ssl=1", InvalidSmtpUrl::Parameter),
        ("smtps://mail.example.com?tls=none", InvalidSmtpUrl::Parameter),
        (
            "smtp://u:hunter2@mail.example.com?tls=none",
            InvalidSmtpUrl::PasswordInTheClear,
        ),
        (
            "smtp://u:hunter2@mail.example.com?tls=opportunistic",
            InvalidSmtpUrl::PasswordInTheClear,
        ),
    ] {
        let refused = SmtpMailer::new(&Secret::new(url.to_owned()), composer()).map(|_| ());

        assert_eq!(refused, Err(expected), "{url}");
        assert!(!expected.to_string().contains("hunter2"));
    }
}
