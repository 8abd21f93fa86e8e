//! Windows and spans of days when clocks change and months end, by a clock that the tests move: days of windows are
//! those of the tenant's calendar, days of spans are 24 hours (spec 9, 11).

use chrono::{DateTime, Days, Months, NaiveDate, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use promotion_engine::jobs::issuances::round;
use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

use crate::events::all;

/// Before the end of a window: long enough for a request on a busy machine.
const JUST_BEFORE: TimeDelta = TimeDelta::seconds(30);
const MS: TimeDelta = TimeDelta::milliseconds(1);

/// A day: year, month, day, and its length in minutes.
type Change = (i32, u32, u32, i64);

/// Days whose length the clock changes, by zone.
const CHANGES: [(&str, [Change; 2]); 3] = [
    ("Europe/Berlin", [(2027, 3, 28, 23 * 60), (2027, 10, 31, 25 * 60)]),
    ("America/New_York", [(2027, 3, 14, 23 * 60), (2027, 11, 7, 25 * 60)]),
    // Half an hour, and summer is in January.
    ("Australia/Lord_Howe", [(2027, 4, 4, 24 * 60 + 30), (2027, 10, 3, 23 * 60 + 30)]),
];

fn midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_hms_opt(0, 0, 0).unwrap();
    zone.from_local_datetime(&midnight).unwrap().to_utc()
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// The discount of a sale to the customer now.
async fn sell(service: &Service, tenant: &Tenant) -> String {
    let mut request = cart();
    request["customer"] = json!({"id": "C"});
    let body = json!({"transaction_id": random_id(), "request": request});
    let sold = service.post("/v1/redemptions", &tenant.pos, body).await;
    let totals = sold.expect(201).body["result"]["totals"].clone();
    totals["discount"].as_str().unwrap().to_owned()
}

/// What an activity at an instant moves and unlocks: the progress of the milestone, and how many.
async fn buy(service: &Service, tenant: &Tenant, at: DateTime<Utc>) -> (String, usize) {
    let body = json!({"id": random_id(), "type": "transaction", "at": written(at),
                      "customer": {"id": "C"}, "cart": cart()["cart"]});
    let done = service.post("/v1/activities", &tenant.pos, body).await;
    let done = done.expect(200).body;
    let progress = done["milestones"][0]["progress"].as_str();
    (progress.unwrap_or_default().to_owned(), done["unlocked"].as_array().unwrap().len())
}

/// A tenant with a limit and a milestone that begin anew with each window.
async fn with_windows(service: &Service, zone: &str, unit: &str) -> Tenant {
    let tenant = service.tenant_in("EUR", zone).await;
    let every = json!({"every": 1, "unit": unit});
    let mut limited = ten_percent("Limited");
    limited["limits"] = json!({"customer": {"times": {"max": 1, "refresh": every}}});
    service.promotion(&tenant.admin, limited).await;
    let visits = json!({"measure": "visits", "window": every,
                        "targets": [{"name": "T", "value": "2"}]});
    let put = service.put("/v1/milestones/Visits", &tenant.admin, visits).await;
    put.expect(200);
    tenant
}

/// One use and one progress in each of these windows, to the last of their time.
async fn check_window(
    service: &Service,
    tenant: &Tenant,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    name: &str,
) {
    service.set_clock(start);
    assert_eq!(sell(service, tenant).await, "10.00", "{name}: at its start");
    service.set_clock(end - JUST_BEFORE);
    assert_eq!(sell(service, tenant).await, "0.00", "{name}: at its end");
    service.set_clock(end);
    assert_eq!(sell(service, tenant).await, "10.00", "{name}: after it");
    // Activities name their time: to the millisecond. One of the window before is none of this one.
    service.set_clock(end + TimeDelta::seconds(1));
    let of = async |at| buy(service, tenant, at).await.0;
    if start + TimeDelta::days(6) > end {
        of(start - MS).await;
        assert_eq!(of(start).await, "1", "{name}: its first instant");
    } else {
        let late = end - TimeDelta::days(6);
        assert_eq!(of(late).await, "1", "{name}: six days before its end");
    }
    assert_eq!(of(end - MS).await, "2", "{name}: its last instant");
    assert_eq!(of(end).await, "1", "{name}: the next one's first instant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_a_day_when_the_clock_changes() {
    let (_database, service) = Service::start().await;
    for (zone, days) in CHANGES {
        service.set_clock(Utc::now());
        let tenant = with_windows(&service, zone, "day").await;
        let tz: Tz = zone.parse().unwrap();
        for (year, month, day, minutes) in days {
            let day = date(year, month, day);
            let start = midnight(tz, day);
            let end = midnight(tz, day + Days::new(1));
            assert_eq!((end - start).num_minutes(), minutes, "{zone} {day}");
            check_window(&service, &tenant, start, end, &format!("{zone} {day}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_a_month_however_long() {
    let (_database, service) = Service::start().await;
    let zone = "America/New_York";
    let tenant = with_windows(&service, zone, "month").await;
    let tz: Tz = zone.parse().unwrap();
    // 28 days, 30 days, 31 days with a clock change, and a leap year's February.
    for (year, month, days) in [(2027, 2, 28), (2027, 6, 30), (2027, 10, 31), (2028, 2, 29)] {
        let first = date(year, month, 1);
        let next = first + Months::new(1);
        assert_eq!((next - first).num_days(), days);
        let (start, end) = (midnight(tz, first), midnight(tz, next));
        check_window(&service, &tenant, start, end, &first.to_string()).await;
    }
}

/// A promotion that must be issued, is earned within a day, and can be used for a day from then on; the reminder comes a
/// day before.
fn spans(days: u32) -> Value {
    let mut body = ten_percent("Spans");
    body["type"] = "loyalty_earning".into();
    body["earning"] = json!({"trigger": "activity", "activity": "transaction",
                             "requires_issue": true, "earn_within_days": 1});
    body["expiry"] = json!({"type": "after_days", "days": days});
    body["communication"] = json!({"expiry_reminder": {"days_before": 1, "messages": []}});
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_so_many_times_24_hours_when_the_clock_changes() {
    let (_database, service) = Service::start().await;
    for (zone, days) in CHANGES {
        service.set_clock(Utc::now());
        let tenant = service.tenant_in("EUR", zone).await;
        let promotion = service.promotion(&tenant.admin, spans(2)).await;
        let tz: Tz = zone.parse().unwrap();
        for (year, month, day, _) in days {
            let name = format!("{zone} {year}-{month}-{day}");
            // Noon of the day before: by noon the clock has changed.
            let noon = midnight(tz, date(year, month, day)) - TimeDelta::hours(12);
            let mut issued = Vec::new();
            for _ in 0..2 {
                service.set_clock(noon);
                let body = json!({"promotion_id": promotion, "customer_id": "C",
                                  "source_id": random_id()});
                let own = service.post("/v1/issuances", &tenant.issuer, body).await;
                issued.push(own.expect(201).body);
            }
            let day = TimeDelta::hours(24);
            let last = time(&issued[0]["issued_at"]).max(time(&issued[1]["issued_at"]));
            service.set_clock(last + day + TimeDelta::seconds(1));
            let earned = async |at| buy(&service, &tenant, at).await.1;
            assert_eq!(earned(last + day).await, 0, "{name}: too late");
            assert_eq!(earned(last + day - MS).await, 1, "{name}: in time");
            let listed = service
                .get("/v1/issuances?customer_id=C&state=unlocked", &tenant.pos)
                .await
                .expect(200)
                .body;
            let own = &listed["items"][0];
            let (unlocked, expires) = (time(&own["unlocked_at"]), time(&own["expires_at"]));
            assert_eq!(expires - unlocked, day * 2, "{name}");
            let told = async |what: &str| {
                round(service.app.service()).await.unwrap();
                let events = all(&service, &tenant.admin).await;
                let of = events.iter().filter(|event| {
                    event["type"] == what && event["data"]["issuance_id"] == own["id"]
                });
                of.count()
            };
            let settled = TimeDelta::seconds(15);
            service.set_clock(unlocked + day - JUST_BEFORE);
            assert_eq!(told("issuance.expiring").await, 0, "{name}");
            service.set_clock(unlocked + day + settled);
            eventually(async || told("issuance.expiring").await == 1).await;
            service.set_clock(expires - JUST_BEFORE);
            assert_eq!(sell(&service, &tenant).await, "10.00", "{name}");
            assert_eq!(told("issuance.expired").await, 0, "{name}");
            service.set_clock(expires);
            assert_eq!(sell(&service, &tenant).await, "0.00", "{name}");
            service.set_clock(expires + settled);
            eventually(async || told("issuance.expired").await == 1).await;
        }
    }
}

/// The instance's own job may be in the middle of it.
async fn eventually(holds: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it never holds");
}
