//! Who calls, whether the role allows it, and whether there is room for one more of the tenant's: the first checks of
//! every request (spec 1).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};

use super::Api;
use super::edge::{EVALUATE, Seat};
use super::problem::ApiError;
use crate::cache::{Known, NoRoom, Session};
use crate::domain::id::{CursorKey, TenantId};
use crate::domain::rate::Work;
use crate::domain::role::Role;
use crate::metrics::{Metrics, RateLimit};
use crate::service::{Actor, api_key};
use crate::telemetry;

/// An admin of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Admin(Known);

/// An admin or a viewer: whoever may read what admins write.
#[derive(Clone, Copy, Debug)]
pub struct Reader(Known);

/// A point of sale, or an admin.
#[derive(Clone, Copy, Debug)]
pub struct Pos(Known);

/// A point of sale, an admin or a viewer: whoever may read what tills write.
#[derive(Clone, Copy, Debug)]
pub struct PosReader(Known);

/// An issuer, or an admin.
#[derive(Clone, Copy, Debug)]
pub struct Issuer(Known);

/// A point of sale, an issuer or an admin: whoever tells what customers do and claim.
#[derive(Clone, Copy, Debug)]
pub struct Teller(Known);

/// Whoever may read issuances: every role of the tenant.
#[derive(Clone, Copy, Debug)]
pub struct HandReader(Known);

/// The operator, who manages tenants and keys and reads nothing inside a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Operator(CursorKey);

impl Operator {
    /// What the cursors of the operator's lists are sealed with.
    pub fn cursors(&self) -> CursorKey {
        self.0
    }
}

impl Admin {
    /// Who the audit trail names.
    pub fn actor(&self) -> Actor {
        Actor { tenant: self.0.tenant, key: Some(self.0.key) }
    }
}

impl Reader {
    /// What the cursors of the caller's lists are sealed with.
    pub fn cursors(&self) -> CursorKey {
        self.0.cursors
    }

    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// Whether codes are shown to the caller whole.
    pub fn sees_codes(&self) -> bool {
        self.0.role == Role::Admin
    }
}

impl Pos {
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// Whether the caller may evaluate as if at another time.
    pub fn is_admin(&self) -> bool {
        self.0.role == Role::Admin
    }
}

impl PosReader {
    /// Whether the caller may list codes, so that it has no need to guess at them.
    pub fn is_admin(&self) -> bool {
        self.0.role == Role::Admin
    }

    /// What the cursors of the caller's lists are sealed with.
    pub fn cursors(&self) -> CursorKey {
        self.0.cursors
    }

    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// Whether codes are shown to the caller whole.
    pub fn sees_codes(&self) -> bool {
        self.0.role != Role::Viewer
    }
}

impl Issuer {
    /// Who the audit trail names.
    pub fn actor(&self) -> Actor {
        Actor { tenant: self.0.tenant, key: Some(self.0.key) }
    }
}

impl Teller {
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }
}

impl HandReader {
    /// What the cursors of the caller's lists are sealed with.
    pub fn cursors(&self) -> CursorKey {
        self.0.cursors
    }

    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }
}

impl FromRequestParts<Api> for Issuer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Issuer, Role::Admin]).await.map(Self)
    }
}

impl FromRequestParts<Api> for Teller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Pos, Role::Issuer, Role::Admin]).await.map(Self)
    }
}

impl FromRequestParts<Api> for HandReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let every = [Role::Pos, Role::Issuer, Role::Admin, Role::Viewer];
        allowed(parts, api, &every).await.map(Self)
    }
}

impl FromRequestParts<Api> for PosReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Pos, Role::Admin, Role::Viewer]).await.map(Self)
    }
}

impl FromRequestParts<Api> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Admin]).await.map(Self)
    }
}

impl FromRequestParts<Api> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Admin, Role::Viewer]).await.map(Self)
    }
}

impl FromRequestParts<Api> for Pos {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        allowed(parts, api, &[Role::Pos, Role::Admin]).await.map(Self)
    }
}

impl FromRequestParts<Api> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Some(operator) = api.operator() else {
            return Err(ApiError::ManagementClosed);
        };
        match caller(parts, api).await? {
            // All instances have the operator's key.
            Caller::Operator => Ok(Self(CursorKey::new(operator))),
            Caller::Key(_) => Err(ApiError::Forbidden),
        }
    }
}

enum Caller {
    Operator,
    Key(Session),
}

async fn allowed(parts: &Parts, api: &Api, roles: &[Role]) -> Result<Known, ApiError> {
    match caller(parts, api).await? {
        Caller::Key(session) if roles.contains(&session.known().role) => {
            let known = session.known();
            let work = work(parts);
            let bounds = api.bounds();
            let place = session
                .admit(work, bounds.in_flight_of_tenant, bounds.unsent_bytes_of_tenant)
                .inspect_err(|why| count(api.service().metrics(), work, *why))?;
            Seat::keep(parts, place);
            Ok(known)
        }
        Caller::Key(_) | Caller::Operator => Err(ApiError::Forbidden),
    }
}

fn count(metrics: &Metrics, work: Work, why: NoRoom) {
    match why {
        NoRoom::Rate(_) => metrics.requests_rate_limited.inc(match work {
            Work::Evaluate => RateLimit::Evaluate,
            Work::Redeem => RateLimit::Redeem,
            Work::Admin => RateLimit::Admin,
        }),
        // Counted where codes are looked up, and at the edge with all that is shed.
        NoRoom::Guesses(_) | NoRoom::Share => {}
    }
}

/// Which of the tenant's rates a request counts under.
fn work(parts: &Parts) -> Work {
    let path = parts.uri.path();
    let is_of_tills = || {
        path.starts_with("/v1/redemptions")
            || path == "/v1/activities"
            || path.ends_with("/activate")
            || path.ends_with("/activations")
    };
    if path == EVALUATE {
        Work::Evaluate
    } else if parts.method == Method::POST && is_of_tills() {
        Work::Redeem
    } else {
        Work::Admin
    }
}

async fn caller(parts: &Parts, api: &Api) -> Result<Caller, ApiError> {
    let key = bearer(parts).ok_or(ApiError::Unauthorized)?;
    let Some((tenant, hash)) = api_key::read(key) else {
        let is_operator =
            api.operator().is_some_and(|operator| api_key::equal(&operator, &api_key::hash(key)));
        return if is_operator { Ok(Caller::Operator) } else { Err(ApiError::Unauthorized) };
    };
    let session = api.service().cache().authenticate(tenant, &hash).await?;
    telemetry::of_tenant(session.known().tenant);
    Ok(Caller::Key(session))
}

fn bearer(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
