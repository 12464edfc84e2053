//! The declarations in front of a route: needs a tenant, needs feature X, consumes meter Y.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use tenantry_http_actix::ApiError;
use tenantry_kernel::{Permission, TenantScope};

use super::Tenantry;

/// What must hold before a route runs. As a middleware (`.wrap(..)`) it leaves the scope with the request: the action
/// takes it as `web::ReqData<TenantScope>`.
#[must_use]
#[derive(Clone)]
pub struct Protection {
    tenantry: Tenantry,
    permission: Option<Permission>,
    feature: Option<String>,
    consumes: Option<(String, i64)>,
}

impl Protection {
    pub(super) const fn of(tenantry: Tenantry) -> Self {
        Self {
            tenantry,
            permission: None,
            feature: None,
            consumes: None,
        }
    }

    /// The caller must hold this permission: one of Tenantry's, or one that the catalog declares.
    pub fn permission(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// The plan must have this feature.
    pub fn feature(mut self, feature: impl Into<String>) -> Self {
        self.feature = Some(feature.into());
        self
    }

    /// One run uses this much of a meter. It is counted before the route runs, and only when everything else holds.
    pub fn consumes(mut self, meter: impl Into<String>, amount: i64) -> Self {
        self.consumes = Some((meter.into(), amount));
        self
    }

    /// Passes when all declarations hold, and counts.
    ///
    /// # Errors
    /// As [`Tenantry::enter`], [`Tenantry::require_feature`] and [`Tenantry::consume`]; 403 without the permission.
    pub async fn admit(&self, request: &HttpRequest) -> Result<TenantScope, ApiError> {
        let scope = self.tenantry.enter(request).await?;
        if let Some(permission) = &self.permission {
            scope.require(permission)?;
        }
        if let Some(feature) = &self.feature {
            self.tenantry.require_feature(&scope, feature).await?;
        }
        if let Some((meter, amount)) = &self.consumes {
            self.tenantry.consume(&scope, meter, *amount).await?;
        }
        Ok(scope)
    }
}

impl<S, B> Transform<S, ServiceRequest> for Protection
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Protected<S>;
    type InitError = ();
    type Future = Ready<Result<Protected<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Protected {
            protection: Rc::new(self.clone()),
            service: Rc::new(service),
        }))
    }
}

/// A route behind its declarations.
pub struct Protected<S> {
    protection: Rc<Protection>,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for Protected<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<ServiceResponse<EitherBody<B>>, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (protection, service) = (Rc::clone(&self.protection), Rc::clone(&self.service));
        Box::pin(async move {
            match protection.admit(request.request()).await {
                Ok(scope) => request.extensions_mut().insert(scope),
                // An answer and not an error: what is wrapped around sees every refusal as it goes out.
                Err(refused) => return Ok(request.into_response(refused.error_response()).map_into_right_body()),
            };
            Ok(service.call(request).await?.map_into_left_body())
        })
    }
}
