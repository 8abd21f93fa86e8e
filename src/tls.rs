//! TLS for outgoing connections: the root certificates that browsers trust, and one cryptography provider.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// The TLS configuration of a client.
pub fn client() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
