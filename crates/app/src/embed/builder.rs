//! What an embedding program decides before it opens an installation.

use std::path::Path;
use std::sync::Arc;

use actix_web::HttpRequest;
use tenantry_kernel::{Clock, Entropy, IdSource};

use super::{Resolver, Tenantry};
use crate::commands::serve::Surface;
use crate::config::{self, Config, ConfigErrors, ConfigFile, KEYS};
use crate::nearest::hint;
use crate::wiring::{Installation, Sources, StartError};

/// Why an installation was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// What was set makes no configuration.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The configuration cannot be put to work.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Decides what differs from the defaults. Neither `tenantry.toml` nor the environment is read, unless a
/// [`Builder::config`] was made from them.
#[must_use]
#[derive(Default)]
pub struct Builder {
    settings: Vec<(&'static str, String)>,
    config: Option<Config>,
    sources: Sources,
    resolver: Option<Resolver>,
}

impl Builder {
    /// One of the catalogs that come with the program: `default`, `pytake`, …
    pub fn catalog_builtin(self, name: &str) -> Self {
        self.set("catalog", name)
    }

    /// A catalog of one's own; docs/catalog.md says how it is written.
    pub fn catalog_file(self, file: impl AsRef<Path>) -> Self {
        // A name without a folder would be looked for among the built-in ones.
        let file = std::path::absolute(file.as_ref()).unwrap_or_else(|_| file.as_ref().to_path_buf());
        self.set("catalog", file.display().to_string())
    }

    /// `sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/database`.
    pub fn database_url(self, url: impl Into<String>) -> Self {
        self.set("database_url", url)
    }

    /// Where files go: the SQLite database, the generated master key, the outbox.
    pub fn data_dir(self, folder: impl AsRef<Path>) -> Self {
        self.set("data_dir", folder.as_ref().display().to_string())
    }

    /// Any key of docs/operations/configure.md: `.set("mode", "production")`. The last word on a key holds.
    pub fn set(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value.into()));
        self
    }

    /// A whole configuration; what was set otherwise does not count then.
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// What time it is.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.sources.clock = clock;
        self
    }

    /// Where identifiers come from.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.sources.ids = ids;
        self
    }

    /// Where randomness comes from.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.sources.entropy = entropy;
        self
    }

    /// How a request of the program's own names its tenant, by id or slug, beside host and header; `None` when it names
    /// none. Unless set, the `{tenant}` of the route's path is it. The credential decides all the same: a caller gets
    /// into no other tenant than their own.
    pub fn resolver(mut self, named: impl Fn(&HttpRequest) -> Option<String> + Send + Sync + 'static) -> Self {
        self.resolver = Some(Arc::new(named));
        self
    }

    /// Connects, brings the schema up to date, and takes the catalog into use. Needs a tokio runtime, which
    /// `actix_web::main` is.
    ///
    /// # Errors
    /// [`OpenError`], in words that say how to mend it.
    pub async fn open(self) -> Result<Tenantry, OpenError> {
        let config = match self.config {
            Some(config) => config,
            None => load(self.settings)?,
        };
        let installation = Arc::new(Installation::open(&config, self.sources).await?);
        let surface = Surface::of(&config, &installation);
        let resolver = self.resolver.unwrap_or_else(|| Arc::new(of_path));
        Ok(Tenantry::over(installation, surface, resolver))
    }
}

fn load(settings: Vec<(&'static str, String)>) -> Result<Config, ConfigErrors> {
    let known = || KEYS.iter().map(|key| key.name);
    let unknown = settings.iter().filter(|(name, _)| !known().any(|key| key == *name));
    let wrong: Vec<String> = unknown
        .map(|(name, _)| format!("unknown key {name}{}", hint(name, known())))
        .collect();
    if !wrong.is_empty() {
        return Err(ConfigErrors(wrong));
    }
    Config::load(&config::Sources {
        file: ConfigFile::None,
        environment: Vec::new(),
        flags: settings,
    })
}

fn of_path(request: &HttpRequest) -> Option<String> {
    request.match_info().get("tenant").map(str::to_owned)
}
