//! One attempt: a signed POST to a checked address. The client follows no redirects and reads no bodies.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, header};
use tokio::net::lookup_host;
use uuid::Uuid;

use super::sign::signatures;
use crate::db::webhooks::TargetRow;
use crate::service::webhooks::address::Targets;
use crate::service::webhooks::delivery::Outcome;
use crate::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole attempt may take. INVARIANT: this is shorter than the lease of a claim.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends parcels. Clones share one client.
#[derive(Clone)]
pub(super) struct Sender {
    client: Client,
    targets: Targets,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SenderError {
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

impl Sender {
    /// A sender that sends only to allowed targets.
    pub(super) fn new(targets: Targets) -> Result<Self, SenderError> {
        Self::with(targets, look_up)
    }

    fn with(targets: Targets, look_up: LookUp) -> Result<Self, SenderError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client()?)
            .https_only(targets == Targets::Public)
            // A proxy would resolve names itself. A redirect or a reused connection would bypass the check.
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .http1_only()
            .dns_resolver(Checked { targets, look_up })
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("promotion-engine/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, targets })
    }

    /// Makes one attempt. `now` is in seconds. Any 2xx answer means that the event has arrived.
    pub(super) async fn send(
        &self,
        target: &TargetRow,
        event_id: Uuid,
        payload: &str,
        now: i64,
    ) -> Outcome {
        // An address in the URL itself never reaches the resolver, so it is checked here. The operator's setting may
        // have changed since the webhook was made.
        let url = self.targets.read(&target.url);
        let url = url.map_err(|fault| format!("the URL {fault}"))?;
        let id = event_id.to_string();
        let signature = signatures(target.secrets(now), &id, now, payload);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(payload.to_owned());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answered {}", answer.status().as_u16())),
            Err(error) => Err(fault(&error)),
        }
    }
}

/// What was wrong, without the URL and without any text from the receiver.
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

#[derive(Debug, thiserror::Error)]
#[error("leads to an address that is not public")]
struct NotPublic;

type LookUp = fn(Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

fn look_up(name: Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(lookup_host((name.as_str(), 0)).await?.collect()) })
}

/// Resolves names to allowed addresses. The client connects to exactly these addresses, so nothing can change between
/// the check and the connection.
struct Checked {
    targets: Targets,
    look_up: LookUp,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.targets;
        let look_up = (self.look_up)(name);
        Box::pin(async move {
            let found = look_up.await?;
            // One address that is not public is enough to refuse. An honest receiver does not mix them.
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;

    fn resolve(
        targets: Targets,
        look_up: LookUp,
        name: &str,
    ) -> impl Future<Output = Result<Vec<SocketAddr>, axum::BoxError>> {
        let name = name.parse().unwrap();
        let found = Checked { targets, look_up }.resolve(name);
        async { Ok(found.await?.collect()) }
    }

    #[tokio::test]
    async fn names_of_this_machine_are_refused_unless_all_are_allowed() {
        let refused = resolve(Targets::Public, look_up, "localhost").await;
        assert!(refused.is_err_and(|error| error.is::<NotPublic>()));
        assert!(resolve(Targets::Any, look_up, "localhost").await.is_ok());
    }

    fn target(url: String) -> TargetRow {
        TargetRow { url, secret: vec![0; 32], former_secret: None, former_until: None }
    }

    const PUBLIC: [u8; 4] = [93, 184, 215, 14];

    fn addresses(found: &[[u8; 4]]) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let found = found.iter().map(|own| SocketAddr::from((*own, 0))).collect();
        Box::pin(async { Ok(found) })
    }

    #[tokio::test]
    async fn a_name_is_refused_as_soon_as_it_leads_elsewhere() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        // A resolver that answers with a public address first, and later with internal ones.
        let rebinding: LookUp = |_| {
            addresses(match ASKED.fetch_add(1, Ordering::Relaxed) {
                0 => &[PUBLIC],
                1 => &[[169, 254, 169, 254]],
                _ => &[PUBLIC, [127, 0, 0, 1]],
            })
        };
        let first = resolve(Targets::Public, rebinding, "rebinding.example").await;
        assert_eq!(first.unwrap(), [SocketAddr::from((PUBLIC, 0))]);
        for _ in 0..2 {
            let later = resolve(Targets::Public, rebinding, "rebinding.example").await;
            assert!(later.is_err_and(|error| error.is::<NotPublic>()));
        }
    }

    /// If the client resolved the name again to connect, it would use an address that was not checked.
    #[tokio::test]
    async fn an_attempt_looks_up_once_and_connects_to_what_was_checked() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let rebinding: LookUp = |_| {
            addresses(match ASKED.fetch_add(1, Ordering::Relaxed) {
                0 => &[[127, 0, 0, 1]],
                _ => &[[127, 0, 0, 2]],
            })
        };
        let meant = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = meant.local_addr().unwrap().port();
        // Some platforms have only one loopback address. Then this listener cannot exist, and nothing can connect to
        // it.
        let other = TcpListener::bind(("127.0.0.2", port)).await.ok();
        let target = target(format!("http://rebinding.example:{port}/"));
        let sender = Sender::with(Targets::Any, rebinding).unwrap();
        let sent = tokio::spawn(async move { sender.send(&target, Uuid::nil(), "{}", 0).await });
        let other = async {
            match other {
                Some(other) => drop(other.accept().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            met = meant.accept() => drop(met),
            () = other => panic!("connected to what was not checked"),
        }
        // The listener closed the connection without an answer.
        assert!(sent.await.unwrap().is_err());
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_name_that_leads_within_is_not_connected_to() {
        let within: LookUp = |_| addresses(&[[127, 0, 0, 1]]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = target(format!("https://rebinding.example:{port}/"));
        let sender = Sender::with(Targets::Public, within).unwrap();
        let sent = sender.send(&target, Uuid::nil(), "{}", 0);
        let refused = tokio::select! {
            sent = sent => sent,
            _ = listener.accept() => panic!("connected"),
        };
        assert_eq!(refused, Err(NotPublic.to_string()));
    }
}
