//! How our services and programs call our services.

use std::path::{Path, PathBuf};

use anyhow::Context;
use reqwest::{
    Certificate, ClientBuilder,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};

use crate::Secret;

/// Whom calls to others trust.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TrustArgs {
    /// File with certificates (PEM) of authorities that are trusted beside the system's when others are called over TLS
    #[arg(long, env = "TLS_CA_FILE", value_name = "FILE")]
    pub tls_ca_file: Option<PathBuf>,
}

impl TrustArgs {
    /// Trusts the authorities of the file.
    pub fn apply(&self, client: ClientBuilder) -> anyhow::Result<ClientBuilder> {
        match &self.tls_ca_file {
            None => Ok(client),
            Some(file) => Ok(client.tls_certs_merge(authorities(file)?)),
        }
    }

    /// The same, and shows the token with every request. So only our services may be called with it.
    pub fn with_token(
        &self,
        client: ClientBuilder,
        token: Option<&Secret>,
    ) -> anyhow::Result<ClientBuilder> {
        let client = self.apply(client)?;
        let Some(token) = token else {
            return Ok(client);
        };
        let value = HeaderValue::try_from(format!("Bearer {}", token.reveal()));
        let mut value = value.map_err(|_| {
            anyhow::anyhow!("the token holds a character that headers cannot carry")
        })?;
        value.set_sensitive(true);
        Ok(client.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)])))
    }
}

fn authorities(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let told = || format!("cannot use TLS_CA_FILE, {}", file.display());
    let pem = std::fs::read(file).with_context(told)?;
    let authorities = Certificate::from_pem_bundle(&pem).with_context(told)?;
    anyhow::ensure!(
        !authorities.is_empty(),
        "TLS_CA_FILE, {}, holds no certificate: it has to be PEM",
        file.display()
    );
    Ok(authorities)
}
