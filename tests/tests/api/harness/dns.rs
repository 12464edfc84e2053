//! A name server on loopback that says what tests put into it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::{Caller, Setup};

type Records = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

/// A name server; it stops when it is dropped.
pub struct Dns {
    address: SocketAddr,
    records: Records,
    task: JoinHandle<()>,
}

impl Dns {
    /// Starts one that knows no name.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = socket.local_addr().expect("the port is known");
        let records = Records::default();
        let known = Arc::clone(&records);
        let task = tokio::spawn(async move {
            let mut query = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let answer = answer(&query[..length], &known.lock().unwrap());
                let _ = socket.send_to(&answer, client).await;
            }
        });
        Self { address, records, task }
    }

    /// A program that asks it.
    pub fn asked_by(&self, setup: Setup) -> Setup {
        setup.with("dns_servers", &self.address.to_string())
    }

    /// One more TXT record.
    pub fn says(&self, name: &str, text: &str) {
        let mut records = self.records.lock().unwrap();
        records.entry(name.to_owned()).or_default().push(text.to_owned());
    }

    /// The caller's tenant claims a domain of addresses and proves it. Answers its id.
    pub async fn prove(&self, caller: &Caller, domain: &str) -> String {
        let area = "/tenants/current/email-domains";
        let claimed = caller.post(area, &json!({"domain": domain})).await.expect(201);
        let record = |part: &str| claimed["verification"][part].as_str().expect("text").to_owned();
        self.says(&record("name"), &record("value"));
        let id = claimed["id"].as_str().expect("the id").to_owned();
        let path = format!("{area}/{id}/verify");
        let verified = caller.post(&path, &json!({})).await.expect(200);
        assert_eq!(verified["verified"], Value::Bool(true));
        id
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer on the wire (RFC 1035, section 4): the question again, then the records of its name.
fn answer(query: &[u8], records: &BTreeMap<String, Vec<String>>) -> Vec<u8> {
    let name_end = 12 + query[12..].iter().position(|byte| *byte == 0).expect("a name ends") + 1;
    let question = &query[12..name_end + 4];
    let known = records.get(&name_of(&query[12..name_end])).cloned().unwrap_or_default();
    let mut message = query[..2].to_vec();
    // An answer, recursion desired and available; no such name where nothing is known.
    message.extend([0x81, if known.is_empty() { 0x83 } else { 0x80 }]);
    message.extend([0, 1, 0, u8::try_from(known.len()).expect("few records"), 0, 0, 0, 0]);
    message.extend(question);
    for text in &known {
        let length = u8::try_from(text.len()).expect("a short text");
        // A pointer to the question's name, TXT, IN, one minute.
        message.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        message.extend((u16::from(length) + 1).to_be_bytes());
        message.push(length);
        message.extend(text.as_bytes());
    }
    message
}

/// The labels of a name, with dots between them.
fn name_of(wire: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = wire;
    while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length > 0) {
        let (label, next) = after.split_at(usize::from(length));
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = next;
    }
    labels.join(".")
}
