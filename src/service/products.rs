//! Prices for shop windows (spec 15.5). Like pricing a cart, with one look-up for all products.

use std::sync::Arc;

use super::evaluate::{Known, require_store};
use super::pool::Urgency;
use super::{Service, ServiceError};
use crate::domain::cart::Request;
use crate::domain::id::TenantId;
use crate::engine::{Products, Stop, Unfinished};
use crate::telemetry;
use crate::wire;

impl Service {
    /// Prices the lines of a request one by one, and prints the prices.
    pub async fn price_products(
        &self,
        tenant: TenantId,
        request: Request<'static>,
    ) -> Result<String, ServiceError> {
        let now = self.clock().now();
        let rules = self.cache().rules_at(tenant, now).await?;
        telemetry::by_rules(rules.version());
        require_store(&rules, &request, "/store").map_err(ServiceError::Invalid)?;
        let request = Arc::new(request);
        let unfinished = |why| ServiceError::unfinished(&rules, &why);
        let stop = Stop::within(self.inline_steps(tenant));
        let (own_rules, own_request) = (Arc::clone(&rules), Arc::clone(&request));
        let read = move |stop: &Stop| {
            Products::new(Arc::clone(&own_rules), Arc::clone(&own_request), now, stop)
        };
        let products = match read(&stop) {
            Err(Unfinished::Stopped) => self.pool().run(tenant, Urgency::Usual, read).await?,
            read => read,
        };
        let products = products.map_err(unfinished)?;
        let known = self.known(tenant, products.needs(), &request, now).await?;
        let price = move |stop: &Stop| print(&products, &known, stop);
        let priced = match price(&stop) {
            Err(Unfinished::Stopped) => self.pool().run(tenant, Urgency::Usual, price).await?,
            priced => priced,
        };
        priced.map_err(unfinished)
    }
}

fn print(
    products: &Products<Arc<Request<'static>>>,
    known: &Known,
    stop: &Stop,
) -> Result<String, Unfinished> {
    let priced = products.price(&known.issuances, &known.used, stop)?;
    Ok(wire::products::print(&priced, products.rules(), products.request(), products.now()))
}
