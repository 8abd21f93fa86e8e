//! The first checks of every request (spec 1): who calls, whether the role is allowed, and whether the tenant may have
//! one more request in progress.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::edge::Seat;
use super::problem::ApiError;
use super::state::Api;
use crate::cache::{Known, NoRoom, Session};
use crate::domain::id::{CursorKey, TenantId};
use crate::domain::rate::Work;
use crate::domain::role::Role;
use crate::metrics::{Metrics, RateLimit};
use crate::service::{Actor, api_key};
use crate::telemetry;

/// What a path allows: the roles that may call it, and the tenant's rate limit that its requests count against.
pub trait Allowed {
    const ROLES: &'static [Role];
    const WORK: Work;
}

/// A caller with a role that the path allows.
#[derive(Clone, Copy, Debug)]
pub struct Caller<A> {
    known: Known,
    allowed: PhantomData<A>,
}

macro_rules! callers {
    ($($(#[$who:meta])* $name:ident: [$($role:ident),+], $work:ident;)+) => {$(
        $(#[$who])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Allowed for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),+];
            const WORK: Work = Work::$work;
        }
    )+};
}

callers! {
    /// An admin of a tenant.
    Admin: [Admin], Admin;
    /// A caller who may read what admins write.
    Reader: [Admin, Viewer], Admin;
    /// A caller who looks up codes, which viewers see masked.
    CodeReader: [Pos, Admin], Admin;
    /// A caller who prices carts.
    Pricer: [Pos, Admin], Evaluate;
    /// A caller who redeems carts.
    Pos: [Pos, Admin], Redeem;
    /// A caller who may read what tills write.
    PosReader: [Pos, Admin, Viewer], Admin;
    /// A caller who issues promotions to customers.
    Issuer: [Issuer, Admin], Admin;
    /// A caller who reports what customers do and claim.
    Teller: [Pos, Issuer, Admin], Redeem;
    /// A caller who may read issuances: every role of the tenant.
    HandReader: [Pos, Issuer, Admin, Viewer], Admin;
}

impl<A> Caller<A> {
    pub fn tenant(&self) -> TenantId {
        self.known.tenant
    }

    /// The caller, as the audit trail names it.
    pub fn actor(&self) -> Actor {
        Actor { tenant: self.known.tenant, key: Some(self.known.key) }
    }

    /// The key that seals the cursors of the caller's lists.
    pub fn cursors(&self) -> CursorKey {
        self.known.cursors
    }

    pub fn is_admin(&self) -> bool {
        self.known.role == Role::Admin
    }

    /// Whether the caller may see whole codes.
    pub fn sees_codes(&self) -> bool {
        self.known.role != Role::Viewer
    }
}

impl<A: Allowed> FromRequestParts<Api> for Caller<A> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let session = match whose(parts, api).await? {
            Key::Tenant(session) if A::ROLES.contains(&session.known().role) => session,
            Key::Tenant(_) | Key::Operator => return Err(ApiError::Forbidden),
        };
        let (known, bounds) = (session.known(), api.inner.bounds);
        let place = session
            .admit(A::WORK, bounds.in_flight_of_tenant, bounds.unsent_bytes_of_tenant)
            .inspect_err(|why| count(api.service().metrics(), A::WORK, *why))?;
        Seat::keep(parts, place);
        Ok(Self { known, allowed: PhantomData })
    }
}

/// The operator. It manages tenants and keys, and reads nothing inside a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Operator(CursorKey);

impl Operator {
    /// The key that seals the cursors of the operator's lists.
    pub fn cursors(&self) -> CursorKey {
        self.0
    }
}

impl FromRequestParts<Api> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Some(operator) = api.inner.operator else {
            return Err(ApiError::ManagementClosed);
        };
        match whose(parts, api).await? {
            // All instances have the same operator key, so every instance can open these cursors.
            Key::Operator => Ok(Self(CursorKey::new(operator))),
            Key::Tenant(_) => Err(ApiError::Forbidden),
        }
    }
}

enum Key {
    Operator,
    Tenant(Session),
}

fn count(metrics: &Metrics, work: Work, why: NoRoom) {
    match why {
        NoRoom::Rate(_) => metrics.requests_rate_limited.inc(match work {
            Work::Evaluate => RateLimit::Evaluate,
            Work::Redeem => RateLimit::Redeem,
            Work::Admin => RateLimit::Admin,
        }),
        // Guesses are counted where codes are looked up; a full share is counted at the edge with all shed requests.
        NoRoom::Guesses(_) | NoRoom::Share => {}
    }
}

async fn whose(parts: &Parts, api: &Api) -> Result<Key, ApiError> {
    let key = bearer(parts).ok_or(ApiError::Unauthorized)?;
    let Some((tenant, hash)) = api_key::read(key) else {
        let is_operator = api
            .inner
            .operator
            .is_some_and(|operator| api_key::equal(&operator, &api_key::hash(key)));
        return if is_operator { Ok(Key::Operator) } else { Err(ApiError::Unauthorized) };
    };
    let session = api.service().cache().authenticate(tenant, &hash).await?;
    telemetry::of_tenant(session.known().tenant);
    Ok(Key::Tenant(session))
}

fn bearer(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
