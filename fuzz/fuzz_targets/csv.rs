//! What a spreadsheet wrote is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::wire::csv;
use promotion_engine::wire::faults::Faults;

fuzz_target!(|bytes: &[u8]| {
    for read in [
        |bytes: &[u8], faults: &mut Faults| csv::codes(bytes, faults).is_some(),
        |bytes: &[u8], faults: &mut Faults| csv::skus(bytes, 1_000, faults).is_some(),
        |bytes: &[u8], faults: &mut Faults| csv::stores(bytes, faults).is_some(),
    ] {
        let mut faults = Faults::new();
        assert!(read(bytes, &mut faults) || !faults.is_empty());
    }
});
