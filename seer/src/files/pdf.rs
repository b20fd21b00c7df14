//! PDF, page by page.
//!
//! The library panics on much that is damaged, so each page is read for itself. What would end the whole process, a page
//! that contains itself, is looked for before; pictures are taken out, since it reads them as if they were text.

use std::{
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use pdf_extract::{
    ColorSpace, Dictionary, Document, MediaBox, Object, ObjectId, OutputDev, OutputError, Path,
    PlainTextOutput, Transform,
};

use super::{Passages, Pieces, ReadError, unreadable};

/// How long a file may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest text of one page.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// How deep pages and drawings may stand within each other.
const DEPTH_MAX: usize = 32;
/// Drawings that a page may consist of.
const DRAWINGS_MAX: usize = 10_000;

pub(super) fn read(bytes: &[u8], pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
    let deadline = Instant::now() + READ_TIMEOUT;
    let document = panic::catch_unwind(|| open(bytes)).unwrap_or_else(|_| Err(damaged()))?;
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err(damaged());
    }
    for (number, id) in pages {
        if Instant::now() > deadline {
            pieces.leave_out(
                &format!("page {number} and what follows"),
                "it takes too long",
            );
            break;
        }
        let (text, problem) = page(&document, number, id, deadline);
        if let Some(problem) = problem {
            pieces.leave_out(&format!("page {number}"), problem);
        }
        let mut passages = Passages::of_text(pieces);
        for line in text.lines() {
            passages.line(line)?;
        }
        passages.finish()?;
    }
    if pieces.count == 0 && pieces.left_out == 0 {
        return Err(unreadable(
            "there is no text in it, perhaps only pictures of pages: have their text recognised (OCR) first",
        ));
    }
    Ok(())
}

fn open(bytes: &[u8]) -> Result<Document, ReadError> {
    let mut document = Document::load_mem(bytes).map_err(|_| damaged())?;
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err(unreadable("it is protected by a password: save it without"));
    }
    for object in document.objects.values_mut() {
        if let Object::Stream(stream) = object
            && let Ok(b"Image") = stream.dict.get(b"Subtype").and_then(Object::as_name)
        {
            stream.dict.remove(b"Filter");
            stream.set_content(Vec::new());
        }
    }
    Ok(document)
}

fn damaged() -> ReadError {
    unreadable("it is damaged, or no PDF: save it anew")
}

/// The text of a page, and what is wrong with it.
fn page(
    document: &Document,
    number: u32,
    id: ObjectId,
    deadline: Instant,
) -> (String, Option<&'static str>) {
    let mut text = String::new();
    if !ends(document, id) {
        return (text, Some("damaged, it contains itself"));
    }
    let read = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut output = Bounded {
            inner: PlainTextOutput::new(&mut text),
            deadline,
            bytes_left: PAGE_BYTES_MAX,
        };
        pdf_extract::output_doc_page(document, &mut output, number)
    }));
    let problem = match read {
        Ok(Ok(())) => None,
        Ok(Err(OutputError::FormatError(_))) => Some("too long, only a part of it was read"),
        Ok(Err(_)) | Err(_) => Some("damaged, only a part of it was read"),
    };
    (text, problem)
}

/// Whether following the page's parents and drawings comes to an end.
fn ends(document: &Document, page: ObjectId) -> bool {
    let Ok(dictionary) = document.get_dictionary(page) else {
        return false;
    };
    let mut resources = None;
    let mut node = dictionary;
    for _ in 0..DEPTH_MAX {
        resources = resources.or_else(|| resources_of(document, node));
        let parent = node.get(b"Parent").and_then(Object::as_reference);
        match parent.and_then(|parent| document.get_dictionary(parent)) {
            Ok(parent) => node = parent,
            Err(_) => {
                let mut drawings_left = DRAWINGS_MAX;
                return drawings_end(document, resources, DEPTH_MAX, &mut drawings_left);
            }
        }
    }
    false
}

fn drawings_end(
    document: &Document,
    resources: Option<&Dictionary>,
    depth_left: usize,
    drawings_left: &mut usize,
) -> bool {
    let Some(resources) = resources else {
        return true;
    };
    let drawings = resources.get(b"XObject").ok();
    let drawings = drawings.and_then(|object| dereference(document, object).as_dict().ok());
    drawings.into_iter().flatten().all(|(_, drawing)| {
        let Object::Stream(drawing) = dereference(document, drawing) else {
            return true;
        };
        if depth_left == 0 || *drawings_left == 0 {
            return false;
        }
        *drawings_left -= 1;
        match resources_of(document, &drawing.dict) {
            Some(inner) => drawings_end(document, Some(inner), depth_left - 1, drawings_left),
            // It draws with what is around it, and so perhaps itself.
            None => !draws(drawing),
        }
    })
}

fn draws(drawing: &pdf_extract::Stream) -> bool {
    let content = drawing.decompressed_content();
    let content = content.as_ref().unwrap_or(&drawing.content);
    content.windows(3).any(|bytes| bytes == b" Do")
}

fn resources_of<'a>(document: &'a Document, dictionary: &'a Dictionary) -> Option<&'a Dictionary> {
    let resources = dictionary.get(b"Resources").ok()?;
    dereference(document, resources).as_dict().ok()
}

fn dereference<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    document
        .dereference(object)
        .map_or(object, |(_, object)| object)
}

/// Output that ends in time.
struct Bounded<O> {
    inner: O,
    deadline: Instant,
    bytes_left: usize,
}

impl<O: OutputDev> OutputDev for Bounded<O> {
    fn begin_page(
        &mut self,
        page_num: u32,
        media_box: &MediaBox,
        art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        self.inner.begin_page(page_num, media_box, art_box)
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        self.inner.end_page()
    }

    fn output_character(
        &mut self,
        trm: &Transform,
        width: f64,
        spacing: f64,
        font_size: f64,
        char: &str,
    ) -> Result<(), OutputError> {
        let left = self.bytes_left.checked_sub(char.len());
        match left {
            Some(left) if Instant::now() < self.deadline => self.bytes_left = left,
            _ => return Err(OutputError::FormatError(std::fmt::Error)),
        }
        self.inner
            .output_character(trm, width, spacing, font_size, char)
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        self.inner.begin_word()
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        self.inner.end_word()
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        self.inner.end_line()
    }

    fn stroke(
        &mut self,
        _: &Transform,
        _: &ColorSpace,
        _: &[f64],
        _: &Path,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn fill(
        &mut self,
        _: &Transform,
        _: &ColorSpace,
        _: &[f64],
        _: &Path,
    ) -> Result<(), OutputError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
