//! Who calls, and what they may do.

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// What somebody may do. A higher role may do all that a lower one may.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look and ask.
    Viewer,
    /// Also send, delete, reset, replay and rebuild.
    Operator,
}

/// For whom a caller acts: the value of [`crate::header::ACTOR`], written `<name>;<role>` with the name percent-encoded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    pub name: String,
    pub role: Role,
}

/// An address of the portal that signs in whoever opens it, once.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInLink {
    pub url: String,
}

/// The text names no actor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an actor is written name;role, the role being viewer or operator")]
pub struct InvalidActor;

/// Of a name as it is written; logs hold it.
const NAME_LENGTH_MAX: usize = 600;

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.name.bytes() {
            match byte {
                b'%' | b';' => write!(f, "%{byte:02X}")?,
                b'!'..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        write!(f, ";{}", self.role)
    }
}

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        let (name, role) = text.split_once(';').ok_or(InvalidActor)?;
        let role = match role {
            "viewer" => Role::Viewer,
            "operator" => Role::Operator,
            _ => return Err(InvalidActor),
        };
        let name = Some(name).filter(|name| name.len() <= NAME_LENGTH_MAX);
        let name = name.and_then(decode).filter(|name| !name.is_empty());
        Ok(Self {
            name: name.ok_or(InvalidActor)?,
            role,
        })
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits =
                    [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                let [high, low] = digits;
                u8::try_from(high? * 16 + low?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_as_it_is_written() {
        for (name, written) in [
            ("ada@example.org", "ada@example.org;viewer"),
            ("Zoë; the 1st%", "Zo%C3%AB%3B%20the%201st%25;viewer"),
            ("a\r\nb", "a%0D%0Ab;viewer"),
        ] {
            let actor = Actor {
                name: name.to_owned(),
                role: Role::Viewer,
            };
            assert_eq!(actor.to_string(), written);
            assert_eq!(written.parse(), Ok(actor));
        }
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let long = format!("{};viewer", "a".repeat(NAME_LENGTH_MAX + 1));
        for text in [
            "",
            "ada",
            ";viewer",
            "ada;root",
            "a%;viewer",
            "a%ff;viewer",
            &long,
        ] {
            assert_eq!(text.parse::<Actor>(), Err(InvalidActor), "{text}");
        }
    }

    #[test]
    fn an_operator_may_do_what_a_viewer_may() {
        assert!(Role::Operator > Role::Viewer);
    }
}
