//! API keys: their format, and how they are made and read.
//!
//! `pe_pos_<tenant, 32 hex>_<256 random bits, 64 hex><checksum, 8 hex>`. The role helps people and log scanners. The
//! tenant says where to look the key up. The checksum rejects typing errors and guesses before any look-up. Only the
//! SHA-256 of the whole key is stored.

use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::convert::hex;
use crate::domain::id::TenantId;
use crate::domain::names::Named;
use crate::domain::role::Role;

const PREFIX: &str = "pe_";
const SECRET_BYTES: usize = 32;
const TENANT_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 8;
const TAIL_LENGTH: usize = 2 * SECRET_BYTES + CHECKSUM_LENGTH;
const MAX_LENGTH: usize = 128;

/// A key's SHA-256. It is stored, and is the key of caches.
pub type KeyHash = [u8; 32];

/// A new key. Its text is shown once.
#[derive(Clone)]
pub struct Minted {
    pub text: String,
    pub hash: KeyHash,
    /// Its last three characters, so that people can distinguish keys.
    pub hint: String,
}

/// Makes a key with a cryptographic generator that the operating system seeds.
pub fn mint(tenant: TenantId, role: Role) -> Minted {
    let mut secret = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut secret);
    let mut text = format!("{PREFIX}{}_{}_{}", role.name(), tenant.uuid().simple(), hex(&secret));
    let checksum = checksum(&text);
    text.push_str(&checksum);
    let hint = text.get(text.len().saturating_sub(3)..).unwrap_or_default().to_owned();
    Minted { hash: hash(&text), hint, text }
}

/// The tenant in a key, and the key's hash; `None` if the text cannot be a key.
pub fn read(text: &str) -> Option<(TenantId, KeyHash)> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (signed, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_LENGTH)?)?;
    let mut parts = text.strip_prefix(PREFIX)?.split('_');
    let (role, tenant, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let well_formed = parts.next().is_none()
        && Role::named(role).is_some()
        && tenant.len() == TENANT_LENGTH
        && tail.len() == TAIL_LENGTH;
    if !well_formed || checksum(signed) != sum {
        return None;
    }
    Some((TenantId::new(Uuid::try_parse(tenant).ok()?), hash(text)))
}

pub fn hash(text: &str) -> KeyHash {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether two hashes are equal. The time does not depend on where they differ.
pub fn equal(a: &KeyHash, b: &KeyHash) -> bool {
    a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

/// A checksum that is independent of [`hash`], so that it reveals nothing about the stored hash.
fn checksum(text: &str) -> String {
    let digest = Sha256::new().chain_update(b"checksum:").chain_update(text.as_bytes()).finalize();
    hex(digest.get(..CHECKSUM_LENGTH / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_tenant_and_every_typing_error_shows() {
        let tenant = TenantId::new(Uuid::now_v7());
        let key = mint(tenant, Role::Viewer);
        assert_eq!(read(&key.text), Some((tenant, key.hash)));
        assert!(key.text.starts_with("pe_viewer_") && key.text.ends_with(&key.hint));
        for place in 0..key.text.len() {
            let mut typo = key.text.clone().into_bytes();
            typo[place] = if typo[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(read(std::str::from_utf8(&typo).unwrap()), None);
        }
        assert_eq!(read(""), None);
        assert_eq!(read("pe_é_é"), None);
        assert_ne!(mint(tenant, Role::Pos).hash, mint(tenant, Role::Pos).hash);
    }

    #[test]
    fn hashes_are_compared_whole() {
        assert!(equal(&[7; 32], &[7; 32]));
        let mut other = [7; 32];
        other[31] = 8;
        assert!(!equal(&[7; 32], &other));
    }
}
