//! Load: clients that ask, wait for the answer, and ask again, until the turn is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Outcome;
use crate::client::Client;
use crate::process::Server;

/// What clients send.
#[derive(Clone)]
pub enum Asked {
    /// The same bytes each time.
    Same(Arc<[u8]>),
    /// Other bytes for each number.
    Fresh(Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>),
}

impl Asked {
    /// What the next client sends.
    pub fn next(&self) -> std::borrow::Cow<'_, [u8]> {
        match self {
            Self::Same(bytes) => bytes.as_ref().into(),
            Self::Fresh(make) => make(NUMBER.fetch_add(1, Ordering::Relaxed)).into(),
        }
    }
}

/// One turn of one target.
#[derive(Debug, Default)]
pub struct Turn {
    /// How long each answer took, in microseconds.
    pub took_us: Vec<u32>,
    /// Answers other than the expected one.
    pub failed: u64,
    /// Answers per second.
    pub rate: f64,
    /// Processor time of the server per answer, in microseconds.
    pub cpu_us: f64,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    /// How many at once, each over a connection of its own.
    pub clients: usize,
    /// What each does between an answer and the next question.
    pub pause: Duration,
    /// True to stay awake while all wait. Waking a core is work, and it is the server who does it: the longer an answer
    /// takes the more often the load has fallen asleep, and the more it costs that has nothing to do with the answer.
    pub is_awake: bool,
}

impl Crowd {
    /// So many who never pause, and fall asleep when all wait.
    pub fn of(clients: usize) -> Self {
        Self {
            clients,
            ..Self::default()
        }
    }
}

/// Numbers fresh requests in the whole run.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Lets the crowd ask for as long as `turn`, on connections opened before, one answer after the other.
pub async fn apply(server: &Server, asked: &Asked, expected: u16, crowd: Crowd, turn: Duration) -> Outcome<Turn> {
    let Crowd { clients, pause, .. } = crowd;
    let mut connected = Vec::with_capacity(clients);
    for _ in 0..clients {
        connected.push(server.client().await?);
    }
    let awake = crowd.is_awake.then(|| tokio::spawn(stay_awake()));
    let cpu_before = server.cpu_time();
    let began = Instant::now();
    let until = began + turn;
    let mut tasks = JoinSet::new();
    for client in connected {
        tasks.spawn(drive(client, asked.clone(), expected, pause, until));
    }
    let mut whole = Turn::default();
    while let Some(part) = tasks.join_next().await {
        let part = part??;
        whole.took_us.extend(part.took_us);
        whole.failed += part.failed;
    }
    if let Some(awake) = awake {
        awake.abort();
    }
    // Whoever waited for a slow answer at the end is counted with the time it took.
    let lasted = began.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "counts of one turn are far below 2^52")]
    let answers = whole.took_us.len() as f64;
    whole.rate = answers / lasted.as_secs_f64();
    let spent = server.cpu_time().saturating_sub(cpu_before);
    whole.cpu_us = spent.as_secs_f64() * 1e6 / answers.max(1.0);
    Ok(whole)
}

/// Always has something to do, and lets everybody else go first.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn drive(
    mut client: Client,
    asked: Asked,
    expected: u16,
    pause: Duration,
    until: Instant,
) -> std::io::Result<Turn> {
    let mut turn = Turn::default();
    loop {
        let bytes = asked.next();
        let sent = Instant::now();
        if sent >= until {
            return Ok(turn);
        }
        if let Ok(status) = client.status_of(&bytes).await {
            turn.failed += u64::from(status != expected);
            let took = sent.elapsed().as_micros();
            turn.took_us.push(u32::try_from(took).unwrap_or(u32::MAX));
        } else {
            turn.failed += 1;
            client.reconnect().await?;
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}
