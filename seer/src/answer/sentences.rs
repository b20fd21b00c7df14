//! Text cut into what can be quoted: sentences, or the fields of an event together.

use unicode_segmentation::UnicodeSegmentation;

/// The longest quotation, in bytes; longer runs without a full stop are cut between words.
const QUOTE_BYTES_MAX: usize = 600;
/// The fields of an event are one quotation up to this size: a field alone does not say what it belongs to.
const FIELDS_BYTES_MAX: usize = 400;
/// The longest name of a field, in bytes.
const FIELD_NAME_BYTES_MAX: usize = 80;

/// Words with a full stop that ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "art", "ca", "capt", "cf", "ch", "co", "col", "corp", "dept", "dr", "ed", "eg",
    "est", "etc", "fig", "gen", "gov", "hon", "ie", "inc", "jr", "lt", "ltd", "messrs", "mr",
    "mrs", "ms", "mt", "no", "nos", "op", "pp", "pres", "prof", "rep", "rev", "sen", "sgt", "sr",
    "st", "vol", "vs",
];

/// The quotable parts of a text, in order, each as it stands there.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut quotes = Vec::new();
    let mut fields: Option<(usize, usize)> = None;
    for line in text.lines() {
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        let end = start + line.len();
        if !is_field(line) {
            flush(text, &mut fields, &mut quotes);
            split_line(line, &mut quotes);
        } else if line.len() > FIELDS_BYTES_MAX {
            // A field that holds prose.
            flush(text, &mut fields, &mut quotes);
            split_line(line, &mut quotes);
        } else {
            fields = match fields {
                Some((first, _)) if end - first <= FIELDS_BYTES_MAX => Some((first, end)),
                _ => {
                    flush(text, &mut fields, &mut quotes);
                    Some((start, end))
                }
            };
        }
    }
    flush(text, &mut fields, &mut quotes);
    quotes
}

fn flush<'a>(text: &'a str, fields: &mut Option<(usize, usize)>, quotes: &mut Vec<&'a str>) {
    if let Some((start, end)) = fields.take() {
        quotes.push(text[start..end].trim());
    }
}

/// `name: value`, as JSON is made into text: a name without spaces.
fn is_field(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, value)| {
        !name.is_empty()
            && name.len() <= FIELD_NAME_BYTES_MAX
            && !name.contains(char::is_whitespace)
            && !value.trim().is_empty()
    })
}

fn split_line<'a>(line: &'a str, quotes: &mut Vec<&'a str>) {
    let mut start = 0;
    for (index, piece) in line.split_sentence_bound_indices() {
        let end = index + piece.len();
        let sentence = &line[start..end];
        if end < line.len() && goes_on(sentence) {
            continue;
        }
        push_bounded(sentence.trim(), quotes);
        start = end;
    }
}

/// Whether the full stop at the end belongs to an abbreviation or an initial.
fn goes_on(sentence: &str) -> bool {
    let Some(before) = sentence.trim_end().strip_suffix('.') else {
        return false;
    };
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '“' | '"' | '-' | '–'))
        .next()
        .unwrap_or_default();
    let letters: String = word.chars().filter(|c| *c != '.').collect();
    let initial = letters.chars().count() == 1 && letters.chars().all(char::is_uppercase);
    // "U.S." and "e.g." hold full stops themselves.
    initial
        || word.contains('.') && letters.len() <= 3 && letters.chars().all(char::is_alphabetic)
        || ABBREVIATIONS.contains(&letters.to_lowercase().as_str())
            && (letters.starts_with(char::is_uppercase) || word.len() > 2)
}

fn push_bounded<'a>(mut sentence: &'a str, quotes: &mut Vec<&'a str>) {
    while sentence.len() > QUOTE_BYTES_MAX {
        let limit = sentence.floor_char_boundary(QUOTE_BYTES_MAX);
        let cut = sentence[..limit]
            .rfind(char::is_whitespace)
            .filter(|cut| *cut > 0)
            .unwrap_or(limit);
        quotes.push(sentence[..cut].trim());
        sentence = sentence[cut..].trim();
    }
    // Dashes and rules are no sentences.
    if sentence.chars().any(char::is_alphanumeric) {
        quotes.push(sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        for (text, expected) in [
            ("One. Two! Three?", vec!["One.", "Two!", "Three?"]),
            (
                "Dr. J. K. Smith met Mr. Jones in St. Louis. They talked.",
                vec![
                    "Dr. J. K. Smith met Mr. Jones in St. Louis.",
                    "They talked.",
                ],
            ),
            (
                "The U.S. Army paid 3.5 million. It was No. 5.",
                vec!["The U.S. Army paid 3.5 million.", "It was No. 5."],
            ),
            ("A line\nand another", vec!["A line", "and another"]),
            ("———\n\nAlpha.", vec!["Alpha."]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn an_event_is_quoted_whole_and_prose_in_it_by_sentence() {
        let event = "order: 42\nstatus: shipped\ncustomer.name: Ada";
        assert_eq!(split(event), [event]);
        let prose = "It is long. ".repeat(60);
        let text = format!("id: 7\nnote: {prose}");
        let quotes = split(&text);
        assert_eq!(quotes[0], "id: 7");
        assert_eq!(quotes.len(), 61);
    }

    #[test]
    fn many_fields_are_quoted_in_parts() {
        let text: Vec<String> = (0..40).map(|n| format!("field{n}: value {n}")).collect();
        let text = text.join("\n");
        let quotes = split(&text);
        assert!(quotes.len() > 1);
        assert!(quotes.iter().all(|quote| quote.len() <= FIELDS_BYTES_MAX));
        assert_eq!(quotes.join("\n"), text);
    }

    #[test]
    fn text_without_sentences_is_cut_between_words() {
        let words = "wörter ".repeat(400);
        for quote in split(&words) {
            assert!(quote.len() <= QUOTE_BYTES_MAX);
            assert!(quote.split(' ').all(|word| word == "wörter"));
        }
        let solid = "ä".repeat(2000);
        assert_eq!(split(&solid).concat(), solid);
    }
}
