//! A client that costs little: HTTP/1.1 over one connection, no more of it than our servers speak.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// The language of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1.
    Http,
    /// What Redis speaks; an answer of one line counts as 200, an error as 500.
    Redis,
}

/// One connection that stays open.
pub struct Client {
    stream: TcpStream,
    address: SocketAddr,
    wire: Wire,
    buffer: Vec<u8>,
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::connect_speaking(Wire::Http, address).await
    }

    pub async fn connect_speaking(wire: Wire, address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            address,
            wire,
            buffer: Vec::with_capacity(8 * 1_024),
        })
    }

    /// The same client on another connection: this one broke.
    pub async fn reconnect(&mut self) -> io::Result<()> {
        *self = Self::connect_speaking(self.wire, self.address).await?;
        Ok(())
    }

    /// Sends a request and waits for the whole answer; tells its status.
    pub async fn status_of(&mut self, request: &[u8]) -> io::Result<u16> {
        let head = self.exchange(request).await?;
        self.buffer.clear();
        Ok(head.status)
    }

    /// The same, keeping the body.
    pub async fn reply_to(&mut self, request: &[u8]) -> io::Result<Reply> {
        let head = self.exchange(request).await?;
        let body = self.buffer.get(head.body_at..).unwrap_or_default().to_vec();
        self.buffer.clear();
        Ok(Reply {
            status: head.status,
            body,
        })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let head = match self.wire {
                Wire::Http => Head::of(&self.buffer)?,
                Wire::Redis => Head::of_line(&self.buffer),
            };
            if let Some(head) = head
                && self.buffer.len() >= head.body_at + head.body_len
            {
                return Ok(head);
            }
        }
    }
}

/// Where an answer's parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_at: usize,
    body_len: usize,
}

impl Head {
    /// Reads `:17`, `+OK` or `-ERR …`; `$40`, which a text follows, is read as two lines.
    fn of_line(received: &[u8]) -> Option<Self> {
        let line = received.strip_suffix(b"\r\n")?;
        let (kind, rest) = line.split_first()?;
        let is_whole = *kind != b'$' || rest.windows(2).any(|two| two == b"\r\n");
        is_whole.then_some(Self {
            status: if *kind == b'-' { 500 } else { 200 },
            body_at: 0,
            body_len: received.len(),
        })
    }

    /// Reads `HTTP/1.1 200 OK` and `content-length`; `None` while the head is not complete.
    fn of(received: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let head = std::str::from_utf8(received.get(..end).unwrap_or_default()).map_err(|_| bad())?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.get(9..12))
            .and_then(|code| code.parse().ok());
        let length = lines
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        Ok(Some(Self {
            status: status.ok_or_else(bad)?,
            body_at: end + 4,
            body_len: length
                .map_or(Some(0), |(_, digits)| digits.parse().ok())
                .ok_or_else(bad)?,
        }))
    }
}

/// A request as bytes. `caller` is a line such as `Authorization: Bearer …`, or empty.
pub fn request(method: &str, path: &str, caller: &str, body: Option<&Value>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    if !caller.is_empty() {
        text.push_str(caller);
        text.push_str("\r\n");
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        text.push_str("Content-Type: application/json\r\nContent-Length: ");
        text.push_str(&body.len().to_string());
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(&body);
    text.into_bytes()
}

/// One request on a connection of its own that must be answered so, with JSON.
pub async fn ask(address: SocketAddr, request: &[u8], expected: u16) -> Outcome<Value> {
    let reply = Client::connect(address).await?.reply_to(request).await?;
    if reply.status != expected {
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        return Err(format!("expected {expected}, got {}: {said}", reply.status).into());
    }
    Ok(serde_json::from_slice(&reply.body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nx-a: b\r\n\r\n{}";

        assert_eq!(Head::of(answer.get(..40).unwrap()).unwrap(), None);
        let head = Head::of(answer).unwrap().unwrap();
        assert_eq!((head.status, answer.len()), (201, head.body_at + head.body_len));
        assert!(Head::of(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn a_line_of_redis_is_an_answer_once_it_is_whole() {
        let status = |received: &[u8]| Head::of_line(received).map(|head| head.status);

        assert_eq!((status(b":1"), status(b":17\r\n")), (None, Some(200)));
        assert_eq!(status(b"-ERR no\r\n"), Some(500));
        assert_eq!((status(b"$2\r\n"), status(b"$2\r\nab\r\n")), (None, Some(200)));
    }

    #[test]
    fn a_request_carries_its_caller_and_its_body() {
        let bytes = request("POST", "/x", "X-API-Key: k", Some(&serde_json::json!({"a": 1})));

        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\n") && text.contains("X-API-Key: k\r\n"));
        assert!(text.ends_with("Content-Length: 7\r\n\r\n{\"a\":1}"));
    }
}
