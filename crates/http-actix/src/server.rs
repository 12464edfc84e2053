//! The service as a part of an actix app, and the server around it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};

use crate::front;
use crate::state::Api;

/// How the server listens.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Worker threads; `None` for one per core.
    pub workers: Option<usize>,
    /// How long requests in flight may take to finish at shutdown.
    pub grace_s: u64,
    /// How long an idle connection stays open.
    pub keep_alive_s: u64,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            workers: None,
            grace_s: 30,
            keep_alive_s: 75,
        }
    }
}

/// Registers the API with an app: everything that no other service of the app takes is answered here.
/// `more` adds the services that the actions ask for.
pub fn service<F>(api: &Arc<Api>, more: F) -> impl FnOnce(&mut ServiceConfig) + use<F>
where
    F: FnOnce(&mut ServiceConfig),
{
    let api = Data::from(Arc::clone(api));
    move |config: &mut ServiceConfig| {
        more(config);
        config.app_data(api).default_service(web::to(front::answer));
    }
}

/// A server at work.
pub struct Running {
    api: Arc<Api>,
    handle: ServerHandle,
    done: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Serves on the listener until [`Running::stop`]. Signals are the caller's business.
///
/// # Errors
/// When the listener cannot be used.
pub fn start<F>(listener: TcpListener, api: Arc<Api>, options: ServeOptions, more: F) -> std::io::Result<Running>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let shared = Arc::clone(&api);
    let mut server = HttpServer::new(move || App::new().configure(service(&shared, more.clone())))
        .disable_signals()
        .shutdown_timeout(options.grace_s)
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_secs(options.keep_alive_s));
    if let Some(workers) = options.workers {
        server = server.workers(workers);
    }
    let server = server.listen(listener)?.run();
    let handle = server.handle();
    Ok(Running {
        api,
        handle,
        done: tokio::spawn(server),
    })
}

impl Running {
    /// Says "not ready", takes no new connections, and waits for the requests in flight.
    ///
    /// # Errors
    /// What the server ended with.
    pub async fn stop(self) -> std::io::Result<()> {
        self.api.drain();
        self.handle.stop(true).await;
        self.done.await.map_err(std::io::Error::other)?
    }

    /// Waits until the server ends by itself.
    ///
    /// # Errors
    /// What the server ended with.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.done).await.map_err(std::io::Error::other)?
    }
}

#[cfg(test)]
mod tests;
