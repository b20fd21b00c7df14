use anyhow::Context;
use contract::SignInLink;
use reqwest::Client;
use service::Secret;

use crate::up::Addresses;

/// Asks the portal for an address that signs one person in.
pub async fn sign_in_link(addresses: &Addresses, token: &Secret) -> anyhow::Result<String> {
    let portal = addresses.portal_url();
    let client = addresses
        .trust
        .with_token(Client::builder().no_proxy(), Some(token))?
        .build()?;
    let answer = client.post(format!("{portal}/api/sign-in-link")).send();
    let answer = answer.await?.error_for_status()?;
    let link: SignInLink = answer.json().await.context("it is no link")?;
    Ok(link.url)
}
