//! What the `main` of every service needs: telemetry, where to listen, health, errors over HTTP, serving, shutdown.

pub mod extract;
mod guard;
pub mod health;
pub mod listen;
mod metrics;
mod parts;
mod problem;
mod router;
mod serve;
pub mod shutdown;
pub mod telemetry;

pub use guard::Guard;
pub use listen::ListenArgs;
pub use parts::join_parts;
pub use problem::{ApiProblem, ApiResult};
pub use router::{Limits, router};
pub use serve::{serve_api, serve_http};
pub use tokio_util::sync::CancellationToken;
