//! Documents of the classic API: trees whose order is kept, since the service reads elements in the order of its contracts and takes
//! what is out of place for absent (juju-provider 2.1).
//!
//! It knows no document; what is read and not understood is written back as it was.

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::{BytesStart, Event};

/// The namespace of everything but the network configuration.
pub(crate) const AZURE: &str = "http://schemas.microsoft.com/windowsazure";
/// The namespace of `type` and `nil`.
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Deeper than any document of the service.
const DEPTH_MAX: usize = 48;

/// An element. One with elements in it has no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// As written, a prefix included.
    pub(crate) name: String,
    /// As written, declarations of namespaces included.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    /// An empty element.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The root of a document of the service.
    pub(crate) fn root(name: &str) -> Self {
        Self::new(name).attribute("xmlns", AZURE).attribute("xmlns:i", INSTANCE)
    }

    /// An element with a text.
    pub(crate) fn text(name: &str, text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            ..Self::new(name)
        }
    }

    pub(crate) fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more child, at the end.
    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With one more child of a text, at the end.
    pub(crate) fn with(self, name: &str, text: impl ToString) -> Self {
        self.child(Self::text(name, text))
    }

    /// The name without its prefix.
    fn local_name(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(&self.name)
    }

    /// The value of an attribute.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first child of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.local_name() == name)
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.local_name() == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.local_name() == name)
    }

    /// The items of a list in this element; none where there is no list.
    pub(crate) fn items<'a>(&'a self, list: &str, item: &'a str) -> impl Iterator<Item = &'a Self> {
        self.find(list).into_iter().flat_map(move |list| list.all(item))
    }

    /// The text of a child; None where it is absent or empty, and a nil one is empty.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.find(name)
            .map(|child| child.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// Reads a document.
    ///
    /// The error says what is wrong with it, and shows nothing of it.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, String> {
        let wrong = |what: &str| what.to_owned();
        let text = std::str::from_utf8(document).map_err(|_| wrong("it is no UTF-8 text"))?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        loop {
            let event = reader
                .read_event()
                .map_err(|_| wrong("it is no well-formed XML document"))?;
            let ends = match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    if open.len() >= DEPTH_MAX {
                        return Err(wrong("it is too deep"));
                    }
                    open.push(begin(tag).ok_or_else(|| wrong("an attribute in it is malformed"))?);
                    matches!(event, Event::Empty(_))
                }
                Event::End(_) => true,
                Event::Text(piece) => {
                    add(&mut open, piece);
                    false
                }
                Event::CData(piece) => {
                    add(&mut open, piece);
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
                        _ => reference
                            .resolve_char_ref()
                            .ok()
                            .flatten()
                            .ok_or_else(|| wrong("it has an entity of its own"))?,
                    };
                    add(&mut open, letter.encode_utf8(&mut [0; 4]));
                    false
                }
                Event::DocType(_) => return Err(wrong("it has a document type")),
                Event::Eof => return Err(wrong("it ends early")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => false,
            };
            if ends {
                let Some(element) = open.pop() else {
                    return Err(wrong("an element ends that did not begin"));
                };
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
        }
    }

    /// The document with this root.
    pub(crate) fn document(&self) -> Bytes {
        let mut text = String::new();
        self.write(&mut text);
        Bytes::from(text)
    }

    fn write(&self, text: &mut String) {
        text.push('<');
        text.push_str(&self.name);
        for (name, value) in &self.attributes {
            text.push(' ');
            text.push_str(name);
            text.push_str("=\"");
            text.push_str(&escape(value.as_str()));
            text.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            text.push_str("/>");
            return;
        }

        text.push('>');
        if self.children.is_empty() {
            text.push_str(&escape(self.text.as_str()));
        }
        for child in &self.children {
            child.write(text);
        }
        text.push_str("</");
        text.push_str(&self.name);
        text.push('>');
    }
}

fn begin(tag: &BytesStart<'_>) -> Option<Element> {
    let mut element = Element::new(tag.name().into_inner().trim_end());
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let value = unescape(&attribute.value).ok()?.into_owned();
        element.attributes.push((attribute.key.into_inner().to_owned(), value));
    }
    Some(element)
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Element;

    fn round(text: &str) -> Result<String, String> {
        let document = Element::parse(text.as_bytes())?.document();
        Ok(String::from_utf8_lossy(&document).into_owned())
    }

    #[test]
    fn order_attributes_and_entities_survive() {
        let text = "<A xmlns=\"n\" xmlns:i=\"m\"><C i:type=\"T\">x &amp; &lt;y&gt;</C><B/><C>2</C></A>";
        assert_eq!(round(text).as_deref(), Ok(text));
    }

    #[test]
    fn marks_declarations_and_blanks_between_elements_do_not() {
        let text = "<?xml version=\"1.0\"?>\r\n<A>\r\n  <!-- n --> <B>&#x41;<![CDATA[<]]></B>\r\n</A>\r\n";
        assert_eq!(round(text).as_deref(), Ok("<A><B>A&lt;</B></A>"));
    }

    #[test]
    fn what_is_no_document_is_said_so() {
        for text in ["", "<A>", "<A></B>", "x", "<A>&own;</A>", "<!DOCTYPE a><A/>"] {
            assert!(round(text).is_err(), "{text}");
        }
        assert!(round(&"<a>".repeat(100)).is_err());
    }

    #[test]
    fn texts_are_read_back_as_they_were_written() {
        proptest!(|(text in "[ -~éß]*", value in "[ -~é]*")| {
            let element = Element::new("A").attribute("v", &value).with("B", &text);
            let read = Element::parse(&element.document());
            prop_assert_eq!(read, Ok(element));
        });
    }

    #[test]
    fn no_text_stops_the_reader() {
        proptest!(|(text in "(<|>|/|A|&|;|\"|=| |<!--|-->|\\PC)*")| {
            let _ = Element::parse(text.as_bytes());
        });
    }
}
