//! Where a call is addressed to, and which hosts are whose.

use std::borrow::Cow;

/// Where a request was addressed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// The `{tenant}` of the path: an id, a slug, `current` or `me`.
    pub path: Option<Cow<'a, str>>,
    /// The `X-Tenant-ID` header: an id or a slug.
    pub header: Option<Cow<'a, str>>,
    /// The host the request came to, as the client named it.
    pub host: Option<Cow<'a, str>>,
}

impl Address<'_> {
    /// The same, for whoever outlives the request.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        let owned = |name: Option<Cow<'_, str>>| name.map(|name| Cow::Owned(name.into_owned()));
        Address {
            path: owned(self.path),
            header: owned(self.header),
            host: owned(self.host),
        }
    }
}

/// Which hosts are the installation's own. Every other host must be a tenant's.
#[derive(Clone, Debug)]
pub struct HostPolicy {
    /// One label beneath it is a tenant's slug.
    pub base_domain: String,
    /// The host of the public URL.
    pub public_host: String,
}
