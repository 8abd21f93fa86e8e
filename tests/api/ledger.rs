//! Sales and returns written straight into the ledger, as the owner of the database: what reads the ledger is tested
//! without redeeming.

use sqlx::{AssertSqlSafe, PgConnection};
use support::TestDatabase;
use support::harness::random_id;

/// The ledger of one tenant.
pub struct Ledger {
    owner: PgConnection,
    tenant: String,
}

/// What one promotion gave in one sale.
#[derive(Clone)]
pub struct Gift<'g> {
    pub promotion: &'g str,
    pub times: i64,
    /// In ten-thousandths.
    pub discount: i64,
    pub points: &'g str,
    /// The code that unlocked it.
    pub code: Option<&'g str>,
}

impl<'g> Gift<'g> {
    pub fn of(promotion: &'g str, discount: i64) -> Self {
        Self { promotion, times: 1, discount, points: "0", code: None }
    }
}

impl Ledger {
    pub async fn of(database: &TestDatabase, tenant: &str) -> Self {
        Self { owner: database.owner_connection().await, tenant: tenant.to_owned() }
    }

    async fn run(&mut self, sql: String) {
        let sql = sql.replace("$T", &format!("'{}'", self.tenant));
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.owner)
            .await
            .expect("a statement of the ledger");
    }

    /// A redemption in a state, evaluated at an instant (`now()` or a quoted time); its id.
    pub async fn sale(&mut self, state: &str, at: &str, gifts: &[Gift<'_>]) -> String {
        let id = random_id();
        let settled = if state == "held" { "null" } else { "now()" };
        let mut sql = format!(
            "insert into redemption_key (tenant_id, transaction_id, redemption_id) values ($T, 'T-{id}', '{id}');
             insert into redemption (tenant_id, redemption_id, transaction_id, state, evaluated_at, expires_at,
                 settled_at, ruleset_version, body_hash, discount, request, result)
             values ($T, '{id}', 'T-{id}', '{state}', {at}, now() + interval '1 hour', {settled}, 1,
                 decode(repeat('00', 32), 'hex'), 0, '{{}}', '{{}}');"
        );
        if state == "held" {
            sql += &format!(
                "insert into hold (tenant_id, redemption_id, expires_at)
                 values ($T, '{id}', now() + interval '1 hour');"
            );
        }
        for (place, gift) in gifts.iter().enumerate() {
            let (promotion, times, discount, points) =
                (gift.promotion, gift.times, gift.discount, gift.points);
            let code = gift.code.map_or("null".to_owned(), |code| format!("'{code}'"));
            sql += &format!(
                "insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level,
                     times, discount, points, code_id, code_key)
                 values ($T, '{id}', '{promotion}', {place}, {at}, 'cart', {times}, {discount}, {points},
                     (select code_id from code where tenant_id = $T and code_key = {code}), {code});"
            );
        }
        self.run(sql).await;
        id
    }

    /// All of a sale has come back, and what it took was given back.
    pub async fn restored(&mut self, sale: &str) {
        self.run(format!(
            "update redemption set restored_at = now() where tenant_id = $T and redemption_id = '{sale}'"
        ))
        .await;
    }

    /// A return of a sale, and what it took back of one promotion.
    pub async fn returned(
        &mut self,
        sale: &str,
        promotion: &str,
        at: &str,
        discount: i64,
        points: &str,
    ) {
        let id = random_id();
        self.run(format!(
            "insert into redemption_return (tenant_id, redemption_id, return_id, at, body_hash, answer)
             values ($T, '{sale}', '{id}', {at}, decode(repeat('00', 32), 'hex'), '{{}}');
             insert into redemption_return_promotion (tenant_id, redemption_id, return_id, promotion_id, at, discount,
                 points)
             values ($T, '{sale}', '{id}', '{promotion}', {at}, {discount}, {points});"
        ))
        .await;
    }

    /// What a sale took from a counter, which grows by it.
    pub async fn used(
        &mut self,
        sale: &str,
        promotion: &str,
        limit: (&str, &str, &str),
        window: i32,
        amount: i64,
    ) {
        let (subject, owner, measure) = limit;
        self.run(format!(
            "insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no,
                 amount)
             values ($T, '{sale}', '{promotion}', '{subject}', '{owner}', '{measure}', {window}, {amount});
             insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
             values ($T, '{promotion}', '{subject}', '{owner}', '{measure}', {window}, {amount}, 1000000000)
             on conflict (tenant_id, promotion_id, subject, owner, measure, window_no)
             do update set used = limit_counter.used + excluded.used;"
        ))
        .await;
    }

    /// A counter that does not say what was used.
    pub async fn miscounted(&mut self, promotion: &str) {
        self.run(format!(
            "update limit_counter set used = used + 1 where tenant_id = $T and promotion_id = '{promotion}'"
        ))
        .await;
    }
}
