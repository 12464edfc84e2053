//! What a start costs: time until it is ready, memory when it is idle.

use std::time::Duration;

use crate::installation::Installation;
use crate::{Outcome, Plan, suite};

/// How long a server does nothing before its memory is read.
const IDLE: Duration = Duration::from_millis(700);

/// What starts on one database cost.
pub struct Starts {
    pub ready_ms: f64,
    pub idle_bytes: u64,
}

/// Starts an installation again and again on the database it has.
pub async fn measure(plan: &Plan, installation: &Installation) -> Outcome<Starts> {
    let mut ready_ms = Vec::new();
    let mut idle_bytes = 0;
    for number in 0..plan.starts {
        let server = installation.start(plan).await?;
        ready_ms.push(server.ready_after().as_secs_f64() * 1e3);
        if number + 1 == plan.starts {
            tokio::time::sleep(IDLE).await;
            idle_bytes = server.resident();
        }
        server.stop().await?;
    }
    Ok(Starts {
        ready_ms: suite::median(&mut ready_ms),
        idle_bytes,
    })
}
