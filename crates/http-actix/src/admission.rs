//! The way in for requests that another program answers: its own routes, beside ours, in one actix app.
//!
//! The same credential, the same address, the same pace as for a route of ours; there is no row, because the other
//! program knows what its route needs.

use std::borrow::Cow;

use actix_web::HttpRequest;
use tenantry_kernel::TenantScope;

use crate::error::ApiError;
use crate::origin::Client;
use crate::pace::{self, PaceClass, PaceSubject};
use crate::state::Api;
use crate::{front, gate};

impl Api {
    /// The scope of the caller in the tenant that credential, host, `X-Tenant-ID` and `named` agree on; `named` is the
    /// tenant in the path of the route, if it has one there. Counts one call.
    ///
    /// # Errors
    /// 401, 404 for an unknown or foreign tenant, 400 `tenant_mismatch`, 423 for a suspended one, 429.
    pub async fn admit(&self, request: &HttpRequest, named: Option<String>) -> Result<TenantScope, ApiError> {
        let mut client = Client::of(request, &self.settings.trusted_proxies);
        let origin = front::origin(self, request, &client);
        let credential = gate::credential(request.headers())?.ok_or_else(ApiError::not_authenticated)?;
        let address = gate::named(request, named.map(Cow::from), client.host.take());
        let admission = gate::admit(self, &credential, &address, &origin).await?;
        let inside = admission.scope.as_ref().ok_or_else(ApiError::not_found)?;
        let scope = inside.called_from(origin);

        let subject = PaceSubject {
            caller: Some(&admission.caller),
            scope: Some(&scope),
            address: scope.origin().address,
            route: pace::class_of(request.method(), request.path()),
            known: Some(&admission.terms),
        };
        // The headers about the pace are for routes of ours: the other program dresses its own answers.
        let paced = self.pace.admit(PaceClass::Ordinary, subject).get().await;
        pace::occupy(request, paced.place?);
        Ok(scope)
    }
}
