//! What nobody else may read: tokens and keys.

use std::{convert::Infallible, fmt, fs, path::Path, str::FromStr};

use anyhow::Context;
use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// A text that no log, error or `--help` shows.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

const RANDOM_BYTES: usize = 32;

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// 256 bits that nobody can guess, as text for headers and addresses.
    pub fn random() -> anyhow::Result<Self> {
        let mut bytes = [0; RANDOM_BYTES];
        rand::fill(&mut bytes).context("the system has no random numbers")?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret itself. It goes where it is needed, and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A secret is given as the variable `name` or as the file that `name` with `_FILE` names. An empty variable counts as none,
    /// for that is what a compose file makes of one that is not set; an empty file is a mistake.
    pub fn given(
        name: &str,
        value: Option<&Self>,
        file: Option<&Path>,
    ) -> anyhow::Result<Option<Self>> {
        let value = value.filter(|value| !value.0.is_empty());
        match (value, file) {
            (Some(_), Some(_)) => {
                anyhow::bail!("{name} and {name}_FILE are both given: leave one of them out")
            }
            (Some(value), None) => Ok(Some(value.clone())),
            (None, Some(file)) => {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("cannot read {name}_FILE, {}", file.display()))?;
                let text = text.trim_end_matches(['\r', '\n']);
                anyhow::ensure!(
                    !text.is_empty(),
                    "{name}_FILE, {}, is empty",
                    file.display()
                );
                Ok(Some(Self(text.to_owned())))
            }
            (None, None) => Ok(None),
        }
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_its_variable_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "from the file\n").unwrap();
        let (variable, empty) = (Secret::new("from the variable"), Secret::new(""));
        let given = |value, file: Option<&Path>| Secret::given("API_TOKEN", value, file);
        let text = |given: anyhow::Result<Option<Secret>>| given.unwrap().unwrap().0;
        assert_eq!(text(given(Some(&variable), None)), "from the variable");
        assert_eq!(text(given(None, Some(&file))), "from the file");
        assert_eq!(text(given(Some(&empty), Some(&file))), "from the file");
        assert!(given(Some(&empty), None).unwrap().is_none());

        let both = given(Some(&variable), Some(&file)).unwrap_err().to_string();
        assert!(both.contains("API_TOKEN_FILE") && !both.contains("from the"));
        fs::write(&file, "\n").unwrap();
        assert!(given(None, Some(&file)).is_err());
        fs::remove_file(&file).unwrap();
        assert!(given(None, Some(&file)).is_err());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secret = Secret::random().unwrap();
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert_ne!(secret, Secret::random().unwrap());
        assert_eq!(secret.reveal().len(), 43);
    }
}
