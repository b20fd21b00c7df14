//! The whole platform in this process: what `kafkloud up` runs, and what tests boot on free ports.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let config = cli::up::UpConfig::new("data", cli::up::Ports::free())?;
//! let platform = cli::up::start(config, service::CancellationToken::new()).await?;
//! let addresses = platform.addresses().clone();
//! addresses.wait_ready(std::time::Duration::from_secs(10)).await?;
//! println!("{}", addresses.portal_url());
//! platform.stop();
//! platform.join().await
//! # }
//! ```

mod addresses;
mod config;
mod data_dir;
mod platform;
mod ready;
mod sign_in;
mod token;

pub use addresses::Addresses;
pub use config::{Ports, UpConfig};
pub use platform::{Part, Platform, start};
pub use ready::NotReady;
pub use sign_in::sign_in_link;
pub use token::kept_token;
