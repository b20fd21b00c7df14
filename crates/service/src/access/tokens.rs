use std::fmt;

use aws_lc_rs::digest;
use contract::Role;
use subtle::ConstantTimeEq;

use crate::Secret;

/// Short ones are guessed.
const LENGTH_MIN: usize = 16;
const DIGEST_BYTES: usize = 32;

/// The tokens that let callers in.
#[derive(Clone, Default)]
pub(super) struct Tokens {
    operator: Option<Secret>,
    known: Vec<(Digest, Role)>,
}

type Digest = [u8; DIGEST_BYTES];

impl Tokens {
    pub(super) fn new(operator: Option<Secret>, viewer: Option<Secret>) -> anyhow::Result<Self> {
        if let Some(token) = &operator {
            check("API_TOKEN", token)?;
        }
        if let Some(token) = &viewer {
            check("VIEWER_TOKEN", token)?;
            anyhow::ensure!(
                operator.is_some(),
                "VIEWER_TOKEN is given without API_TOKEN: nobody could operate. Give both"
            );
            anyhow::ensure!(
                operator != viewer,
                "VIEWER_TOKEN and API_TOKEN are the same: make another one for viewers"
            );
        }
        let roles = [(&operator, Role::Operator), (&viewer, Role::Viewer)];
        let known = roles.into_iter().filter_map(|(token, role)| {
            let token = token.as_ref()?;
            Some((digest(token.reveal().as_bytes()), role))
        });
        Ok(Self {
            known: known.collect(),
            operator,
        })
    }

    pub(super) fn are_there(&self) -> bool {
        !self.known.is_empty()
    }

    pub(super) fn operator(&self) -> Option<&Secret> {
        self.operator.as_ref()
    }

    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let all: Vec<u8> = self.known.iter().flat_map(|(digest, _)| *digest).collect();
        digest(&all).to_vec()
    }

    /// Takes the same time whatever is shown: digests are compared, all of them and to their ends.
    pub(super) fn role_of(&self, token: &[u8]) -> Option<Role> {
        let shown = digest(token);
        let mut found = None;
        for (known, role) in &self.known {
            if bool::from(known.ct_eq(&shown)) {
                found = Some(*role);
            }
        }
        found
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.known.len())
    }
}

fn digest(token: &[u8]) -> Digest {
    let mut bytes = [0; DIGEST_BYTES];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token).as_ref());
    bytes
}

fn check(name: &str, token: &Secret) -> anyhow::Result<()> {
    let token = token.reveal();
    anyhow::ensure!(
        token.len() >= LENGTH_MIN,
        "{name} has fewer than {LENGTH_MIN} characters and could be guessed: make one with `openssl rand -hex 32`"
    );
    anyhow::ensure!(
        token.bytes().all(|byte| byte.is_ascii_graphic()),
        "{name} holds a space or a character that headers cannot carry: make one with `openssl rand -hex 32`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(operator: &str, viewer: &str) -> anyhow::Result<Tokens> {
        let given = |text: &str| (!text.is_empty()).then(|| Secret::new(text));
        Tokens::new(given(operator), given(viewer))
    }

    #[test]
    fn each_token_has_its_role() {
        let known = tokens("the operator's", "").unwrap_err();
        assert!(known.to_string().contains("fewer than 16"), "{known}");
        let known = tokens("token-of-operators", "token-of-viewers").unwrap();
        for (token, role) in [
            ("token-of-operators", Some(Role::Operator)),
            ("token-of-viewers", Some(Role::Viewer)),
            ("token-of-viewers ", None),
            ("token-of-viewer", None),
            ("", None),
        ] {
            assert_eq!(known.role_of(token.as_bytes()), role, "{token}");
        }
        assert_eq!(Tokens::default().role_of(b""), None);
    }

    #[test]
    fn what_would_let_in_the_wrong_ones_is_refused() {
        for (operator, viewer) in [
            ("", "token-of-viewers"),
            ("token-of-operators", "token-of-operators"),
            ("token-of-operators", "short"),
            ("token of operators", ""),
            ("tökens-of-operators", ""),
        ] {
            let refused = tokens(operator, viewer).unwrap_err().to_string();
            assert!(!refused.contains("of-operators"), "{refused}");
        }
    }
}
