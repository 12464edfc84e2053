use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use std::io::{Read, Write};

use actix_web::HttpResponse;
use tokio::sync::Notify;

use super::*;
use crate::error::Answer;
use crate::routes::Row;
use crate::testing::{FakeDoorman, parts};

/// Tells that an action has begun, and waits until it may end.
#[derive(Default)]
struct Slow {
    begun: Notify,
    may_end: Notify,
}

/// Waits.
#[utoipa::path(get, path = "/api/v1/slow", operation_id = "slow", tag = "slow", responses((status = 200)))]
async fn handler(slow: Data<Slow>) -> Answer {
    slow.begun.notify_one();
    slow.may_end.notified().await;
    Ok(HttpResponse::Ok().body("done"))
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

fn serve() -> (Running, SocketAddr, Arc<Slow>) {
    let slow = Arc::new(Slow::default());
    let mut rows = crate::operations::rows();
    rows.push(Row::of(__path_handler, handler));
    let api = Arc::new(Api::new(parts(rows, FakeDoorman::default())));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let options = ServeOptions {
        workers: Some(1),
        grace_s: 5,
        ..ServeOptions::default()
    };
    let shared = Arc::clone(&slow);
    let more = move |config: &mut ServiceConfig| {
        config.app_data(Data::from(Arc::clone(&shared)));
    };
    (start(listener, api, options, more).unwrap(), address, slow)
}

#[actix_web::test]
async fn stopping_finishes_the_requests_in_flight() {
    let (running, address, slow) = serve();
    let client = std::thread::spawn(move || ask(address, &get("/api/v1/slow")));
    slow.begun.notified().await;

    let stopping = tokio::spawn(running.stop());
    slow.may_end.notify_one();
    stopping.await.unwrap().unwrap();
    let answer = client.join().unwrap();

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("done"), "{answer}");
}

#[actix_web::test]
async fn a_real_connection_gets_the_same_answers() {
    let (running, address, _slow) = serve();
    let asked = tokio::task::spawn_blocking(move || {
        let head = ask(address, &get("/livez").replace("GET", "HEAD"));
        let alive = ask(address, &get("/livez"));
        let long =
            "POST /api/v1/nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999\r\nconnection: close\r\n\r\n";
        (head, alive, ask(address, long))
    });

    let (head, alive, long) = asked.await.unwrap();
    running.stop().await.unwrap();

    assert!(
        head.contains("content-length: 2\r\n") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    assert!(alive.ends_with("\r\n\r\nok"), "{alive}");
    assert!(long.starts_with("HTTP/1.1 404"), "{long}");
}
