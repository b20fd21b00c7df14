//! Who may come in, and what they may do there.
//!
//! With a token configured, every request but the probes has to show one; without, nobody is asked who they are, and only this machine
//! is listened to ([`crate::listen`]). What a route requires is said where the route is described, see [`rules`].

mod audit;
mod caller;
mod enter;
mod failures;
mod rules;
mod tokens;

use std::{path::PathBuf, sync::Arc};

use crate::Secret;

pub use audit::Audit;
pub(crate) use caller::PeerAddress;
pub use caller::{Caller, address};
pub(crate) use enter::enter;
pub(crate) use rules::Rules;

use failures::Failures;
use tokens::Tokens;

/// The tokens of those who may come in.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AccessArgs {
    /// Token of those who may do everything, also of the services among each other; without one nobody is asked who they are
    #[arg(long, env = "API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub api_token: Option<Secret>,
    /// File that holds API_TOKEN instead
    #[arg(long, env = "API_TOKEN_FILE", value_name = "FILE")]
    pub api_token_file: Option<PathBuf>,
    /// Token of those who may look and ask
    #[arg(
        long,
        env = "VIEWER_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub viewer_token: Option<Secret>,
    /// File that holds VIEWER_TOKEN instead
    #[arg(long, env = "VIEWER_TOKEN_FILE", value_name = "FILE")]
    pub viewer_token_file: Option<PathBuf>,
}

/// Who is let in. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Access(Arc<Gate>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    /// Whether callers are asked who they are.
    asks: bool,
    tokens: Tokens,
    failures: Arc<Failures>,
    /// Other services do what is asked here, and tell it in their logs.
    passes_on: bool,
    /// Routes below these are open to all.
    open: &'static [&'static str],
}

impl AccessArgs {
    pub fn load(&self) -> anyhow::Result<Access> {
        let tokens = Tokens::new(self.operator()?, self.viewer()?)?;
        Ok(Access(Arc::new(Gate {
            asks: tokens.are_there(),
            tokens,
            ..Gate::default()
        })))
    }

    fn operator(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.api_token_file.as_deref();
        Secret::given("API_TOKEN", self.api_token.as_ref(), file)
    }

    fn viewer(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.viewer_token_file.as_deref();
        Secret::given("VIEWER_TOKEN", self.viewer_token.as_ref(), file)
    }

    /// These tokens as they are, without files.
    pub fn resolved(&self) -> anyhow::Result<Self> {
        Ok(Self {
            api_token: self.operator()?,
            viewer_token: self.viewer()?,
            ..Self::default()
        })
    }
}

impl Access {
    /// Whether callers are asked who they are.
    pub fn asks(&self) -> bool {
        self.0.asks
    }

    /// The token by which this service makes itself known to the others.
    pub fn own_token(&self) -> Option<&Secret> {
        self.0.tokens.operator()
    }

    /// Another one for other tokens; it tells nothing about them.
    pub fn fingerprint(&self) -> Vec<u8> {
        self.0.tokens.fingerprint()
    }

    /// What somebody may do who shows this token; nobody who shows another.
    pub fn role_of(&self, token: &str) -> Option<contract::Role> {
        self.0.tokens.role_of(token.as_bytes())
    }

    /// The same for a service that others stand behind: they tell what is changed. Routes below `open` are for everybody; `asks`
    /// says that callers have yet another way to say who they are.
    #[must_use]
    pub fn in_front(&self, open: &'static [&'static str], asks: bool) -> Self {
        Self(Arc::new(Gate {
            asks: self.0.asks || asks,
            passes_on: true,
            open,
            ..(*self.0).clone()
        }))
    }
}
