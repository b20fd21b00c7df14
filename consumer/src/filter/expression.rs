//! A jq expression, as jaq reads and evaluates it. Only for the process that [`super::worker`] is.

use contract::record::{Encoding, RecordView};
use jaq_core::{
    Compiler, Ctx, Filter, ValT, Vars, compile,
    data::JustLut,
    load::{self, Arena, File, Loader},
};
use jaq_json::Val;

/// Longest reason that is told.
const REASON_CHARS_MAX: usize = 300;

pub(super) struct Expression(Filter<JustLut<Val>>);

impl Expression {
    /// Reads an expression; the error names the place that is wrong.
    pub(super) fn parse(code: &str) -> Result<Self, String> {
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let funs = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs)
            .load(&arena, File { code, path: () })
            .map_err(|errors| load_error(code, &errors))?;
        load::import(
            &modules,
            |_| Err("no files can be imported here".to_owned()),
        )
        .map_err(|errors| load_error(code, &errors))?;
        let filter = Compiler::default()
            .with_funs(funs)
            .compile(modules)
            .map_err(|errors| compile_error(code, &errors))?;
        Ok(Self(filter))
    }

    /// Whether it is true of a record, as far as its first output goes; nothing at all is not. The error says why it
    /// cannot be evaluated.
    pub(super) fn is_true_of(&self, record: &RecordView) -> Result<bool, String> {
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        match self.0.id.run((context, input(record))).next() {
            None => Ok(false),
            Some(Ok(value)) => Ok(value.as_bool()),
            Some(Err(exception)) => Err(match exception.get_err() {
                Ok(error) => error.to_string().chars().take(REASON_CHARS_MAX).collect(),
                Err(_) => "it gives up".to_owned(),
            }),
        }
    }
}

/// What an expression sees of a record.
fn input(record: &RecordView) -> Val {
    let text = |text: &Option<String>| text.as_ref().map_or(Val::Null, |text| string(text));
    let value = match (&record.value, record.value_encoding) {
        // serde_json nests only so deep, jaq's own reader as deep as the stack allows.
        (Some(value), Encoding::Text) => {
            serde_json::from_str(value).unwrap_or_else(|_| string(value))
        }
        (value, _) => text(value),
    };
    // As in Kafka's own clients, the last header of a name counts.
    let headers = record.headers.iter();
    let headers = headers.map(|header| (string(&header.name), text(&header.value)));
    object([
        ("id", string(&record.id.to_string())),
        ("topic", string(&record.topic)),
        ("partition", Val::from(record.partition as isize)),
        ("offset", Val::from(record.offset as isize)),
        (
            "timestamp",
            record
                .timestamp
                .map_or(Val::Null, |at| Val::from(at as isize)),
        ),
        ("key", text(&record.key)),
        ("value", value),
        ("headers", Val::obj(headers.collect())),
    ])
}

fn string(text: &str) -> Val {
    Val::utf8_str(text.to_owned())
}

fn object<const N: usize>(fields: [(&str, Val); N]) -> Val {
    let fields = fields
        .into_iter()
        .map(|(name, value)| (string(name), value));
    Val::obj(fields.collect())
}

fn load_error(code: &str, errors: &load::Errors<&str, ()>) -> String {
    let error = errors.first().and_then(|(_, error)| match error {
        load::Error::Io(errors) => {
            let (path, error) = errors.first()?;
            Some(told(code, path, error))
        }
        load::Error::Lex(errors) => {
            let (expected, found) = errors.first()?;
            Some(told(code, found, &expectation(expected.as_str(), found)))
        }
        load::Error::Parse(errors) => {
            let (expected, found) = errors.first()?;
            Some(told(code, found, &expectation(expected.as_str(), found)))
        }
    });
    error.unwrap_or_else(|| "it is no jq expression".to_owned())
}

fn compile_error(code: &str, errors: &compile::Errors<&str, ()>) -> String {
    let first = errors.first().and_then(|(_, errors)| errors.first());
    let error = first.map(|(name, undefined)| {
        let kind = undefined.as_str();
        let arity = match undefined {
            compile::Undefined::Filter(arity) => format!("/{arity}"),
            _ => String::new(),
        };
        told(code, name, &format!("there is no {kind} {name}{arity}"))
    });
    error.unwrap_or_else(|| "it is no jq expression".to_owned())
}

fn expectation(expected: &str, found: &str) -> String {
    match found.chars().next() {
        Some(found) => format!("{expected} expected before “{found}”"),
        None => format!("{expected} expected at the end"),
    }
}

/// A message with its place: `part` is a part of `code`.
fn told(code: &str, part: &str, message: &str) -> String {
    let start = (part.as_ptr() as usize).checked_sub(code.as_ptr() as usize);
    let before = start.and_then(|start| code.get(..start)).unwrap_or(code);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    match code.contains('\n') {
        true => format!("line {line}, column {column}: {message}"),
        false => format!("column {column}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, record::HeaderView};

    use super::*;

    fn record(value: &str) -> RecordView {
        let header = |value: &str| HeaderView {
            name: "content-type".to_owned(),
            value: Some(value.to_owned()),
            value_encoding: Encoding::Text,
        };
        RecordView {
            id: MessageId::of_record("orders", 2, 7),
            topic: "orders".to_owned(),
            partition: 2,
            offset: 7,
            timestamp: Some(1_769_851_800_000),
            key: Some("42".to_owned()),
            key_encoding: Encoding::Text,
            value: Some(value.to_owned()),
            value_encoding: Encoding::Text,
            headers: vec![header("first"), header("application/json")],
        }
    }

    fn is_true(code: &str, value: &str) -> Result<bool, String> {
        Expression::parse(code).unwrap().is_true_of(&record(value))
    }

    #[test]
    fn an_expression_sees_every_part_of_a_record() {
        let order =
            r#"{"order": 42, "lines": [{"sku": "a-1", "price": 9.5}], "n": 18446744073709551615}"#;
        for code in [
            ".value.order == 42",
            "any(.value.lines[]; .price > 9 and .price < 10)",
            ".value.lines[0].sku | test(\"^A-[0-9]+$\"; \"i\")",
            ".value.n == 18446744073709551615",
            ".topic == \"orders\" and .partition == 2 and .offset == 7",
            ".key == \"42\" and .timestamp > 1769851799999",
            ".headers[\"content-type\"] == \"application/json\"",
            "(.id | length) == 36",
            "true, error(\"only the first output counts\")",
            "select(.value.order > 1)",
        ] {
            assert_eq!(is_true(code, order), Ok(true), "{code}");
        }
        for code in ["false", "null", "empty", ".value.none", "select(false)"] {
            assert_eq!(is_true(code, order), Ok(false), "{code}");
        }
        assert_eq!(is_true(".value == \"no {json\"", "no {json"), Ok(true));
        let deep = "[".repeat(100_000);
        assert_eq!(is_true(".value | type == \"string\"", &deep), Ok(true));
        let nested = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(is_true(".value | type == \"string\"", &nested), Ok(true));
    }

    #[test]
    fn a_record_that_an_expression_does_not_fit_says_why() {
        let reason = is_true(".value.order > 1", "\"a text\"").unwrap_err();
        assert!(reason.contains("cannot index"), "{reason}");
        let long = is_true("error(\"x\" * 10000)", "1").unwrap_err();
        assert_eq!(long.chars().count(), REASON_CHARS_MAX);
        assert!(is_true("halt", "1").is_err());
    }

    #[test]
    fn what_is_no_expression_is_refused_with_its_place() {
        for (code, told) in [
            (".value.order ==", "column 16: "),
            (".value | (.order > 1", "column 21: "),
            (".a ]", "column 4: "),
            ("nothing(1)", "column 1: there is no filter nothing/1"),
            (".a |\n  $x", "line 2, column 3: there is no variable $x"),
            ("", "column 1: "),
            ("import \"a\" as a; .", ""),
            ("import \"a\" as $a; $a", ""),
            ("\"é\" | %", "column 7: "),
        ] {
            let error = Expression::parse(code).err();
            let error = error.unwrap_or_else(|| panic!("{code:?} is taken"));
            assert!(error.contains(told), "{code:?}: {error}");
        }
    }
}
