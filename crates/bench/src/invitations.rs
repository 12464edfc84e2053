//! Invitations in bulk: a thousand people in one call.

use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use crate::client::request;
use crate::installation::{Callers, Installation};
use crate::suite::median;
use crate::{Outcome, Plan};

/// People in one call: the most that the API takes.
pub const ROWS: usize = 1_000;

/// What one call costs on one database.
#[derive(Serialize)]
pub struct Bulk {
    pub database: &'static str,
    /// The median of the rounds.
    pub call_ms: f64,
    pub invited_per_s: f64,
}

/// Measures one installation, on the database that it has.
pub async fn measure(plan: &Plan, database: &'static str, installation: &Installation) -> Outcome<Bulk> {
    let server = installation.start(plan).await?;
    let callers = Callers::of(server.address(), "bench-invitations").await?;
    let mut client = server.client().await?;
    let mut took_ms = Vec::new();
    // The first call is to warm up.
    for round in 0..=plan.rounds {
        let people: Vec<Value> = (0..ROWS)
            .map(|row| json!({"email": format!("person-{round}-{row}@bulk.example"), "role": "member"}))
            .collect();
        let body = json!({ "invitations": people });
        let path = "/api/v1/tenants/current/invitations/bulk";
        let asked = request("POST", path, &callers.bearing_token(), Some(&body));
        let began = Instant::now();
        let reply = client.reply_to(&asked).await?;
        let took = began.elapsed();
        let report: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.status != 200 || report.get("invited").is_none_or(|invited| *invited != ROWS) {
            let said: String = String::from_utf8_lossy(&reply.body).chars().take(400).collect();
            return Err(format!("{ROWS} invitations were answered {}: {said}", reply.status).into());
        }
        if round > 0 {
            took_ms.push(took.as_secs_f64() * 1e3);
        }
    }
    server.stop().await?;
    let call_ms = median(&mut took_ms);
    #[expect(clippy::cast_precision_loss, reason = "a thousand")]
    let invited_per_s = ROWS as f64 / call_ms * 1e3;
    Ok(Bulk {
        database,
        call_ms,
        invited_per_s,
    })
}
