use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use tokio::net::TcpListener;

/// Where a service listens. `PORT` is its port of the table in ARCHITECTURE.md.
#[derive(Clone, Debug, clap::Args)]
pub struct ListenArgs<const PORT: u16> {
    /// Address to listen on. Addresses beyond loopback need --insecure
    #[arg(long = "host", env = "SERVER_HOST", value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long = "port", env = "SERVER_PORT", default_value_t = PORT)]
    pub port: u16,
    /// Listen beyond loopback although nobody is asked who they are
    #[arg(long)]
    pub insecure: bool,
}

impl<const PORT: u16> ListenArgs<PORT> {
    /// Binds the address, or says what is in the way and what to do.
    pub async fn bind(&self) -> anyhow::Result<TcpListener> {
        bind(SocketAddr::new(self.host, self.port), self.insecure).await
    }
}

/// Binds `address`. Fails when it is beyond loopback without `insecure`: there is no authentication yet, and a stranger
/// on the network must not become an operator by default.
pub async fn bind(address: SocketAddr, insecure: bool) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        anyhow::ensure!(
            insecure,
            "refusing to listen on {address}: anyone who can reach it could read and write every message. \
             Listen on 127.0.0.1, or add --insecure if the network is trusted"
        );
        tracing::warn!(%address, "listening beyond loopback without authentication (--insecure)");
    }
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: choose another port with --port (or --port-offset for `kafkloud up`), or stop what uses it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_loopback_needs_insecure() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let refusal = bind(everywhere, false).await.unwrap_err().to_string();
        assert!(refusal.contains("--insecure"), "{refusal}");
        assert!(bind(everywhere, true).await.is_ok());
        assert!(
            bind(SocketAddr::from(([127, 0, 0, 1], 0)), false)
                .await
                .is_ok()
        );
    }
}
