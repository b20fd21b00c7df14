use serde_json::Value;

use super::*;

/// Gives a few bytes at a time, as a slow upload does.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(7);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Outcome = (Vec<Piece>, Result<Option<String>, String>);

fn read_bytes(name: &str, bytes: &[u8]) -> Outcome {
    let file = FileInfo {
        name: name.to_owned(),
        content_type: None,
        message_bytes_max: 5_000,
    };
    let mut pieces = Vec::new();
    let mut emit = |piece| {
        pieces.push(piece);
        true
    };
    let outcome = read(&file, Drip(bytes), &mut emit);
    (pieces, outcome.map_err(|error| error.to_string()))
}

/// The messages of a file of which nothing is left out.
fn messages(name: &str, text: &str) -> Vec<String> {
    let (pieces, outcome) = read_bytes(name, text.as_bytes());
    assert_eq!(outcome, Ok(None), "{name}");
    let text = |piece: Piece| String::from_utf8(piece.value).unwrap();
    pieces.into_iter().map(text).collect()
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let (pieces, outcome) = read_bytes(name, bytes);
    assert_eq!(pieces, [], "{name}");
    outcome.unwrap_err()
}

fn sentence(number: usize) -> String {
    format!("Sentence number {number} tells of one thing and no other.")
}

#[test]
fn short_paragraphs_are_one_message() {
    let text = "\u{feff}One.\r\nTwo.\r\n\r\n\r\n  Three.\u{7}\n\n";
    assert_eq!(messages("a.txt", text), ["One.\nTwo.\n\n  Three."]);
}

#[test]
fn long_text_is_cut_between_paragraphs_and_then_between_sentences() {
    let paragraph: Vec<String> = (0..10).map(sentence).collect();
    let paragraphs: Vec<String> = (0..20)
        .map(|n| format!("{n}. {}", paragraph.join(" ")))
        .collect();
    let cut = messages("a.txt", &paragraphs.join("\n\n"));
    assert!(cut.len() > 4);
    assert_eq!(cut.join("\n\n"), paragraphs.join("\n\n"));
    for message in &cut {
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX);
        assert!(
            message.starts_with(|c: char| c.is_ascii_digit()),
            "{message}"
        );
    }
    let endless: Vec<String> = (0..2_000).map(sentence).collect();
    let cut = messages("a.txt", &endless.join(" "));
    for message in &cut {
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX);
        assert!(message.starts_with("Sentence"), "{message}");
    }
    let again: String = cut.join(" ");
    assert_eq!(again, endless.join(" "));
}

#[test]
fn wrapped_lines_are_joined_and_others_are_not() {
    let wrapped = "It is a truth universally acknowledged, that a single man in possession of\n\
        a good fortune, must be in want of a wife. However little known the feelings or views of Mr.\n\
        Darcy may be.";
    assert_eq!(
        messages("a.txt", wrapped),
        [wrapped.replace("of\na good", "of a good")]
    );
    for kept in [
        "Roses are red,\nviolets are blue",
        "2026-01-31T09:30:00Z INFO the service is listening on port 8030\n2026-01-31T09:30:01Z INFO ready now",
        "- a list entry that is quite long, longer than forty\n- another",
        "fn main() { let answer = compute_the_answer_of_all();\n    print(answer) }",
    ] {
        assert_eq!(messages("a.txt", kept), [kept]);
    }
}

#[test]
fn markdown_keeps_headings_with_what_they_stand_over() {
    let text = "Before.\n# Guide\n## Install\nRun it.\n```sh\n# no heading\n\nmake up\n```\n## Use\nAsk.\n\n\
        More.\n### Empty\n## Also empty\n# Last\n#nothing";
    assert_eq!(
        messages("a.md", text),
        [
            "Before.",
            "# Guide\n## Install\n\nRun it.\n```sh\n# no heading\n\nmake up\n```",
            "# Guide\n## Use\n\nAsk.\n\nMore.",
            "# Guide\n## Use\n### Empty",
            "# Guide\n## Also empty",
            "# Last\n\n#nothing",
        ]
    );
}

#[test]
fn html_is_text() {
    let page = "<html><head><title>Ada</title></head><body><p>She wrote &amp; thought.</p><script>no</script></body>";
    assert_eq!(messages("a.html", page), ["Ada\nShe wrote & thought."]);
    assert_eq!(messages("page", page).len(), 1);
}

#[test]
fn json_gives_a_message_for_each_element() {
    let expected = [r#"{"a":1}"#, "[2]", "\"three\""];
    assert_eq!(
        messages("a.json", r#" [{"a":1}, [2], "three", null] "#),
        expected
    );
    assert_eq!(messages("a.json", "{\n \"a\": 1\n}"), ["{\n \"a\": 1\n}"]);
    assert_eq!(
        messages("a.json", "{\"a\":1}\n{\"a\":2}"),
        ["{\"a\":1}", "{\"a\":2}"]
    );
    let (pieces, outcome) = read_bytes("a.json", b"[1, 2");
    assert!(pieces.is_empty());
    assert!(outcome.unwrap_err().contains("not valid JSON"));
    let large = format!("[\"{}\", 1]", "x".repeat(6_000));
    let (pieces, outcome) = read_bytes("a.json", large.as_bytes());
    assert_eq!(pieces.len(), 1);
    let left_out = "left out element 1: larger than 5000 bytes";
    assert_eq!(outcome, Ok(Some(left_out.to_owned())));
}

#[test]
fn a_broken_line_does_not_hold_up_the_others() {
    let long = "9".repeat(6_000);
    let text = format!("{{\"a\":1}}\n\n{{broken\n{long}\n\"é\"\n");
    let (pieces, outcome) = read_bytes("a.ndjson", text.as_bytes());
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[1].value, "\"é\"".as_bytes());
    assert_eq!(pieces[1].content_type, "application/json");
    let left_out = outcome.unwrap().unwrap();
    assert!(
        left_out.starts_with("left out 2 parts, the first is line 3: not valid JSON"),
        "{left_out}"
    );
    assert!(left_out.contains("at column 2"), "{left_out}");
    let refused = refusal("a.ndjson", b"all\nbroken");
    assert!(
        refused.starts_with("nothing of it can be read: left out 2 parts"),
        "{refused}"
    );
}

#[test]
fn rows_are_objects_with_the_names_of_the_first() {
    let table =
        "name;born;name;\r\n\"Lovelace; \"\"Ada\"\"\";1815;x;y\r\n;;;\r\nGrace;1906\r\na;b;c;d;e";
    assert_eq!(
        messages("a.csv", table),
        [
            r#"{"name":"Lovelace; \"Ada\"","born":"1815","name column 3":"x","column 4":"y"}"#,
            r#"{"name":"Grace","born":"1906"}"#,
            r#"{"name":"a","born":"b","name column 3":"c","column 4":"d","column 5":"e"}"#,
        ]
    );
    for (name, table) in [("a.csv", "a,b\n1,\"2\n3\""), ("a.tsv", "a\tb\n1\t\"2\n3\"")] {
        let rows = messages(name, table);
        let row: Value = serde_json::from_str(&rows[0]).unwrap();
        assert_eq!(row, serde_json::json!({"a": "1", "b": "2\n3"}));
    }
    let old = b"name,city\nAda,M\xfcnchen\n";
    let (pieces, _) = read_bytes("a.csv", old);
    assert_eq!(
        pieces[0].value,
        r#"{"name":"Ada","city":"München"}"#.as_bytes()
    );
}

#[test]
fn other_encodings_are_read() {
    let units = "\u{feff}Größe\n\nzählt".encode_utf16();
    let utf_16: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let (pieces, outcome) = read_bytes("a.txt", &utf_16);
    assert_eq!(outcome, Ok(None));
    assert_eq!(pieces[0].value, "Größe\n\nzählt".as_bytes());
    let (pieces, _) = read_bytes("a.txt", b"Gr\xf6\xdfe z\xe4hlt im Text");
    assert_eq!(pieces[0].value, "Größe zählt im Text".as_bytes());
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    for (name, bytes, expected) in [
        ("a.txt", &b""[..], "empty"),
        ("a.txt", b" \n\n", "no text"),
        ("a.docx", b"PK\x03\x04rest", "save it as PDF or text"),
        ("a.txt", b"\x89PNG\r\n", "picture"),
        ("a.bin", b"\x01\x00\x02", "binary"),
        ("a.pdf", b"words", "no PDF"),
        ("a.pdf", b"%PDF-1.7\nwords", "damaged"),
        ("a.csv", b"only,a,header\n", "no text"),
    ] {
        let refused = refusal(name, bytes);
        assert!(refused.contains(expected), "{name}: {refused}");
    }
}

#[test]
fn reading_ends_when_nobody_wants_more() {
    let file = FileInfo {
        name: "a.ndjson".to_owned(),
        content_type: None,
        message_bytes_max: 5_000,
    };
    let mut count = 0;
    let mut emit = |_| {
        count += 1;
        count < 3
    };
    let stopped = read(
        &file,
        io::repeat(b'1').take(3).chain(&b"\n2\n3\n4\n"[..]),
        &mut emit,
    );
    assert!(matches!(stopped, Err(ReadError::Stopped)));
    assert_eq!(count, 3);
}
