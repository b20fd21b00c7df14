use std::{fmt, str::FromStr};

const LENGTH_MAX: usize = 128;

/// The name under which the index is found. Its collections are this name, a hyphen and a number, and no others are
/// touched: a shared Qdrant holds other people's too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alias(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a collection's name has 1 to {LENGTH_MAX} letters, digits, hyphens and underscores of ASCII"
)]
pub struct BadAlias;

impl Alias {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a collection is one of this alias.
    pub(crate) fn owns(&self, collection: &str) -> bool {
        self.number(collection).is_some()
    }

    /// A name that none of `taken` has.
    pub(crate) fn next_collection(&self, taken: &[String]) -> String {
        let last = taken.iter().filter_map(|name| self.number(name)).max();
        format!("{}-{}", self.0, last.map_or(1, |last| last + 1))
    }

    fn number(&self, collection: &str) -> Option<u64> {
        let number = collection.strip_prefix(&self.0)?.strip_prefix('-')?;
        // A name that this would not be given, such as `kafkloud-007`, is somebody else's.
        let parsed: u64 = number.parse().ok()?;
        (parsed.to_string() == number).then_some(parsed)
    }
}

impl FromStr for Alias {
    type Err = BadAlias;

    fn from_str(name: &str) -> Result<Self, BadAlias> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || name.len() > LENGTH_MAX || !name.bytes().all(allowed) {
            return Err(BadAlias);
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

    use super::*;

    #[test]
    fn collections_of_others_are_not_its_own() {
        let alias: Alias = "kafkloud".parse().unwrap();
        assert!(alias.owns("kafkloud-1"));
        for other in [
            "kafkloud",
            "kafkloud-",
            "kafkloud-docs",
            "kafkloud-01",
            "kafkloud-+1",
            "kafkloud-a-1",
            "other-1",
        ] {
            assert!(!alias.owns(other), "{other}");
        }
    }

    #[test]
    fn the_next_collection_has_a_new_number() {
        let alias: Alias = "a".parse().unwrap();
        assert_eq!(alias.next_collection(&[]), "a-1");
        let taken = ["a-2", "a-10", "b-50"].map(str::to_owned);
        assert_eq!(alias.next_collection(&taken), "a-11");
    }

    #[test]
    fn names_that_are_paths_are_refused() {
        for name in ["", "..", "a/b", "ü"] {
            assert_eq!(name.parse::<Alias>(), Err(BadAlias), "{name}");
        }
    }
}
