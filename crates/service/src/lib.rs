//! What the `main` of every service needs: telemetry, where to listen and whom to let in, health, errors over HTTP, serving, shutdown.

pub mod access;
pub mod client;
pub mod extract;
mod guard;
pub mod health;
mod linger;
pub mod listen;
mod metrics;
mod parts;
mod problem;
mod router;
mod secret;
mod serve;
pub mod shutdown;
pub mod telemetry;
pub mod tls;

pub use access::{Access, AccessArgs, Audit, Caller};
pub use client::TrustArgs;
pub use guard::Guard;
pub use listen::ListenArgs;
pub use parts::join_parts;
pub use problem::{ApiProblem, ApiResult};
pub use router::{Limits, router, router_with_fallback};
pub use secret::Secret;
pub use serve::{serve_api, serve_http};
pub use tls::{Tls, TlsArgs};
pub use tokio_util::sync::CancellationToken;
