use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC with microsecond precision, at or after 1970. In JSON and headers it is RFC 3339 text, such as
/// `2026-01-31T09:30:00.123456Z`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

/// The end of the year 9999, the last that RFC 3339 can write.
const MICROS_MAX: u64 = 253_402_300_799_999_999;

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z; out-of-range values are clamped to 1970 and the year 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(u64::try_from(micros).unwrap_or(0).min(MICROS_MAX))
    }

    /// From milliseconds since 1970-01-01T00:00:00Z, the unit of Kafka's record timestamps.
    pub fn from_millis(millis: i64) -> Self {
        Self::from_micros(millis.saturating_mul(1000))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0 as i64
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn as_millis(self) -> i64 {
        self.as_micros() / 1000
    }

    /// Microseconds from `earlier` to `self`; 0 when the clocks disagree about the order.
    pub fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(self.0);
        humantime::format_rfc3339_micros(time).fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = humantime::TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_rfc3339(text).map(Self::from)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let at = Timestamp::from_micros(1_769_851_800_123_456);
        assert_eq!(at.to_string(), "2026-01-31T09:30:00.123456Z");
        assert_eq!(at.to_string().parse(), Ok(at));
        assert_eq!(
            serde_json::from_str::<Timestamp>("\"2026-01-31T09:30:00Z\"")
                .unwrap()
                .as_millis(),
            1_769_851_800_000
        );
    }

    #[test]
    fn hostile_numbers_do_not_panic() {
        assert_eq!(Timestamp::from_millis(-1).as_micros(), 0);
        assert!(
            Timestamp::from_millis(i64::MAX)
                .to_string()
                .starts_with("9999-12-31")
        );
    }
}
