//! `tenantry serve` and `tenantry work`.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tenantry_http_actix::Services;
use tenantry_http_actix::server::{self, Running, ServeOptions};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::config::{Config, Mode};
use crate::wiring::{Installation, Sources, StartError};
use crate::{dev_outbox, workers};

/// Which part of the work a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Requests and background work.
    Both,
    /// Requests only.
    Requests,
    /// Background work only.
    Work,
}

/// Runs a node until it is told to stop.
///
/// # Errors
/// [`StartError`].
pub async fn run(config: &Config, part: Part) -> Result<(), StartError> {
    let installation = Arc::new(Installation::open(config, Sources::default()).await?);
    serve(config, installation, part, &[]).await
}

/// Runs a node over an installation that is open already; `greeting` is printed once it answers.
///
/// # Errors
/// [`StartError`].
pub async fn serve(
    config: &Config,
    installation: Arc<Installation>,
    part: Part,
    greeting: &[String],
) -> Result<(), StartError> {
    let mut stop = Stop::listen()?;
    let mut tasks = JoinSet::new();
    let mut running = match part {
        Part::Work => None,
        Part::Both | Part::Requests => {
            let metrics = metrics();
            workers::measuring(&mut tasks, metrics.clone());
            Some(listen(config, &installation, metrics)?)
        }
    };
    workers::serving(&mut tasks, &installation);
    if part != Part::Requests {
        workers::working(&mut tasks, &installation);
    }
    announce(config, part, greeting);

    let ended = if let Some(server) = &mut running {
        tokio::select! {
            ended = server.ended() => ended.map_err(StartError::Server),
            () = stop.wait() => Ok(()),
        }
    } else {
        stop.wait().await;
        Ok(())
    };
    tracing::info!("stopping: requests in flight are finished first");
    if let Some(server) = running {
        server.stop().await.map_err(StartError::Server)?;
    }
    tasks.shutdown().await;
    installation.close().await;
    ended
}

fn listen(config: &Config, installation: &Arc<Installation>, metrics: PrometheusHandle) -> Result<Running, StartError> {
    let listener = bind(config)?;
    let api = installation.api(metrics);
    let options = ServeOptions {
        workers: config.workers,
        grace_s: config.shutdown_timeout.as_secs(),
        keep_alive_s: config.keep_alive.as_secs(),
    };
    let surface = Surface::of(config, installation);
    server::start(listener, api, options, move |app| surface.register(app)).map_err(StartError::Server)
}

/// Takes the address, or says that it is taken.
pub(crate) fn bind(config: &Config) -> Result<TcpListener, StartError> {
    TcpListener::bind(config.listen).map_err(|cause| StartError::Listen {
        address: config.listen,
        cause,
    })
}

/// What the API's actions ask for, and the pages beside it.
#[derive(Clone)]
pub(crate) struct Surface {
    services: Services,
    outbox: Option<PathBuf>,
}

impl Surface {
    pub(crate) fn of(config: &Config, installation: &Installation) -> Self {
        let shows_letters = config.mode == Mode::Development && config.smtp_url.is_none();
        Self {
            services: installation.services.clone(),
            outbox: shows_letters.then(|| config.outbox.clone()),
        }
    }

    pub(crate) fn register(&self, app: &mut ServiceConfig) {
        self.services.register(app);
        if let Some(folder) = &self.outbox {
            dev_outbox::register(app, folder.clone());
        }
    }
}

/// The recorder of this process. A second server in one process shares the first one's.
pub(crate) fn metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics are recorded by an earlier server of this process");
    }
    handle
}

fn announce(config: &Config, part: Part, greeting: &[String]) {
    if part == Part::Work {
        tracing::info!("working in the background");
        return;
    }
    tracing::info!(listen = %config.listen, mode = config.mode.as_str(), catalog = config.catalog, "ready");
    println!("Tenantry answers at http://{}", config.listen);
    println!("  API documentation  http://{}/docs", config.listen);
    if config.mode == Mode::Development && config.smtp_url.is_none() {
        println!(
            "  mails              http://{}/dev/outbox  (also as files in {})",
            config.listen,
            config.outbox.display()
        );
    }
    for line in greeting {
        println!("{line}");
    }
}

/// The signals that end a node.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> Result<Self, StartError> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(StartError::Machine)?,
            terminate: signal(SignalKind::terminate()).map_err(StartError::Machine)?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
