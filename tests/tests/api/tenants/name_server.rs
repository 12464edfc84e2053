//! A name server for TXT records, as small as it can be.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

type Records = Arc<Mutex<BTreeMap<String, String>>>;

/// Answers until it is dropped.
pub struct NameServer {
    address: SocketAddr,
    records: Records,
    serving: JoinHandle<()>,
}

impl NameServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
        let address = socket.local_addr().expect("the port is known");
        let records = Records::default();
        let known = Arc::clone(&records);
        let serving = tokio::spawn(async move {
            let mut buffer = [0; 1_500];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let answer = answer(&buffer[..length], &known);
                // Who does not hear it asks again.
                let _ = socket.send_to(&answer, client).await;
            }
        });
        Self {
            address,
            records,
            serving,
        }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on the name has this record.
    pub fn publish(&self, name: &str, text: &str) {
        self.records
            .lock()
            .unwrap()
            .insert(name.to_ascii_lowercase(), text.to_owned());
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// RFC 1035: the header, the question again, and the record if there is one.
fn answer(query: &[u8], records: &Records) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut position = 12;
    while query[position] != 0 {
        let length = usize::from(query[position]);
        let label = &query[position + 1..=position + length];
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        position += length + 1;
    }
    let question = &query[12..position + 5];
    let text = records.lock().unwrap().get(&labels.join(".")).cloned();
    // A response that knows the question; "no such name" when there is no record.
    let (flags, answers): ([u8; 2], u8) = if text.is_some() {
        ([0x84, 0x00], 1)
    } else {
        ([0x84, 0x03], 0)
    };
    let mut message = query[..2].to_vec();
    message.extend(flags);
    message.extend([0, 1, 0, answers, 0, 0, 0, 0]);
    message.extend(question);
    if let Some(text) = text {
        let length = u8::try_from(text.len()).expect("one string is enough");
        // The question's name, TXT, IN, for no time, and the one string.
        message.extend([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 0, 0, length + 1, length]);
        message.extend(text.as_bytes());
    }
    message
}
