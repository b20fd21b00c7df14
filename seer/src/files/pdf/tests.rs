use crate::files::{FileInfo, Piece};

/// A PDF of these objects, numbered from 1; the first is the catalog.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let start = file.len();
    let count = objects.len() + 1;
    file.extend(format!("xref\n0 {count}\n0000000000 65535 f \n").bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(trailer.bytes());
    file
}

fn stream(dictionary: &str, content: &str) -> String {
    let length = content.len();
    format!("<< {dictionary} /Length {length} >>\nstream\n{content}\nendstream")
}

/// Objects of a file with these pages, each the lines of its content.
fn pages(contents: &[&str], resources: &str) -> Vec<String> {
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
    let kids: Vec<String> = (0..contents.len())
        .map(|page| format!("{} 0 R", 4 + 2 * page))
        .collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {} /MediaBox [0 0 612 792] >>",
            kids.join(" "),
            contents.len()
        ),
        font.to_owned(),
    ];
    for (page, content) in contents.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /Contents {} 0 R /Resources << /Font << /F 3 0 R >> {resources} >> >>",
            5 + 2 * page
        ));
        objects.push(stream("", content));
    }
    objects
}

fn show(text: &str) -> String {
    format!("BT /F 12 Tf 72 700 Td ({text}) Tj ET")
}

fn read_pdf(bytes: &[u8]) -> (Vec<String>, Result<Option<String>, String>) {
    let file = FileInfo {
        name: "a.pdf".to_owned(),
        content_type: None,
        message_bytes_max: 1_000_000,
    };
    let mut texts = Vec::new();
    let mut emit = |piece: Piece| {
        texts.push(String::from_utf8(piece.value).unwrap());
        true
    };
    let outcome = crate::files::read(&file, bytes, &mut emit);
    (texts, outcome.map_err(|error| error.to_string()))
}

#[test]
fn each_page_is_a_message() {
    let (first, second) = (show("The Wilymajinkas dance."), show("They sing too."));
    let (texts, outcome) = read_pdf(&pdf(&pages(&[&first, "", &second], "")));
    assert_eq!(texts, ["The Wilymajinkas dance.", "They sing too."]);
    assert_eq!(outcome, Ok(None));
}

#[test]
fn a_damaged_page_does_not_hold_up_the_others() {
    let good = show("Readable.");
    let broken = show("Begun") + " BT /F 12 Tf 1 Td ET";
    let (texts, outcome) = read_pdf(&pdf(&pages(&[&broken, &good], "")));
    assert_eq!(texts, ["Begun", "Readable."]);
    let left_out = "left out page 1: damaged, only a part of it was read";
    assert_eq!(outcome, Ok(Some(left_out.to_owned())));
}

#[test]
fn what_contains_itself_is_found_out() {
    let text = show("Around it.");
    let draws_itself = pages(&[&format!("{text} /X Do")], "/XObject << /X 6 0 R >>");
    for resources in ["/Resources << /XObject << /X 6 0 R >> >>", ""] {
        let mut objects = draws_itself.clone();
        objects.push(stream(
            &format!("/Type /XObject /Subtype /Form {resources}"),
            "/X Do",
        ));
        let (texts, outcome) = read_pdf(&pdf(&objects));
        assert!(texts.is_empty());
        assert!(
            outcome
                .unwrap_err()
                .contains("page 1: damaged, it contains itself")
        );
    }
    let mut own_parent = pages(&[&text], "");
    own_parent[1] = own_parent[1].replace("/Count", "/Parent 2 0 R /Count");
    let (texts, outcome) = read_pdf(&pdf(&own_parent));
    assert!(texts.is_empty());
    assert!(outcome.unwrap_err().contains("contains itself"));
}

#[test]
fn pictures_are_passed_over() {
    let mut objects = pages(
        &[&(show("Beside a picture.") + " /X Do")],
        "/XObject << /X 6 0 R >>",
    );
    let picture = "/Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /DCTDecode";
    objects.push(stream(picture, "( [ << not drawn"));
    assert_eq!(
        read_pdf(&pdf(&objects)),
        (vec!["Beside a picture.".to_owned()], Ok(None))
    );
    let (_, outcome) = read_pdf(&pdf(&pages(&["/X Do", ""], "/XObject << /X 3 0 R >>")));
    assert!(outcome.is_err());
    let (_, outcome) = read_pdf(&pdf(&pages(&[""], "")));
    assert!(outcome.unwrap_err().contains("OCR"));
}

#[test]
fn a_file_that_is_cut_off_is_refused_or_read_as_far_as_it_goes() {
    let whole = pdf(&pages(&[&show("One."), &show("Two.")], ""));
    for end in (10..whole.len()).step_by(37) {
        // Whatever comes of it, it comes to an end in words.
        let _ = read_pdf(&whole[..end]);
    }
}
