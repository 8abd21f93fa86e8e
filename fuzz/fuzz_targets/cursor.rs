//! A cursor is a place of its list, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::api::page;
use promotion_engine::db::audit::AuditCursor;
use promotion_engine::db::promotions::PromotionCursor;
use promotion_engine::domain::id::KeyId;

fuzz_target!(|text: &str| {
    let _ = page::place::<String>(text);
    let _ = page::place::<i32>(text);
    let _ = page::place::<KeyId>(text);
    let _ = page::place::<AuditCursor>(text);
    let _ = page::place::<PromotionCursor>(text);
});
