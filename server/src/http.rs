//! REST, the metrics page and the web pages, and the one port that they share with Socket.IO.
//!
//! [`routes`] is the list of what is answered, [`router`] makes a service of it, [`serve()`] opens the door: it takes
//! connections, gives `/socket.io/` to the sockets and the rest to the router, and closes without cutting anybody
//! off. Nothing here knows a rule of a call.
mod access;
mod body;
mod cors;
mod guests;
mod health;
mod history;
mod openapi;
mod pages;
mod reply;
mod routes;
mod serve;

pub use access::client_address;
pub use guests::{Capacity, Guests};
pub use health::{Health, Part, PartState};
pub use history::{CallHistory, HistoryAsked, HistoryFault, HistoryPage, PastCall, PastCallWith};
pub use reply::Refused;
pub use routes::router;
pub use serve::{Door, NoSockets, SocketPath, listen, serve};

use crate::{
    auth::Auth,
    observe::Metrics,
    settings::{CorsOrigins, Networks, Secret, Settings},
    turn::IceIssuer,
    visitors::Limiter,
};
use access::Who;
use std::{sync::Arc, time::Duration};

/// What the routes need of the rest of the server.
#[derive(Debug)]
pub struct Rest {
    auth: Arc<Auth>,
    ice: Arc<IceIssuer>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    history: CallHistory,
    limiter: Limiter<Who>,
    cors: CorsOrigins,
    trusted_proxies: Networks,
    metrics_token: Option<Secret>,
    time_out: Duration,
}

impl Rest {
    /// The longest a request may take: longer than a database that wakes up, shorter than a proxy's patience.
    const TIME_OUT: Duration = Duration::from_secs(10);

    /// The routes with these parts behind them.
    pub fn new(
        settings: &Settings,
        auth: Arc<Auth>,
        ice: Arc<IceIssuer>,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
        history: CallHistory,
    ) -> Self {
        Self {
            auth,
            ice,
            metrics,
            health,
            history,
            limiter: Limiter::new(settings.limits.requests_per_minute),
            cors: settings.cors.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            metrics_token: settings.metrics_token.clone(),
            time_out: Self::TIME_OUT,
        }
    }
}

#[cfg(test)]
mod tests;
