//! One attempt: a signed POST to an address that was checked, by a client that follows nothing and reads no body.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, header};

use super::sign::signature;
use crate::db::webhooks::TargetRow;
use crate::service::webhooks::address::Targets;
use crate::service::webhooks::delivery::{Outcome, Parcel};
use crate::tls;

/// How long an attempt may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an attempt may take in all. INVARIANT: shorter than what was claimed stays claimed.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends parcels. Clones share one client.
#[derive(Clone)]
pub(super) struct Sender {
    client: Client,
    targets: Targets,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SenderError {
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

impl Sender {
    /// One whose parcels go only where they may.
    pub(super) fn new(targets: Targets) -> Result<Self, SenderError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client()?)
            .https_only(targets == Targets::Public)
            // A proxy would resolve names by itself; a redirect or a kept connection would lead around the check.
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .http1_only()
            .dns_resolver(Checked { targets })
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("promotion-engine/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, targets })
    }

    /// Tries once, at this time in seconds. Any answer of 2xx means that it has arrived; its body is not read.
    pub(super) async fn send(&self, target: &TargetRow, parcel: &Parcel, now: i64) -> Outcome {
        // Addresses that stand in the URL never come to the resolver. What may be put may have changed since it was.
        let url = self.targets.read(&target.url);
        let url = url.map_err(|fault| format!("the URL {fault}"))?;
        let id = parcel.event_id.to_string();
        let signature = signature(&target.secret, &id, now, &parcel.payload);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature.unwrap_or_default())
            .body(parcel.payload.clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answered {}", answer.status().as_u16())),
            Err(error) => Err(fault(&error)),
        }
    }
}

/// What was wrong, without the URL and without what a receiver may have written.
fn fault(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    while let Some(own) = cause {
        if own.is::<NotPublic>() {
            return NotPublic.to_string();
        }
        cause = own.source();
    }
    let fault = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "cannot be connected to"
    } else {
        "did not answer"
    };
    fault.to_owned()
}

/// A name leads to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("leads to an address that is not public")]
struct NotPublic;

/// Resolves names to addresses that may be connected to: the client connects to these very addresses, and so nothing
/// can change between the check and its use.
struct Checked {
    targets: Targets,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.targets;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One that is not public among others is no mistake that an honest receiver makes.
            if !found.iter().all(|address| targets.allow(address.ip())) {
                return Err(NotPublic.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_of_this_machine_are_refused_unless_all_are_allowed() {
        let resolve = |targets, name: &str| Checked { targets }.resolve(name.parse().unwrap());
        let refused = resolve(Targets::Public, "localhost").await;
        assert!(refused.is_err_and(|error| error.is::<NotPublic>()));
        assert!(resolve(Targets::Any, "localhost").await.is_ok());
    }
}
