use std::path::PathBuf;

use anyhow::Context;
use reqwest::Url;
use service::Secret;

use super::groups::Groups;

/// The provider of identities that people sign in with.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OidcArgs {
    /// Issuer of an OpenID Connect provider: people sign in there
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// What the provider knows the portal as
    #[arg(long, env = "OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// Secret of that client; without one it is public and proves itself by PKCE alone
    #[arg(
        long,
        env = "OIDC_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub oidc_client_secret: Option<Secret>,
    /// File that holds OIDC_CLIENT_SECRET instead
    #[arg(long, env = "OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`; some providers tell groups only when asked for `groups`
    #[arg(
        long,
        env = "OIDC_SCOPES",
        value_name = "SCOPES",
        default_value = "profile email"
    )]
    pub oidc_scopes: String,
    /// Claim that names somebody's groups; a dot leads into an object, as in realm_access.roles
    #[arg(
        long,
        env = "OIDC_GROUPS_CLAIM",
        value_name = "CLAIM",
        default_value = "groups"
    )]
    pub oidc_groups_claim: String,
    /// Group whose members are operators
    #[arg(long, env = "OIDC_OPERATOR_GROUP", value_name = "GROUP")]
    pub oidc_operator_group: Option<String>,
    /// Group whose members are viewers
    #[arg(long, env = "OIDC_VIEWER_GROUP", value_name = "GROUP")]
    pub oidc_viewer_group: Option<String>,
}

/// A provider with all that is needed to ask it.
pub(super) struct Given {
    /// As it is written: it is compared letter by letter with what the provider says.
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Vec<String>,
    pub(super) groups: Groups,
    /// Where the provider leads back to.
    pub(super) callback: Url,
}

impl OidcArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.oidc_issuer.is_some()
    }

    pub(super) fn given(&self, portal_url: Option<&Url>) -> anyhow::Result<Option<Given>> {
        let Some(issuer) = self.oidc_issuer.clone() else {
            return Ok(None);
        };
        let address: Url = issuer.parse().context("OIDC_ISSUER is no URL")?;
        anyhow::ensure!(
            address.scheme() == "https" || is_loopback(&address),
            "OIDC_ISSUER is no https address: who it says somebody is could be anybody's word"
        );
        let portal_url = portal_url.context(
            "OIDC_ISSUER is given without PORTAL_URL, the address that the provider leads back to",
        )?;
        anyhow::ensure!(
            self.oidc_operator_group.is_some() || self.oidc_viewer_group.is_some(),
            "OIDC_ISSUER is given without OIDC_OPERATOR_GROUP and OIDC_VIEWER_GROUP: nobody would be let in"
        );
        let file = self.oidc_client_secret_file.as_deref();
        let mut callback = portal_url.clone();
        callback
            .path_segments_mut()
            .map_err(|()| anyhow::anyhow!("PORTAL_URL is no address of a web page"))?
            .pop_if_empty()
            .extend(["sign-in", "callback"]);
        Ok(Some(Given {
            issuer,
            client_id: self
                .oidc_client_id
                .clone()
                .context("OIDC_ISSUER is given without OIDC_CLIENT_ID")?,
            client_secret: Secret::given(
                "OIDC_CLIENT_SECRET",
                self.oidc_client_secret.as_ref(),
                file,
            )?,
            scopes: self
                .oidc_scopes
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            groups: Groups {
                claim: self.oidc_groups_claim.clone(),
                operator: self.oidc_operator_group.clone(),
                viewer: self.oidc_viewer_group.clone(),
            },
            callback,
        }))
    }
}

/// Where nobody can listen or answer in between.
fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(issuer: &str) -> OidcArgs {
        OidcArgs {
            oidc_issuer: Some(issuer.to_owned()),
            oidc_client_id: Some("portal".to_owned()),
            oidc_operator_group: Some("ops".to_owned()),
            ..OidcArgs::default()
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let portal: Url = "https://portal.example/kafkloud/".parse().unwrap();
        let given = args("https://id.example").given(Some(&portal)).unwrap();
        let callback = given.unwrap().callback;
        assert_eq!(
            callback.as_str(),
            "https://portal.example/kafkloud/sign-in/callback"
        );
        assert!(OidcArgs::default().given(None).unwrap().is_none());

        let refused =
            |args: OidcArgs, portal: Option<&Url>| args.given(portal).err().unwrap().to_string();
        assert!(refused(args("http://id.example"), Some(&portal)).contains("https"));
        assert!(refused(args("https://id.example"), None).contains("PORTAL_URL"));
        let without = |change: fn(&mut OidcArgs)| {
            let mut args = args("https://id.example");
            change(&mut args);
            refused(args, Some(&portal))
        };
        assert!(without(|args| args.oidc_client_id = None).contains("OIDC_CLIENT_ID"));
        assert!(without(|args| args.oidc_operator_group = None).contains("OIDC_OPERATOR_GROUP"));
    }
}
