//! JSON into lines, one for each field.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::clean;

/// Longest text of one value. What comes after it is taken as it is written: paths of deep values would otherwise
/// make a text many times as long as the value.
const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest path of a field; below it, fields go by the path so far.
const PATH_BYTES_MAX: usize = 128;

/// The fields of an object or array by their paths, or the text of a string. `None` when it is not JSON; empty when
/// there is nothing in it to be found.
pub(super) fn to_text(text: &str) -> Option<String> {
    // Does not recurse, and neither does the walk, so that no depth overflows the stack.
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    if text.trim_start().starts_with('"') {
        let inner: String = serde_json::from_str(text).ok()?;
        return Some(clean(&inner));
    }
    Some(clean(&Walk::new(text).lines()))
}

/// A way through text that is known to be JSON.
struct Walk<'a> {
    json: &'a str,
    at: usize,
    path: String,
    open: Vec<Container>,
    lines: String,
}

struct Container {
    /// Where its own path ends.
    path_bytes: usize,
    is_array: bool,
    /// Values of an array follow each other on one line.
    line_open: bool,
}

impl<'a> Walk<'a> {
    fn new(json: &'a str) -> Self {
        Self {
            json,
            at: 0,
            path: String::new(),
            open: Vec::new(),
            lines: String::with_capacity(json.len()),
        }
    }

    fn lines(mut self) -> String {
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            if self.lines.len() > TEXT_BYTES_MAX {
                self.lines.push('\n');
                self.lines.push_str(&self.json[self.at..]);
                break;
            }
            match byte {
                b'{' | b'[' => self.enter(byte == b'['),
                b'}' | b']' => self.leave(),
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => self.at += 1,
                b'"' => {
                    let text = self.string();
                    if self.is_name() {
                        self.name(&text);
                    } else {
                        self.value(&text);
                    }
                }
                _ => {
                    let literal = self.literal();
                    // Says nothing that anybody would look for.
                    if literal != "null" {
                        self.value(literal);
                    }
                }
            }
        }
        self.lines
    }

    fn enter(&mut self, is_array: bool) {
        if let Some(around) = self.open.last_mut() {
            around.line_open = false;
        }
        self.open.push(Container {
            path_bytes: self.path.len(),
            is_array,
            line_open: false,
        });
        self.at += 1;
    }

    fn leave(&mut self) {
        if let Some(left) = self.open.pop() {
            self.path.truncate(left.path_bytes);
        }
        self.at += 1;
    }

    /// The string that begins here.
    fn string(&mut self) -> Cow<'a, str> {
        let start = self.at;
        let bytes = self.json.as_bytes();
        let mut escaped = false;
        self.at += 1;
        while bytes[self.at] != b'"' {
            if bytes[self.at] == b'\\' {
                escaped = true;
                self.at += 1;
            }
            self.at += 1;
        }
        self.at += 1;
        let quoted = &self.json[start..self.at];
        if !escaped {
            return Cow::Borrowed(&quoted[1..quoted.len() - 1]);
        }
        // Escapes of half a character are JSON, but no text.
        let unescaped = serde_json::from_str(quoted);
        unescaped.map_or(Cow::Borrowed(quoted), Cow::Owned)
    }

    /// The number or word that begins here, as it is written.
    fn literal(&mut self) -> &'a str {
        let rest = &self.json[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'));
        let literal = &rest[..end.unwrap_or(rest.len())];
        self.at += literal.len();
        literal
    }

    /// Whether the string before this place is the name of a field.
    fn is_name(&self) -> bool {
        let rest = self.json[self.at..].trim_start();
        rest.starts_with(':')
    }

    fn name(&mut self, name: &str) {
        let Some(object) = self.open.last() else {
            return;
        };
        self.path.truncate(object.path_bytes);
        if self.path.len() + name.len() < PATH_BYTES_MAX {
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(name);
        }
    }

    fn value(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        match self.open.last_mut() {
            Some(array) if array.is_array && array.line_open => self.lines.push_str(", "),
            around => {
                if let Some(around) = around {
                    around.line_open = around.is_array;
                }
                if !self.lines.is_empty() {
                    self.lines.push('\n');
                }
                if !self.path.is_empty() {
                    self.lines.push_str(&self.path);
                    self.lines.push_str(": ");
                }
            }
        }
        self.lines.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_lines() {
        let order = r#"{
            "id": 42, "price": 19.90, "big": 12345678901234567890123, "paid": true, "note": null,
            "customer": {"name": "Ada \"Augusta\"", "tags": ["vip", "uk", 7], "none": []},
            "items": [{"sku": "a1", "n": 2}, {"sku": "b2"}, "loose", [1, 2], 3, 4], "last": "x: y, z"
        }"#;
        let lines = "id: 42\nprice: 19.90\nbig: 12345678901234567890123\npaid: true\n\
            customer.name: Ada \"Augusta\"\ncustomer.tags: vip, uk, 7\n\
            items.sku: a1\nitems.n: 2\nitems.sku: b2\nitems: loose\nitems: 1, 2\nitems: 3, 4\nlast: x: y, z";
        assert_eq!(to_text(order).unwrap(), lines);
    }

    #[test]
    fn what_has_no_names_has_no_paths() {
        assert_eq!(to_text(r#"["a", "b\nc", 1]"#).unwrap(), "a, b\nc, 1");
        assert_eq!(to_text(r#"[{"a":"1"},{"":"2"}]"#).unwrap(), "a: 1\n2");
        let half = r#"{"a":"half \ud83d of it"}"#;
        assert_eq!(to_text(half).unwrap(), r#"a: "half \ud83d of it""#);
    }

    #[test]
    fn paths_have_a_length_and_nothing_is_left_out() {
        let long = "n".repeat(200);
        let json = format!(r#"{{"a":{{"{long}":{{"b":1}},"c":2}}}}"#);
        assert_eq!(to_text(&json).unwrap(), "a.b: 1\na.c: 2");
        let wide = "p".repeat(100);
        let fields = r#"{"f":1},"#.repeat(100_000);
        let json = format!(r#"{{"{wide}":[{fields}{{"last":"found"}}]}}"#);
        let text = to_text(&json).unwrap();
        assert!(text.len() < TEXT_BYTES_MAX + 2 * json.len());
        assert!(text.contains("found"));
    }
}
