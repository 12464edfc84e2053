//! The gate: refusals in their order (docs/adr/0006), before a byte of the body is read.
//!
//! 413 → 401 → tenant 404 → 423 → 403 → 402 → 429, and then, with the body, 415/400 → 422 → inner 404 → 412/409.
//! What a service checks again is checked again: the gate is for the order, the service for the truth.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use tenantry_kernel::{Origin, Permission, PermissionSet, Secret};

use crate::door::{Admission, Caller, Credential, Question, TenantAddress};
use crate::error::ApiError;
use crate::names;
use crate::pace::{self, PaceSubject, PaceVerdict};
use crate::routes::{Needs, Row};
use crate::state::Api;
use crate::visit::Entry;

/// Lets the request in, or says why not. The verdict of the pace is told either way.
pub(crate) async fn pass(
    api: &Api,
    row: &Row,
    request: &HttpRequest,
    address: &TenantAddress<'_>,
    origin: &Origin,
    verdict: &mut Option<PaceVerdict>,
) -> Result<Entry, ApiError> {
    announced_length(request.headers(), api.settings.body_limit_bytes, row)?;
    let (admission, identified);
    let mut known = None;
    let (caller, entry) = if row.is_for_tenants() && !row.is_for_paying() {
        let credential = credential(request.headers())?.ok_or_else(ApiError::not_authenticated)?;
        admission = admit(api, &credential, address, origin).await?;
        let entry = admitted(api, row, &admission, address, origin).await?;
        known = Some(&admission.terms);
        (Some(&admission.caller), entry)
    } else {
        identified = identify(api, row, request.headers(), origin).await?;
        if !matches!(row.needs(), Needs::Tenant(_)) {
            known_host(api, row, address).await?;
        }
        let entry = enter(api, row, identified.as_ref(), address, origin).await?;
        (identified.as_ref(), entry)
    };
    permit(row, &entry)?;
    support_may(row, caller)?;
    stepped_up(row, caller)?;

    let subject = PaceSubject {
        caller,
        scope: match &entry {
            Entry::Tenant(scope) => Some(scope),
            _ => None,
        },
        address: origin.address,
        route: row.rate_class(),
        known,
    };
    let paced = api.pace.admit(row.pace_class(), subject).get().await;
    *verdict = paced.verdict;
    pace::occupy(request, paced.place?);
    Ok(entry)
}

/// 413 by what the header says, so that nobody sends a gigabyte in vain.
fn announced_length(headers: &HeaderMap, limit_bytes: usize, row: &Row) -> Result<(), ApiError> {
    let Some(length) = headers.get(header::CONTENT_LENGTH) else {
        return Ok(());
    };
    let length: Option<usize> = length.to_str().ok().and_then(|text| text.parse().ok());
    match length {
        Some(length) if length > limit_bytes && row.reads_body() => Err(too_large(limit_bytes)),
        Some(_) => Ok(()),
        None => Err(ApiError::malformed(
            "malformed_request",
            "Content-Length is not a number",
        )),
    }
}

pub(crate) fn too_large(limit_bytes: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("a body may have {limit_bytes} bytes at most"),
    )
}

/// 401: who calls, where the route wants to know.
async fn identify(api: &Api, row: &Row, headers: &HeaderMap, origin: &Origin) -> Result<Option<Caller>, ApiError> {
    if *row.needs() == Needs::Public {
        return Ok(None);
    }
    match credential(headers)? {
        Some(credential) => api.doorman.authenticate(&credential, origin).await.map(Some),
        None if *row.needs() == Needs::PublicOrPerson => Ok(None),
        None => Err(ApiError::not_authenticated()),
    }
}

/// The one credential of the request.
pub(crate) fn credential(headers: &HeaderMap) -> Result<Option<Credential<'_>>, ApiError> {
    let mut shown = headers.get_all(header::AUTHORIZATION);
    let (bearer, second) = (shown.next(), shown.next());
    let mut keys = headers.get_all(&names::X_API_KEY);
    let (key, second_key) = (keys.next(), keys.next());
    match (bearer, key) {
        _ if second.is_some() || second_key.is_some() => Err(ApiError::not_authenticated()),
        (None, None) => Ok(None),
        (Some(bearer), None) => bearer
            .as_bytes()
            .split_at_checked(BEARER.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(BEARER))
            .map(|(_, shown)| Some(Credential::Bearer(Secret::new(shown.trim_ascii()))))
            .ok_or_else(ApiError::not_authenticated),
        (None, Some(key)) => Ok(Some(Credential::ApiKey(Secret::new(key.as_bytes().trim_ascii())))),
        // Two credentials may name two callers; neither is believed.
        (Some(_), Some(_)) => Err(ApiError::not_authenticated()),
    }
}

/// The scheme of RFC 6750, section 2.1, in any case.
const BEARER: &[u8] = b"bearer ";

/// 401, and 404 and 423 of the tenant, by what was decided a moment ago if that is good still.
pub(crate) async fn admit(
    api: &Api,
    credential: &Credential<'_>,
    address: &TenantAddress<'_>,
    origin: &Origin,
) -> Result<Arc<Admission>, ApiError> {
    let question = Question {
        credential,
        address,
        from: origin.address,
    };
    match api.doorman.recall(&question) {
        Some(known) => Ok(known),
        None => api.doorman.admit(&question, origin).await,
    }
}

/// Where who was admitted is now. A program of the installation is let in to its own routes alone.
async fn admitted(
    api: &Api,
    row: &Row,
    admission: &Admission,
    address: &TenantAddress<'_>,
    origin: &Origin,
) -> Result<Entry, ApiError> {
    match (&admission.scope, row.needs()) {
        (Some(scope), _) => Ok(Entry::Tenant(scope.called_from(origin.clone()))),
        (None, Needs::Gateway(_)) => {
            known_host(api, row, address).await?;
            let scope = api.doorman.enter_platform(&admission.caller, origin.clone()).await?;
            Ok(Entry::System(scope))
        }
        (None, _) => {
            let scope = api.doorman.enter(&admission.caller, address, origin.clone()).await?;
            Ok(Entry::Tenant(scope))
        }
    }
}

/// 404 for a host that is neither ours nor a tenant's, where no tenant is entered: that looks at the host by itself.
/// Probes come by any name.
async fn known_host(api: &Api, row: &Row, address: &TenantAddress<'_>) -> Result<(), ApiError> {
    if !row.path().starts_with("/api/") {
        return Ok(());
    }
    let host = TenantAddress {
        host: address.host.clone(),
        ..TenantAddress::default()
    };
    api.doorman.public_tenant(&host).await?;
    Ok(())
}

/// 404 and 423 of the tenant, 403 of the kind of caller.
async fn enter(
    api: &Api,
    row: &Row,
    caller: Option<&Caller>,
    address: &TenantAddress<'_>,
    origin: &Origin,
) -> Result<Entry, ApiError> {
    match (row.needs(), caller) {
        (Needs::Public, _)
        | (Needs::PublicOrPerson, None | Some(Caller::Key(_) | Caller::Platform(_) | Caller::Service(_))) => {
            Ok(Entry::Nobody)
        }
        (_, None) => Err(ApiError::not_authenticated()),
        (Needs::PublicOrPerson | Needs::SignedIn, Some(Caller::Person(person))) => Ok(Entry::Person(person.clone())),
        (Needs::PublicOrPerson | Needs::SignedIn, Some(Caller::Support(visit))) if row.is_for_support() => {
            Ok(Entry::Support(visit.clone()))
        }
        (Needs::PublicOrPerson | Needs::SignedIn, Some(Caller::Support(_))) => {
            Err(ApiError::denied("this is the person's own, and closed to support"))
        }
        (Needs::SignedIn, Some(Caller::Key(_) | Caller::Platform(_) | Caller::Service(_))) => {
            Err(ApiError::denied("this is for signed-in people, not for programs"))
        }
        // All other rows of tenants are entered by an admission.
        (Needs::Tenant(_) | Needs::Gateway(_), Some(caller)) => {
            let scope = api.doorman.enter_to_pay(caller, address, origin.clone()).await?;
            Ok(Entry::Tenant(scope))
        }
        (Needs::Platform(_), Some(caller)) => {
            let scope = api.doorman.enter_system(caller, origin.clone()).await?;
            Ok(Entry::System(scope))
        }
    }
}

/// 403: one of the permissions.
fn permit(row: &Row, entry: &Entry) -> Result<(), ApiError> {
    match (row.needs(), entry) {
        (Needs::Tenant(one_of), Entry::Tenant(scope)) => holds_one(scope.permissions(), one_of),
        (Needs::Gateway(permission), Entry::Tenant(scope)) => {
            holds_one(scope.permissions(), std::slice::from_ref(permission))
        }
        (Needs::Gateway(permission) | Needs::Platform(permission), Entry::System(scope)) => {
            holds_one(scope.permissions(), std::slice::from_ref(permission))
        }
        _ => Ok(()),
    }
}

/// 403: a proof of who one is that is fresh enough. Last, so that nobody proves anything in vain.
fn stepped_up(row: &Row, caller: Option<&Caller>) -> Result<(), ApiError> {
    match caller {
        Some(Caller::Person(person)) if row.needs_step_up() && !person.stepped_up => Err(ApiError::step_up_required()),
        _ => Ok(()),
    }
}

/// 403: what a visit of support does nowhere, whatever the member may. Nobody proves in the member's place who they are,
/// and one that only looks changes nothing: also where the route asks for no permission that would tell.
fn support_may(row: &Row, caller: Option<&Caller>) -> Result<(), ApiError> {
    let Some(Caller::Support(visit)) = caller else {
        return Ok(());
    };
    if row.needs_step_up() {
        return Err(ApiError::denied("only the member themself can do this"));
    }
    if visit.0.read_only && *row.method() != Method::GET && !row.is_for_support() {
        return Err(ApiError::denied("this visit of support may only look"));
    }
    Ok(())
}

fn holds_one(held: &PermissionSet, one_of: &[Permission]) -> Result<(), ApiError> {
    match one_of.first() {
        Some(first) if !one_of.iter().any(|permission| held.holds(permission)) => {
            Err(ApiError::denied(format!("the permission {first} is needed")))
        }
        _ => Ok(()),
    }
}

/// What the path, the header and the host say about the tenant.
pub(crate) fn address<'r>(
    request: &'r HttpRequest,
    row: &Row,
    values: &'r [String],
    host: Option<Cow<'r, str>>,
) -> TenantAddress<'r> {
    let position = row.params().iter().position(|name| *name == "tenant");
    let path = position.and_then(|position| values.get(position));
    named(request, path.map(Cow::from), host)
}

/// The same where the tenant of the path is known.
pub(crate) fn named<'r>(
    request: &'r HttpRequest,
    path: Option<Cow<'r, str>>,
    host: Option<Cow<'r, str>>,
) -> TenantAddress<'r> {
    TenantAddress {
        path,
        header: request
            .headers()
            .get(&names::X_TENANT_ID)
            // An unreadable name is the name of nobody: 404 like any unknown one.
            .map(|value| value.to_str().unwrap_or("\u{fffd}").trim().into()),
        host,
    }
}
