//! What is said to the program, and what it answers.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

use super::documented;

/// Somebody who calls. Paths are below `/api/v1`, unless they begin with `//`.
#[derive(Clone)]
pub struct Caller {
    http: Client,
    address: String,
    headers: Vec<(String, String)>,
}

impl Caller {
    pub fn new(http: Client, address: &str) -> Self {
        Self {
            http,
            address: address.to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same with a credential.
    pub fn bearer(&self, credential: &str) -> Self {
        self.with("authorization", &format!("Bearer {credential}"))
    }

    /// The same, with a key that makes a repetition harmless.
    pub fn once(&self, key: &str) -> Self {
        self.with("idempotency-key", key)
    }

    /// The same at the program that `other` calls.
    pub fn at(&self, other: &Self) -> Self {
        Self {
            http: other.http.clone(),
            address: other.address.clone(),
            headers: self.headers.clone(),
        }
    }

    /// The same from another address.
    pub fn calling_from(&self, address: &str) -> Self {
        self.with("x-forwarded-for", address)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }

    /// A form, as OAuth sends it.
    pub async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let escaped = pairs.iter().map(|(name, value)| {
            let value: String = value.bytes().map(escape).collect();
            format!("{name}={value}")
        });
        let body = escaped.collect::<Vec<_>>().join("&");
        let caller = self.with("content-type", "application/x-www-form-urlencoded");
        caller.send(Method::POST, path, Some(body.into_bytes())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string().into_bytes()))
            .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request. A body says that it is JSON, unless a header says otherwise.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        self.try_send(method, path, body).await.expect("the program answers")
    }

    /// Any request to a program that may be gone.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Reply, reqwest::Error> {
        let path = match path.strip_prefix("//") {
            Some(path) => format!("/{path}"),
            None => format!("/api/v1{path}"),
        };
        let (about, verb) = (format!("{method} {path}"), method.to_string());
        let mut request = self.http.request(method, format!("http://{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            if !self.headers.iter().any(|(name, _)| name == "content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let reply = Reply {
            about,
            status,
            headers,
            text,
        };
        if reply.header("content-type") == "application/problem+json" && !reply.text.is_empty() {
            let code = reply.json()["code"].as_str().expect("a problem has a code").to_owned();
            documented::check(&verb, &path, status, &code);
        }
        Ok(reply)
    }
}

/// One byte of a form.
fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// What the program answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// To what.
    pub about: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body; null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.map(|value| value.expect("headers are text")).unwrap_or_default()
    }

    /// Its body, after a look at the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.about, self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        assert_eq!(self.header("content-type"), "application/json", "{}", self.about);
        serde_json::from_str(&self.text).expect("the body is JSON")
    }

    /// The problem document, which must be one in every respect.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let about = format!("{} answered {}: {}", self.about, self.status, self.text);
        assert_eq!(self.status, status, "{about}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{about}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{about}");
        assert_eq!(problem["status"], status, "{about}");
        assert_eq!(problem["type"], format!("urn:tenantry:problem:{code}"), "{about}");
        if self.header("idempotency-replayed").is_empty() {
            assert_eq!(problem["request_id"], self.header("x-request-id"), "{about}");
        }
        for member in ["title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{about}");
        }
        if status == 401 {
            assert!(!self.header("www-authenticate").is_empty(), "{about}");
        }
        if status == 429 && code == "rate_limited" || status == 503 {
            assert!(!self.header("retry-after").is_empty(), "{about}");
        }
        problem
    }

    /// The fields that a 422 names, in its order.
    #[track_caller]
    pub fn fields(self) -> Vec<String> {
        let problem = self.refused(422, "validation_failed");
        let errors = problem["errors"].as_array().expect("errors is a list");
        errors
            .iter()
            .map(|error| error["field"].as_str().expect("a field is text").to_owned())
            .collect()
    }
}
