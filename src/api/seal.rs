//! Sealed cursors, which callers cannot read. A cursor is sealed for its list and its tenant, with a key that every
//! instance reads from the database. A text that this service did not seal is no cursor.
//!
//! The nonce is a keyed hash of the sealed text. So the same place always has the same cursor, and no two texts share a
//! nonce. The text is padded, so that its length reveals little.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;

use crate::domain::id::CursorKey;

/// Bytes of a nonce.
const NONCE: usize = 12;
/// Texts are padded to a multiple of this many bytes before they are sealed.
const BLOCK: usize = 64;
/// Longest text that can be one of our cursors.
const MAX_CURSOR: usize = 4_096;

/// The seal of the cursors of one list of one tenant.
#[derive(Clone, Debug)]
pub struct Seal {
    key: CursorKey,
    list: String,
}

impl Seal {
    /// The seal of the list at this path.
    pub fn new(key: CursorKey, list: String) -> Self {
        Self { key, list }
    }

    /// The cursor of a place. It is `None` if the cipher fails, which does not happen.
    pub fn close(&self, place: &str) -> Option<String> {
        let mut text = place.as_bytes().to_vec();
        text.resize(text.len().next_multiple_of(BLOCK), 0);
        let nonce = self.nonce(&text)?;
        let mut cursor = nonce.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.cipher()?
            .seal_in_place_append_tag(nonce, Aad::from(self.list.as_bytes()), &mut text)
            .ok()?;
        cursor.append(&mut text);
        Some(URL_SAFE_NO_PAD.encode(cursor))
    }

    /// The place of a cursor, if the cursor was sealed for this list.
    pub fn open(&self, cursor: &str) -> Option<String> {
        if cursor.len() > MAX_CURSOR {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let list = Aad::from(self.list.as_bytes());
        let text = self.cipher()?.open_in_place(nonce, list, &mut sealed).ok()?;
        let text = std::str::from_utf8(text).ok()?;
        Some(text.trim_end_matches('\0').to_owned())
    }

    fn derived(&self, purpose: &[u8]) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.bytes());
        hmac::sign(&key, purpose)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        let key = self.derived(b"cursor cipher");
        UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).ok().map(LessSafeKey::new)
    }

    fn nonce(&self, text: &[u8]) -> Option<[u8; NONCE]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.derived(b"cursor nonce").as_ref());
        let mut context = hmac::Context::with_key(&key);
        // The text is padded to whole blocks and its length comes first, so the hashed bytes never equal those of
        // another list.
        context.update(&u64::try_from(text.len()).ok()?.to_be_bytes());
        context.update(text);
        context.update(self.list.as_bytes());
        context.sign().as_ref().first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: u8, list: &str) -> Seal {
        Seal::new(CursorKey::new([key; 32]), list.to_owned())
    }

    #[test]
    fn a_cursor_opens_with_its_own_key_and_list_alone() {
        let own = seal(1, "/v1/stores");
        for place in ["n", "nBLR-01", "née", &format!("n{}", "x".repeat(255))] {
            let cursor = own.close(place).unwrap();
            assert_eq!(own.open(&cursor).as_deref(), Some(place));
            assert_eq!(own.close(place).as_deref(), Some(cursor.as_str()));
            assert_eq!(seal(2, "/v1/stores").open(&cursor), None);
            assert_eq!(seal(1, "/v1/audit").open(&cursor), None);
            let last = if cursor.ends_with('A') { "Q" } else { "A" };
            let changed = format!("{}{last}", &cursor[..cursor.len() - 1]);
            assert_eq!(own.open(&changed), None);
        }
    }

    #[test]
    fn a_cursor_shows_neither_its_place_nor_how_long_that_is() {
        let own = seal(1, "/v1/promotions/1/codes");
        let lengths = ["nA", "nSAVE10", "nDIW-7KWQ2NSMXB"].map(|place| {
            let cursor = own.close(place).unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let name = &place.as_bytes()[1..];
            let shown = name.len() > 2 && bytes.windows(name.len()).any(|part| part == name);
            assert!(!shown, "{place}");
            cursor.len()
        });
        assert_eq!(lengths, [lengths[0]; 3]);
    }

    #[test]
    fn garbage_is_no_cursor() {
        let own = seal(1, "/v1/stores");
        for garbage in ["", "A", "zz", "é", "6e0a", &"A".repeat(16), &"A".repeat(5_000)] {
            assert_eq!(own.open(garbage), None, "{garbage}");
        }
    }
}
