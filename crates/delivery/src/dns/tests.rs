use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::*;

const NO_ERROR: u8 = 0;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// An answer to `query` as it stands on the wire (RFC 1035, section 4): the question again, then one
/// TXT record for each list of strings.
fn answer(query: &[u8], code: u8, truncated: bool, records: &[&[&str]]) -> Vec<u8> {
    let name_end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let question = &query[12..name_end + 4];
    let mut message = query[..2].to_vec();
    message.push(if truncated { 0x83 } else { 0x81 });
    message.push(0x80 | code);
    message.extend([0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    message.extend(question);
    for strings in records {
        let data: Vec<u8> = strings
            .iter()
            .flat_map(|s| [&[u8::try_from(s.len()).unwrap()], s.as_bytes()].concat())
            .collect();
        // A pointer to the question's name, TXT, IN, one minute.
        message.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    message
}

/// A name server on loopback that answers every question over UDP alike.
async fn server(code: u8, records: &'static [&'static [&'static str]]) -> DnsTxtResolver {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut query).await {
            let _ = socket
                .send_to(&answer(&query[..length], code, false, records), client)
                .await;
        }
    });
    DnsTxtResolver::with_servers(vec![address])
}

#[tokio::test]
async fn every_record_is_found_with_its_strings_joined() {
    let resolver = server(NO_ERROR, &[&["tenantry-verify", "=abc"], &["v=spf1 -all"]]).await;

    let found = resolver.lookup("_tenantry.example.com").await.unwrap();

    assert_eq!(found, ["tenantry-verify=abc", "v=spf1 -all"]);
}

#[tokio::test]
async fn a_name_without_records_is_an_empty_answer() {
    let unknown = server(NO_SUCH_NAME, &[]).await;
    let empty = server(NO_ERROR, &[]).await;

    assert_eq!(
        unknown.lookup("nowhere.example.com").await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(empty.lookup("empty.example.com").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_fails_is_an_error() {
    let resolver = server(SERVER_FAILURE, &[]).await;

    assert!(resolver.lookup("example.com").await.is_err());
}

#[tokio::test]
async fn a_server_that_is_silent_is_an_error_after_a_bounded_time() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let resolver = DnsTxtResolver {
        servers: Servers::Fixed(vec![silent.local_addr().unwrap()]),
        attempt: Duration::from_millis(20),
    };

    assert!(resolver.lookup("example.com").await.is_err());
}

#[tokio::test]
async fn an_answer_too_long_for_udp_is_fetched_over_tcp() {
    const LONG: &str = "the string that did not fit";
    let over_tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = over_tcp.local_addr().unwrap();
    let over_udp = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut query = [0; 1500];
        while let Ok((length, client)) = over_udp.recv_from(&mut query).await {
            let _ = over_udp
                .send_to(&answer(&query[..length], NO_ERROR, true, &[]), client)
                .await;
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = over_tcp.accept().await {
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let message = answer(&query, NO_ERROR, false, &[&[LONG]]);
            stream.write_u16(u16::try_from(message.len()).unwrap()).await.unwrap();
            stream.write_all(&message).await.unwrap();
        }
    });

    let found = DnsTxtResolver::with_servers(vec![address])
        .lookup("example.com")
        .await
        .unwrap();

    assert_eq!(found, [LONG]);
}

#[tokio::test]
async fn what_is_no_name_is_an_error() {
    let resolver = server(NO_ERROR, &[]).await;

    assert!(resolver.lookup(&"a".repeat(300)).await.is_err());
}
