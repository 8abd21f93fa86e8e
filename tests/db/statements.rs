//! What each statement does, in the presence of another tenant's rows.

use crate::support::TestDatabase;

#[tokio::test]
async fn a_migrated_database_is_ready() {
    let database = TestDatabase::new().await;
    database.tenant("A").await;
    database.db().ready().await.expect("ready");
}
