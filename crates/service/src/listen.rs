use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::Access;

/// Where a service listens. `PORT` is its port of the table in ARCHITECTURE.md.
#[derive(Clone, Debug, clap::Args)]
pub struct ListenArgs<const PORT: u16> {
    /// Address to listen on. Beyond loopback callers have to be asked who they are, or --insecure is needed
    #[arg(long = "host", env = "SERVER_HOST", value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long = "port", env = "SERVER_PORT", default_value_t = PORT)]
    pub port: u16,
    /// Listen beyond loopback although nobody is asked who they are
    #[arg(long)]
    pub insecure: bool,
}

/// What keeps strangers from a listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// Callers are asked who they are.
    Guarded,
    /// Nobody is asked; the words say what to do about it.
    Open(&'static str),
}

impl<const PORT: u16> ListenArgs<PORT> {
    /// Binds the address, or says what is in the way and what to do.
    pub async fn bind(&self, door: Door) -> anyhow::Result<TcpListener> {
        bind(SocketAddr::new(self.host, self.port), self.insecure, door).await
    }
}

impl From<&Access> for Door {
    fn from(access: &Access) -> Self {
        if access.asks() {
            Self::Guarded
        } else {
            Self::Open("set API_TOKEN (or API_TOKEN_FILE) so that callers have to show it")
        }
    }
}

/// Binds `address`. Fails when it is beyond loopback and nobody is asked who they are, without `insecure`: a stranger on the network must
/// not become an operator by default.
pub async fn bind(address: SocketAddr, insecure: bool, door: Door) -> anyhow::Result<TcpListener> {
    if let (Door::Open(remedy), false) = (door, address.ip().is_loopback()) {
        anyhow::ensure!(
            insecure,
            "refusing to listen on {address}: anyone who can reach it could read and write every message. \
             Listen on 127.0.0.1, or {remedy}, or add --insecure if the network is trusted"
        );
        tracing::warn!(%address, "listening beyond loopback without asking anybody who they are (--insecure)");
    }
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: choose another port with --port (or --port-offset for `kafkloud up`), or stop what uses it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_loopback_callers_are_asked_or_it_is_said_to_be_insecure() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let open = Door::from(&Access::default());
        let refusal = bind(everywhere, false, open).await.unwrap_err().to_string();
        assert!(
            refusal.contains("--insecure") && refusal.contains("API_TOKEN"),
            "{refusal}"
        );
        assert!(bind(everywhere, true, open).await.is_ok());
        assert!(bind(everywhere, false, Door::Guarded).await.is_ok());
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        assert!(bind(loopback, false, open).await.is_ok());
    }
}
