//! JSON as people read it. Only the space between its parts changes: digits and the order of fields stay as they were sent.

use serde::de::IgnoredAny;

const INDENT: &str = "  ";

/// The text with a line for each part; `None` if it is no JSON.
pub(crate) fn pretty(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut pretty = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut parts = text.chars().peekable();
    while let Some(part) = parts.next() {
        match part {
            '"' => {
                pretty.push('"');
                while let Some(letter) = parts.next() {
                    pretty.push(letter);
                    match letter {
                        '\\' => pretty.extend(parts.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                pretty.push(part);
                while parts.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = parts.next_if(|next| matches!(next, '}' | ']')) {
                    pretty.push(end);
                } else {
                    depth += 1;
                    new_line(&mut pretty, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut pretty, depth);
                pretty.push(part);
            }
            ',' => {
                pretty.push(',');
                new_line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            space if space.is_ascii_whitespace() => {}
            other => pretty.push(other),
        }
    }
    Some(pretty)
}

fn new_line(pretty: &mut String, depth: usize) {
    pretty.push('\n');
    pretty.extend(std::iter::repeat_n(INDENT, depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn parts_have_lines_of_their_own_and_stay_as_they_were() {
        let sent = r#" {"b":1.10,"a":[ ],"n":12345678901234567890123,"s":"a \"b\" {x}, y:\\","l":[1,{"k":null}]} "#;
        let expected = "{\n  \"b\": 1.10,\n  \"a\": [],\n  \"n\": 12345678901234567890123,\n  \"s\": \"a \\\"b\\\" {x}, y:\\\\\",\n  \"l\": [\n    1,\n    {\n      \"k\": null\n    }\n  ]\n}";
        assert_eq!(pretty(sent).as_deref(), Some(expected));
        assert_eq!(pretty("\"ü\"").as_deref(), Some("\"ü\""));
    }

    #[test]
    fn what_is_no_json_is_not_touched() {
        for text in ["", "{", "order 42", "{\"a\":1}}"] {
            assert_eq!(pretty(text), None, "{text}");
        }
    }
}
