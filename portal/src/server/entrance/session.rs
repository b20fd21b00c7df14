use std::path::PathBuf;

use axum::http::{HeaderMap, HeaderValue};
use contract::Role;
use serde::{Deserialize, Serialize};
use service::{Caller, Secret};

use super::{
    Newcomer,
    cookie::Cookie,
    seal::{Sealer, now_s},
};

/// How long somebody stays signed in. A copy of the cookie is worth as much as the cookie, so it is not for ever.
const LIFETIME_S: u64 = 12 * 60 * 60;
const KEY_LENGTH_MIN: usize = 32;
const PURPOSE: &str = "session";
/// Not sent along when another site leads here, so that none can act in the name of who is signed in.
const COOKIE: Cookie = Cookie {
    name: "kafkloud-session",
    path: "/",
    same_site: "Strict",
};

/// How sessions are sealed.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SessionArgs {
    /// Key of the sessions, at least 32 characters: portals that share it share who is signed in, also after a restart [default: a random one]
    #[arg(long, env = "SESSION_KEY", value_name = "KEY", hide_env_values = true)]
    pub session_key: Option<Secret>,
    /// File that holds SESSION_KEY instead
    #[arg(long, env = "SESSION_KEY_FILE", value_name = "FILE")]
    pub session_key_file: Option<PathBuf>,
}

impl SessionArgs {
    pub(super) fn key(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.session_key_file.as_deref();
        let key = Secret::given("SESSION_KEY", self.session_key.as_ref(), file)?;
        let is_short = |key: &Secret| key.reveal().len() < KEY_LENGTH_MIN;
        anyhow::ensure!(
            !key.as_ref().is_some_and(is_short),
            "SESSION_KEY has fewer than {KEY_LENGTH_MIN} characters: make one with `openssl rand -hex 32`"
        );
        Ok(key)
    }
}

#[derive(Deserialize, Serialize)]
struct Session {
    name: String,
    role: Role,
    until_s: u64,
}

/// The cookie that says who this is from now on.
pub(super) fn begin(
    sealer: &Sealer,
    newcomer: &Newcomer,
    secure: bool,
) -> anyhow::Result<HeaderValue> {
    let session = Session {
        name: newcomer.name.clone(),
        role: newcomer.role,
        until_s: now_s().saturating_add(LIFETIME_S),
    };
    COOKIE.set(&sealer.seal(PURPOSE, &session)?, LIFETIME_S, secure)
}

/// The cookie that takes the other one away.
pub(super) fn end(secure: bool) -> anyhow::Result<HeaderValue> {
    COOKIE.set("", 0, secure)
}

/// Who sends a request, if that one is signed in.
pub(super) fn caller(sealer: &Sealer, headers: &HeaderMap) -> Option<Caller> {
    let session: Session = sealer.open(PURPOSE, COOKIE.find(headers)?)?;
    (now_s() < session.until_s).then(|| Caller::new(&session.name, session.role))
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn a_session_ends() {
        let sealer = Sealer::new(None, b"").unwrap();
        let caller_until = |until_s| {
            let session = Session {
                name: "ada".to_owned(),
                role: Role::Viewer,
                until_s,
            };
            let cookie = sealer.seal(PURPOSE, &session).unwrap();
            let cookie = format!("kafkloud-session={cookie}").parse().unwrap();
            caller(&sealer, &HeaderMap::from_iter([(header::COOKIE, cookie)]))
        };
        let ada = Some(Caller::new("ada", Role::Viewer));
        assert_eq!(caller_until(now_s() + 60), ada);
        assert_eq!(caller_until(now_s()), None);
    }

    #[test]
    fn short_keys_are_refused() {
        let args = SessionArgs {
            session_key: Some(Secret::new("short")),
            ..SessionArgs::default()
        };
        assert!(args.key().unwrap_err().to_string().contains("SESSION_KEY"));
    }
}
