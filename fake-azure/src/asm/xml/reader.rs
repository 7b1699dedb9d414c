//! Reads a request's body into a tree. Document types are refused, and with them every bomb made of entities.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::INSTANCE;

/// How deep a document may go.
const DEPTH_MAX: usize = 48;

/// How many elements it may have.
const ELEMENTS_MAX: usize = 50_000;

/// A document that cannot be read, and where: line and column, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its local name.
    pub(crate) name: String,
    /// Its namespace; empty for none.
    pub(crate) namespace: String,
    /// Attributes without namespace declarations, by local name.
    pub(crate) attributes: Vec<(String, String)>,
    /// Whether it says `i:nil="true"`.
    pub(crate) nil: bool,
    /// Elements in it.
    pub(crate) children: Vec<Element>,
    /// Text in it.
    pub(crate) text: String,
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    /// Where it begins, counted from 1.
    pub(crate) column: usize,
}

impl Element {
    /// An attribute by name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first child of a name, wherever it stands.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name; `None` when it is nil.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)
            .filter(|child| !child.nil)
            .map(|child| child.text.trim())
    }

    /// All children of a name.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Prefixes in force, innermost last.
type Scope = Vec<(String, String)>;

/// Reads a document. A byte order mark and a declaration may be there or not (SM 1.4).
///
/// # Errors
///
/// When it is not well formed, has a document type, or is deeper or larger than any request of the API.
pub(crate) fn parse(body: &[u8]) -> Result<Element, Malformed> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let start = Malformed { line: 1, column: 1 };
    let text = std::str::from_utf8(body).map_err(|_| start)?;
    let mut places = Places::new(text);
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(Element, usize)> = Vec::new();
    let mut scope: Scope = Vec::new();
    let mut root = None;
    let mut count = 0_usize;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let here = places.of(at);
        let event = reader.read_event().map_err(|_| here)?;
        let ends = match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                count += 1;
                if open.len() >= DEPTH_MAX || count > ELEMENTS_MAX || root.is_some() {
                    return Err(here);
                }
                let outer = scope.len();
                let element = begin(tag, &mut scope, here).ok_or(here)?;
                open.push((element, outer));
                matches!(event, Event::Empty(_))
            }
            Event::End(_) => true,
            Event::Text(piece) => {
                add(&mut open, piece, here)?;
                false
            }
            Event::CData(piece) => {
                add(&mut open, piece, here)?;
                false
            }
            Event::GeneralRef(reference) => {
                let name: &str = reference;
                let letter = match name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => reference.resolve_char_ref().ok().flatten().ok_or(here)?,
                };
                add(&mut open, letter.encode_utf8(&mut [0; 4]), here)?;
                false
            }
            Event::DocType(_) => return Err(here),
            Event::Eof => return root.filter(|_| open.is_empty()).ok_or(here),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => false,
        };
        if ends {
            let (element, outer) = open.pop().ok_or(here)?;
            scope.truncate(outer);
            match open.last_mut() {
                Some((parent, _)) => parent.children.push(element),
                None => root = Some(element),
            }
        }
    }
}

fn add(open: &mut [(Element, usize)], text: &str, here: Malformed) -> Result<(), Malformed> {
    match open.last_mut() {
        Some((element, _)) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(here),
    }
    Ok(())
}

/// The element that a tag begins; `None` when an attribute is malformed or a prefix is not declared.
fn begin(tag: &BytesStart<'_>, scope: &mut Scope, here: Malformed) -> Option<Element> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let value = quick_xml::escape::unescape(&attribute.value).ok()?.into_owned();
        let key = attribute.key.into_inner();
        match key.strip_prefix("xmlns") {
            Some("") => scope.push((String::new(), value)),
            Some(rest) if rest.starts_with(':') => scope.push((rest[1..].to_owned(), value)),
            _ => attributes.push((key.to_owned(), value)),
        }
    }
    let resolve = |prefix: &str| -> Option<String> {
        let found = scope
            .iter()
            .rev()
            .find(|(own, _)| own == prefix)
            .map(|(_, namespace)| namespace.clone());
        match prefix {
            "" => Some(found.unwrap_or_default()),
            "xml" => Some("http://www.w3.org/XML/1998/namespace".to_owned()),
            _ => found,
        }
    };
    let name = tag.name().into_inner().trim_end();
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let namespace = resolve(prefix)?;
    let mut nil = false;
    let mut kept = Vec::new();
    for (key, value) in attributes {
        let Some((prefix, local)) = key.split_once(':') else {
            kept.push((key, value));
            continue;
        };
        if resolve(prefix)? == INSTANCE && local == "nil" {
            nil = matches!(value.trim(), "true" | "1");
        } else {
            kept.push((local.to_owned(), value));
        }
    }
    Some(Element {
        name: local.to_owned(),
        namespace,
        attributes: kept,
        nil,
        line: here.line,
        column: here.column,
        ..Element::default()
    })
}

/// Lines and columns of growing offsets.
struct Places<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    line_begin: usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Places<'t> {
        Places {
            text,
            at: 0,
            line: 1,
            line_begin: 0,
        }
    }

    fn of(&mut self, offset: usize) -> Malformed {
        let offset = offset.min(self.text.len());
        for (index, byte) in self.text.as_bytes()[self.at..offset].iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_begin = self.at + index + 1;
            }
        }
        self.at = self.at.max(offset);
        Malformed {
            line: self.line,
            column: offset - self.line_begin + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_name_namespace_and_place() {
        let root = parse(b"\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<A  xmlns=\"n\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">\n <B >x &amp; &#x41;</B><C i:nil=\"true\"/></A>")
            .expect("well formed");
        assert_eq!((root.name.as_str(), root.namespace.as_str()), ("A", "n"));
        assert_eq!(root.text_of("B"), Some("x & A"));
        assert_eq!(root.text_of("C"), None);
        assert_eq!(root.child("B").map(|b| (b.line, b.column)), Some((3, 2)));
    }

    #[test]
    fn bombs_and_fragments_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for text in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "x<a/>",
            "<p:a/>",
            "<a>&nope;</a>",
            bomb,
            &deep,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_mangled_document_makes_the_reader_panic(cut in 0_usize..160, put in "\\PC{0,12}") {
            let text = "<?xml version=\"1.0\"?><Role xmlns=\"http://schemas.microsoft.com/windowsazure\"><RoleName a='b'>x&amp;y</RoleName><![CDATA[z]]></Role>";
            let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let _ = parse(format!("{}{put}{}", &text[..cut], &text[cut..]).as_bytes());
            let _ = parse(format!("{}{put}", &text[..cut]).as_bytes());
        }
    }
}
