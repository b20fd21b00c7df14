//! HTML as the text that a browser shows. In one pass, without building a document: pages are untrusted, and some are
//! nested deeper than any stack.

use super::clean;

/// Elements whose content nobody reads.
const HIDDEN: [&str; 6] = ["script", "style", "template", "noscript", "svg", "iframe"];
/// Elements in a line of text; all others begin a new line.
const INLINE: [&str; 27] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "img", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "wbr",
];
/// Characters of Latin-1 by their names in HTML, from U+00A0 on.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash \
    Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc \
    euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
    yacute thorn yuml";
const NAMED: [(&str, char); 18] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("hellip", '…'),
    ("bull", '•'),
    ("euro", '€'),
    ("trade", '™'),
    ("rarr", '→'),
];
/// Longest name of a character, with its `;`.
const NAME_BYTES_MAX: usize = 12;

/// Lines of text, without markup.
pub(crate) fn to_text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.push_text(&rest[..at]);
        rest = &rest[at..];
        rest = match Tag::parse(rest) {
            Some((tag, after)) => {
                page.tag(&tag);
                if tag.opens && HIDDEN.iter().any(|name| tag.is(name)) {
                    after_end_of(tag.name, after)
                } else {
                    after
                }
            }
            None => {
                page.push_text("<");
                &rest[1..]
            }
        };
    }
    page.push_text(rest);
    page.new_line();
    clean(&page.text)
}

/// A tag, comment or declaration.
struct Tag<'a> {
    /// Empty for what is not an element.
    name: &'a str,
    opens: bool,
}

impl<'a> Tag<'a> {
    /// The tag at the start of `html`, and what comes after it. `None` for a `<` that begins none.
    fn parse(html: &'a str) -> Option<(Self, &'a str)> {
        let nothing = |after| {
            let tag = Tag {
                name: "",
                opens: false,
            };
            Some((tag, after))
        };
        if let Some(comment) = html.strip_prefix("<!--") {
            let after = comment.split_once("-->");
            return nothing(after.map_or("", |(_, after)| after));
        }
        let inner = &html[1..];
        let (opens, named) = match inner.strip_prefix('/') {
            Some(named) => (false, named),
            None => (true, inner),
        };
        let name_end = named
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != ':')
            .unwrap_or(named.len());
        let name = &named[..name_end];
        let is_element = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_element && !inner.starts_with(['!', '?']) {
            return None;
        }
        let after = after_tag(&named[name_end..]);
        if !is_element {
            return nothing(after);
        }
        Some((Tag { name, opens }, after))
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// What comes after the `>` that ends a tag; one in the quotes of an attribute does not.
fn after_tag(attributes: &str) -> &str {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in attributes.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return &attributes[at + 1..],
            // An apostrophe elsewhere is a typing error, not the start of a text without end.
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            None => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    ""
}

/// What comes after the closing tag of a hidden element.
fn after_end_of<'a>(name: &str, html: &'a str) -> &'a str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let found = rest.as_bytes().get(..name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return after_tag(&rest[name.len()..]);
        }
    }
    ""
}

#[derive(Default)]
struct Page {
    text: String,
    preformatted: bool,
}

impl Page {
    fn tag(&mut self, tag: &Tag<'_>) {
        if tag.is("pre") || tag.is("textarea") {
            self.preformatted = tag.opens;
        }
        if tag.is("td") || tag.is("th") {
            self.cell(tag.opens);
        } else if tag.is("li") && tag.opens {
            self.new_line();
            self.text.push_str("- ");
        } else if !tag.name.is_empty() && !INLINE.iter().any(|name| tag.is(name)) {
            self.new_line();
        }
    }

    /// Cells of a row stand side by side.
    fn cell(&mut self, opens: bool) {
        if opens && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.trim_end();
            self.text.push_str(" | ");
        }
    }

    fn new_line(&mut self) {
        self.trim_end();
        // A bullet without text is none.
        if self.text == "-" || self.text.ends_with("\n-") {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn trim_end(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
    }

    fn push_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let entity = if c == '&' { entity(rest) } else { None };
            let (c, bytes) = entity.unwrap_or((c, c.len_utf8()));
            rest = &rest[bytes..];
            match c {
                // Where a long word may be broken: not part of it.
                '\u{ad}' => {}
                c if c.is_whitespace() && (!self.preformatted || entity.is_some()) => {
                    if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                        self.text.push(' ');
                    }
                }
                c => self.text.push(c),
            }
        }
    }
}

/// The character that `&…;` at the start of a text stands for, and the bytes it takes.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text
        .bytes()
        .take(NAME_BYTES_MAX)
        .position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
        None => named(name)?,
    };
    Some((character, end + 1))
}

fn named(name: &str) -> Option<char> {
    let common = NAMED.iter().find(|(known, _)| *known == name);
    if let Some((_, character)) = common {
        return Some(*character);
    }
    let place = LATIN_1
        .split_ascii_whitespace()
        .position(|known| known == name)?;
    char::from_u32(0xa0 + u32::try_from(place).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_lines_and_inline_elements_are_not() {
        let html = "<div>One <i>in</i>line<br>two</div>\n\n  <p class=\"a>b\" title='x'>three\n  four</p><ul><li>a<li> b </ul>";
        assert_eq!(to_text(html), "One inline\ntwo\nthree four\n- a\n- b");
        let table = "<table><tr><th>Name<th>Born</tr><tr><td>Ada</td> <td>1815</td></tr></table>";
        assert_eq!(to_text(table), "Name | Born\nAda | 1815");
        assert_eq!(to_text("<pre>a\n  b</pre> c   d"), "a\n  b\nc d");
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        let html = "a<script>if (a<b) \"</div>\"</SCRIPT >b<!-- <p>no --> c<style>p{}</style><svg><text>d</text></svg>e";
        assert_eq!(to_text(html), "a\nb c\ne");
        assert_eq!(to_text("kept<script>never ends"), "kept");
        assert_eq!(to_text("kept<!-- never ends"), "kept");
        assert_eq!(to_text("kept<p title=\"never ends>"), "kept");
        assert_eq!(to_text("<?xml version='1.0'?><!doctype html>x"), "x");
    }

    #[test]
    fn characters_by_name_and_number() {
        assert_eq!(
            to_text("Gr&ouml;&szlig;e&nbsp;&lt;5&#8364;&#x2014;&yuml;&nbsp;&co&shy;."),
            "Größe <5€—ÿ &co."
        );
        assert_eq!(
            to_text("a & b &unknown; &#xD800; &;&"),
            "a & b &unknown; &#xD800; &;&"
        );
        assert_eq!(to_text("1 < 2 and <3"), "1 < 2 and <3");
    }
}
