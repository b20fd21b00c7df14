//! Addresses of pages.

use std::fmt::Write;

/// A text as a segment of a path or a value of a query, whatever it holds.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            // A string takes whatever is written.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_addresses_is_escaped() {
        assert_eq!(escape("orders.v1_eu-west~"), "orders.v1_eu-west~");
        assert_eq!(escape("a/b?c=d&e#ü\""), "a%2Fb%3Fc%3Dd%26e%23%C3%BC%22");
    }
}
