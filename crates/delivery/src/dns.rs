//! Looking up TXT records, for proving that a tenant owns a domain.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tenantry_tenancy::domain::{ResolveError, TxtResolver};

/// How long one question to one server may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long a whole look-up may take.
const WHOLE: Duration = Duration::from_secs(10);

/// Asks the DNS, over UDP and for long answers over TCP. Answers are never cached: somebody who has just
/// added a record must not wait for an old answer to expire here.
#[derive(Clone, Debug)]
pub struct DnsTxtResolver {
    servers: Servers,
    attempt: Duration,
}

#[derive(Clone, Debug)]
enum Servers {
    System,
    Fixed(Vec<SocketAddr>),
}

impl DnsTxtResolver {
    /// Asks the servers that the operating system is configured for, read anew for each look-up.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            servers: Servers::System,
            attempt: ATTEMPT,
        }
    }

    /// Asks these servers.
    #[must_use]
    pub const fn with_servers(servers: Vec<SocketAddr>) -> Self {
        Self {
            servers: Servers::Fixed(servers),
            attempt: ATTEMPT,
        }
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match &self.servers {
            Servers::System => TokioResolver::builder_tokio()?,
            Servers::Fixed(servers) => fixed(servers),
        };
        let options = builder.options_mut();
        options.timeout = self.attempt;
        options.attempts = 2;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build()
    }
}

fn fixed(servers: &[SocketAddr]) -> ResolverBuilder<TokioRuntimeProvider> {
    let servers = servers.iter().map(|server| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        NameServerConfig::new(server.ip(), true, connections.to_vec())
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}

#[async_trait]
impl TxtResolver for DnsTxtResolver {
    async fn lookup(&self, name: &str) -> Result<Vec<String>, ResolveError> {
        // The dot at the end keeps the machine's search list out of it.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let resolver = self.resolver().map_err(failed)?;
        let answer = tokio::time::timeout(WHOLE, resolver.txt_lookup(absolute))
            .await
            .map_err(failed)?;

        match answer {
            Ok(found) => Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect()),
            Err(NetError::Dns(DnsError::NoRecordsFound(NoRecords {
                response_code: ResponseCode::NXDomain | ResponseCode::NoError,
                ..
            }))) => Ok(Vec::new()),
            Err(cause) => Err(failed(cause)),
        }
    }
}

/// The strings of one record, joined; other records that came along (a CNAME) have none.
fn text(data: &RData) -> Option<String> {
    match data {
        RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
        _ => None,
    }
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> ResolveError {
    ResolveError(Box::new(cause))
}

#[cfg(test)]
mod tests;
