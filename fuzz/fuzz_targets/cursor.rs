//! What is not sealed is no cursor; what was sealed is a place of its list, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::api::page::Cursor;
use promotion_engine::api::seal::Seal;
use promotion_engine::db::audit::AuditCursor;
use promotion_engine::db::promotion_list::PromotionCursor;
use promotion_engine::domain::id::{CursorKey, KeyId};

fuzz_target!(|text: &str| {
    let seal = Seal::new(CursorKey::new([7; 32]), "/v1/audit".to_owned());
    assert!(seal.open(text).is_none());
    let _ = String::place(text);
    let _ = i32::place(text);
    let _ = KeyId::place(text);
    let _ = AuditCursor::place(text);
    let _ = PromotionCursor::place(text);
});
