//! The look-up against a service that answers what it is told to, and remembers what it was asked.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// The SHA-1 of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
const END: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
const OTHER: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";

/// A service that answers every request with `answer`, whatever it is, and keeps what it was sent.
async fn service(answer: Vec<u8>) -> (Url, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                loop {
                    let read = socket.read(&mut buffer).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    let mut all = kept.lock().unwrap();
                    all.extend_from_slice(&buffer[..read]);
                    if all.ends_with(b"\r\n\r\n") {
                        break;
                    }
                }
                if answer.is_empty() {
                    // It is silent, and stays.
                    let _ = socket.read(&mut buffer).await;
                }
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    (Url::parse(&url).unwrap(), asked)
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn look(answer: Vec<u8>) -> (Sighting, String) {
    let (url, asked) = service(answer).await;
    let mut lookup = RangeLookup::new(&url).unwrap();
    lookup.patience = Duration::from_millis(500);
    let seen = lookup.look(&Secret::new("password".to_owned())).await;
    let asked = String::from_utf8(asked.lock().unwrap().clone()).unwrap();
    (seen, asked)
}

#[tokio::test]
async fn a_password_is_found_by_the_end_of_its_hash_in_any_case() {
    for body in [
        format!("{OTHER}:3\r\n{END}:9659365\r\n"),
        format!("{}:1", END.to_lowercase()),
    ] {
        assert_eq!(look(ok(&body)).await.0, Sighting::Breached, "{body}");
    }
    assert_eq!(look(ok(&format!("{OTHER}:3\r\n"))).await.0, Sighting::Unknown);
}

#[tokio::test]
async fn padding_is_no_breach() {
    let body = format!("{OTHER}:3\r\n{END}:0\r\n");

    assert_eq!(look(ok(&body)).await.0, Sighting::Unknown);
}

#[tokio::test]
async fn five_digits_leave_the_program_and_nothing_else_of_the_password() {
    let (_, asked) = look(ok(&format!("{OTHER}:3\r\n"))).await;

    assert!(asked.starts_with("GET /range/5BAA6 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.to_lowercase().contains("\r\nadd-padding: true\r\n"), "{asked}");
    assert!(!asked.to_lowercase().contains("password"), "{asked}");
    // Not even one digit more, in any form: of its hash only the beginning is there.
    assert!(!asked.to_uppercase().contains("5BAA61"), "{asked}");
    assert!(!asked.to_uppercase().contains(&END[..6]), "{asked}");
    assert!(asked.ends_with("\r\n\r\n"), "there is no body: {asked}");
}

#[tokio::test]
async fn whatever_else_is_answered_counts_as_no_answer() {
    let too_long = OTHER.repeat(LONGEST / OTHER.len() + 2);
    let mut endless = String::new();
    for number in 0..40_000 {
        writeln!(endless, "{number:035X}:1\r").unwrap();
    }
    let redirect = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let busy = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let cut_short = format!("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{OTHER}:3\r\n");
    for (what, answer) in [
        ("silence", Vec::new()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        ("a page", ok("<html>log in to the hotel's network</html>")),
        ("nothing", ok("")),
        ("short hashes", ok("1E4C9B93F3:5\r\n")),
        ("no counts", ok(&format!("{END}:many\r\n"))),
        ("one bad line among good ones", ok(&format!("{END}:5\r\noops\r\n"))),
        ("bytes", {
            let mut bytes = ok("....");
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(&[0xff, 0xfe, 0, 1]);
            bytes
        }),
        ("one line without end", ok(&too_long)),
        ("lines without end", ok(&endless)),
        ("another place", redirect.as_bytes().to_vec()),
        ("a failure", busy.as_bytes().to_vec()),
        ("half of it", cut_short.into_bytes()),
    ] {
        assert_eq!(look(answer).await.0, Sighting::NoAnswer, "{what}");
    }
}

#[tokio::test]
async fn nobody_there_is_no_answer_and_what_is_told_names_no_digit() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/range/", gone.local_addr().unwrap())).unwrap();
    drop(gone);
    let lookup = RangeLookup::new(&url).unwrap();

    let away = lookup.ask(&sha1_hex("password")).await.unwrap_err();

    let told = format!("{away} {:?}", std::error::Error::source(&away).map(ToString::to_string));
    assert!(matches!(away, Away::Unreachable(_)), "{told}");
    assert!(
        !told.to_uppercase().contains("5BAA6") && !told.contains("range"),
        "{told}"
    );
    assert!(!lookup.answers().await);
}

#[tokio::test]
async fn a_service_that_answers_is_known_before_the_start() {
    let (url, _) = service(ok(&format!("{OTHER}:3\r\n"))).await;

    assert!(RangeLookup::new(&url).unwrap().answers().await);
}

#[test]
fn the_digits_are_the_last_segment_whether_the_url_ends_with_a_slash_or_not() {
    for text in ["https://api.example/range", "https://api.example/range/"] {
        let lookup = RangeLookup::new(&Url::parse(text).unwrap()).unwrap();

        assert_eq!(
            lookup.url.join("5BAA6").unwrap().as_str(),
            "https://api.example/range/5BAA6"
        );
    }
    assert!(matches!(
        RangeLookup::new(&Url::parse("mailto:a@b.example").unwrap()),
        Err(NoBreachLookup::Url)
    ));
}
