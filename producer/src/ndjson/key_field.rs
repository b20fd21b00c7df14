//! The record key from a field of the line, without building a tree of the rest.

use std::{borrow::Cow, fmt};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// A dotted path, such as `order.id`.
#[derive(Clone, Debug)]
pub(crate) struct KeyField(Vec<String>);

impl KeyField {
    pub(crate) fn new(path: &str) -> Self {
        Self(path.split('.').map(str::to_owned).collect())
    }

    /// A string is the key by its text, a number or boolean as it is written. A field that is missing or null gives no
    /// key. Fails when the line is not JSON or the field is an object or array.
    pub(crate) fn key_of<'a>(
        &self,
        line: &'a str,
    ) -> Result<Option<Cow<'a, [u8]>>, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let field = Field(&self.0).deserialize(&mut deserializer)?;
        deserializer.end()?;
        let Some(text) = field.map(RawValue::get) else {
            return Ok(None);
        };
        match text.as_bytes() {
            b"null" => Ok(None),
            [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => Ok(Some(Cow::Borrowed(inner))),
            [b'"', ..] => {
                let unescaped: String = serde_json::from_str(text)?;
                Ok(Some(Cow::Owned(unescaped.into_bytes())))
            }
            [b'{' | b'[', ..] => Err(Error::custom(
                "the key field holds an object or an array: choose a field with a string, number or boolean",
            )),
            literal => Ok(Some(Cow::Borrowed(literal))),
        }
    }
}

/// The value at a path; `None` when there is none.
struct Field<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => <&RawValue>::deserialize(deserializer).map(Some),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let [name, deeper @ ..] = self.0 else {
            return Ok(None);
        };
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(name))? {
            if is_it {
                found = map.next_value_seed(Field(deeper))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a field has this name.
struct Is<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str, line: &str) -> Option<Vec<u8>> {
        KeyField::new(path)
            .key_of(line)
            .unwrap()
            .map(Cow::into_owned)
    }

    #[test]
    fn scalars_are_keys() {
        assert_eq!(
            key("id", r#"{"x":[1,{"id":2}],"id":"a b"}"#).unwrap(),
            b"a b"
        );
        assert_eq!(
            key(
                "order.id",
                r#"{"id":1,"order":{"n":0,"id":12345678901234567890123}}"#
            )
            .unwrap(),
            b"12345678901234567890123"
        );
        assert_eq!(key("a", r#"{"a":true}"#).unwrap(), b"true");
        assert_eq!(
            key("a", r#"{"\u0061":"\u00e4\n"}"#).unwrap(),
            "ä\n".as_bytes()
        );
        assert_eq!(key("a", r#"{"a":""}"#).unwrap(), b"");
    }

    #[test]
    fn no_field_no_key() {
        for line in [
            r#"{"b":1}"#,
            r#"{"a":null}"#,
            "3",
            "-1.5",
            "null",
            "false",
            "\"a\"",
            r#"[{"a":1}]"#,
        ] {
            assert_eq!(key("a", line), None, "{line}");
        }
        assert_eq!(key("a.b", r#"{"a":"b"}"#), None);
    }

    #[test]
    fn what_cannot_be_a_key_fails() {
        let field = KeyField::new("a");
        for line in [
            r#"{"a":{}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1"#,
            r#"{"a":1} x"#,
            "",
        ] {
            assert!(field.key_of(line).is_err(), "{line}");
        }
    }
}
