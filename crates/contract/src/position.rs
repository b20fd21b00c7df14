use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Timestamp;

/// A place in the log as people write it: `earliest`, `latest`, an offset, or a time. The same word means a place in each
/// partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Position {
    /// The first record there is.
    Earliest,
    /// After the last record there is.
    Latest,
    Offset(i64),
    /// The first record at or after this time.
    Time(Timestamp),
}

/// Numbers from here on are times in milliseconds, below it offsets: it is the year 1973, and no log is so long.
const TIME_MIN: i64 = 100_000_000_000;

/// The text is no place in a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("give earliest, latest, an offset such as 42, or a time such as 2026-01-31T09:30:00Z")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "earliest" => return Ok(Self::Earliest),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        match text.parse::<u64>() {
            Ok(number) => Ok(Self::from_number(number)),
            Err(_) => text.parse().map(Self::Time).map_err(|_| InvalidPosition),
        }
    }
}

impl Position {
    fn from_number(number: u64) -> Self {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        if number < TIME_MIN {
            Self::Offset(number)
        } else {
            Self::Time(Timestamp::from_millis(number))
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Earliest => f.write_str("earliest"),
            Self::Latest => f.write_str("latest"),
            Self::Offset(offset) => offset.fmt(f),
            Self::Time(time) => time.fmt(f),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a text, or from a number as programs write it.
impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PositionVisitor)
    }
}

struct PositionVisitor;

impl de::Visitor<'_> for PositionVisitor {
    type Value = Position;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("earliest, latest, an offset or a time")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Position, E> {
        text.parse().map_err(de::Error::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Position, E> {
        Ok(Position::from_number(number))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Position {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "`earliest`, `latest`, an offset, or a time: RFC 3339, or milliseconds since 1970 (numbers from \
                 100000000000 on)",
            ))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Position {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_word_an_offset_or_a_time() {
        let time = Position::Time(Timestamp::from_millis(1_769_851_800_000));
        for (text, position) in [
            ("earliest", Position::Earliest),
            ("latest", Position::Latest),
            ("42", Position::Offset(42)),
            ("1769851800000", time),
            ("2026-01-31T09:30:00Z", time),
        ] {
            assert_eq!(text.parse(), Ok(position), "{text}");
            assert_eq!(position.to_string().parse(), Ok(position), "{text}");
        }
        let no_number_of_64_bits = "99999999999999999999";
        for text in [
            "",
            "-1",
            "yesterday",
            "2026-01-31",
            "4.2",
            no_number_of_64_bits,
        ] {
            assert_eq!(text.parse::<Position>(), Err(InvalidPosition), "{text:?}");
        }
    }

    #[test]
    fn programs_may_write_numbers() {
        let read = serde_json::from_str::<Position>;
        assert_eq!(read("7").unwrap(), Position::Offset(7));
        assert_eq!(read("\"7\"").unwrap(), Position::Offset(7));
        assert!(read("-7").is_err() && read("null").is_err() && read("\"soon\"").is_err());
        let written = serde_json::to_string(&Position::Offset(7)).unwrap();
        assert_eq!(written, "\"7\"");
    }
}
