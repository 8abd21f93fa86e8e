//! TLS of what the service calls: the roots that browsers trust, and one provider of cryptography.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// How a client speaks TLS.
pub fn client() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
