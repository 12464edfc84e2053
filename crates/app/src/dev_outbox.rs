//! `/dev/outbox`: the letters that would have gone out, for people who develop without a mail server.
//!
//! Only in development, only to clients on this machine.

use std::path::{Path, PathBuf};

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

/// Letters shown at most.
const SHOWN: usize = 200;

/// Adds the two pages.
pub fn register(app: &mut ServiceConfig, folder: PathBuf) {
    let letters = folder.clone();
    // One scope: a pattern at the top would be tried on every request there is.
    app.service(
        web::scope("/dev/outbox")
            .route(
                "",
                web::get().to(move |request: HttpRequest| list(request, folder.clone())),
            )
            .route(
                "/{name}",
                web::get().to(move |request: HttpRequest| show(request, letters.clone())),
            ),
    );
}

/// What a proxy leaves on a request that it passes on: the client stands elsewhere then.
const TRACES: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// True for a client on this machine with no proxy between, that calls this machine by a name of its own: a web page
/// whose host name was made to lead here (DNS rebinding) calls it by another.
fn is_local(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let here = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    here && host.is_some_and(names_this_machine) && !TRACES.iter().any(|trace| headers.contains_key(*trace))
}

fn names_this_machine(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:[]-".contains(&byte);
    if !host.bytes().all(plain) {
        return false;
    }
    // A scheme makes a host with a port readable.
    let Ok(url) = url::Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

async fn list(request: HttpRequest, folder: PathBuf) -> HttpResponse {
    if !is_local(&request) {
        return HttpResponse::NotFound().finish();
    }
    let letters = web::block(move || letters(&folder)).await.unwrap_or_default();
    let rows: Vec<String> = letters.iter().map(Letter::row).collect();
    let none = if rows.is_empty() {
        "<p>No mail has been written yet.</p>"
    } else {
        ""
    };
    let table = "<table><tr><th>To<th>Subject<th>Letter";
    page(&format!("<h1>Outbox</h1>{none}{table}{}</table>", rows.concat()))
}

/// What the list shows of a letter.
struct Letter {
    file: String,
    to: String,
    subject: String,
}

impl Letter {
    fn row(&self) -> String {
        let (to, subject, file) = (escaped(&self.to), escaped(&self.subject), &self.file);
        format!("<tr><td>{to}<td>{subject}<td><a href=\"/dev/outbox/{file}\">{file}</a>")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

async fn show(request: HttpRequest, folder: PathBuf) -> HttpResponse {
    let name = request.match_info().get("name").unwrap_or_default().to_owned();
    if !is_local(&request) || !is_letter(&name) {
        return HttpResponse::NotFound().finish();
    }
    match web::block(move || std::fs::read_to_string(folder.join(name))).await {
        Ok(Ok(text)) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(text),
        _ => HttpResponse::NotFound().finish(),
    }
}

/// The newest first.
fn letters(folder: &Path) -> Vec<Letter> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_letter(name))
        .collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.truncate(SHOWN);
    names.into_iter().map(|file| opened(folder, file)).collect()
}

fn opened(folder: &Path, file: String) -> Letter {
    let text = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
    let header = |name: &str| {
        let mut lines = text.lines().take_while(|line| !line.is_empty());
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    Letter {
        to: header("To:"),
        subject: header("Subject:"),
        file,
    }
}

/// A file name of ours: nothing that could leave the folder or the page.
fn is_letter(name: &str) -> bool {
    let ours = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    name.strip_suffix(".eml").is_some_and(|stem| {
        stem.starts_with(|c: char| c.is_ascii_alphanumeric()) && !stem.contains("..") && stem.bytes().all(ours)
    })
}

fn page(body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .body(format!(
            "<!doctype html><html lang=\"en\"><title>Outbox</title>{body}</html>"
        ))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn local(peer: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        is_local(&request.to_http_request())
    }

    #[test]
    fn letters_are_shown_to_this_machine_alone() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "acme.localhost"] {
            assert!(local("127.0.0.1:5", &[("host", host)]), "{host}");
        }
        assert!(local("[::ffff:127.0.0.1]:5", &[("host", "localhost")]));
        assert!(!local("10.0.0.9:5", &[("host", "localhost")]));
        assert!(!local("127.0.0.1:5", &[]));
    }

    #[test]
    fn letters_are_shown_neither_through_a_proxy_nor_to_a_page_that_was_led_here() {
        for trace in TRACES {
            assert!(
                !local("127.0.0.1:5", &[("host", "localhost"), (trace, "127.0.0.1")]),
                "{trace}"
            );
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "a b",
            "x@localhost:1/.evil.example",
        ] {
            assert!(!local("127.0.0.1:5", &[("host", host)]), "{host}");
        }
    }

    #[test]
    fn only_names_of_letters_are_opened() {
        assert!(is_letter(
            "20261121T025804.116000Z-01a1fc0a-1ed4-77a4-a48c-214e8b72d6b0.eml"
        ));
        for bad in [
            "",
            ".eml",
            "../master.key",
            "a/b.eml",
            "..%2fx.eml",
            "<b>.eml",
            "master.key",
        ] {
            assert!(!is_letter(bad), "{bad}");
        }
    }
}
