//! The few names and numbers that documents are made of: few, so that things collide.

/// SKUs; `promotions` also name one that no cart has.
pub const SKUS: &[&str] = &["A", "B", "C", "D", "E"];
/// Products, of which several SKUs are variants.
pub const PRODUCTS: &[&str] = &["P", "Q"];
/// Categories.
pub const CATEGORIES: &[&str] = &["Tops", "Bottoms", "Gifts"];
/// Brands.
pub const BRANDS: &[&str] = &["Acme", "Zest"];
/// Tags.
pub const TAGS: &[&str] = &["new", "last chance", "eco"];
/// Unit prices.
pub const PRICES: &[&str] =
    &["10", "10.00", "20", "30", "19.99", "100", "7.5", "0.35", "0", "12.3456"];
/// Quantities of a line.
pub const QUANTITIES: &[&str] = &["1", "1", "2", "2", "3", "4", "5", "6"];
/// Quantities that are not whole.
pub const FRACTIONS: &[&str] = &["0.5", "1.5", "2.25", "0.333", "3.750"];
/// Sales channels.
pub const CHANNELS: &[&str] = &["store", "web"];
/// Customer groups.
pub const GROUPS: &[&str] = &["staff", "students"];
/// Tiers of a loyalty program.
pub const TIERS: &[&str] = &["gold", "silver"];
/// Time zones, three of them with daylight saving.
pub const ZONES: &[&str] =
    &["Asia/Kolkata", "America/New_York", "Europe/London", "Australia/Lord_Howe"];
/// Times of day, some of which a clock skips or shows twice.
pub const CLOCKS: &[&str] =
    &["00:00", "01:30", "02:00", "02:30", "09:00", "12:00", "18:00", "23:30"];
/// Days of the week.
pub const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
