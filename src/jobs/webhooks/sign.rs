//! Signatures of the Standard Webhooks scheme.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header `webhook-signature` of a message: a signature with each secret, separated by spaces.
pub(super) fn signatures<'s>(
    secrets: impl Iterator<Item = &'s [u8]>,
    id: &str,
    timestamp: i64,
    payload: &str,
) -> String {
    let signed = secrets.filter_map(|secret| signature(secret, id, timestamp, payload));
    signed.collect::<Vec<_>>().join(" ")
}

/// The HMAC-SHA256 of a message's id, the time in seconds, and the payload.
fn signature(secret: &[u8], id: &str, timestamp: i64, payload: &str) -> Option<String> {
    // HMAC accepts a secret of any length, so this never fails.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(payload.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example from the scheme's documentation.
    #[test]
    fn the_example_of_the_scheme_is_signed_as_it_says() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
