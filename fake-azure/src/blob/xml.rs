//! XML as the blob service writes and reads it: a byte order mark, elements, hardly an attribute (ARM 9.1).

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::error::Refusal;

/// How deep a document may go: none that means anything has more levels.
const DEPTH_MAX: usize = 8;

/// Writes a document, element by element.
#[derive(Debug)]
pub(super) struct Writer {
    text: String,
    open: Vec<String>,
}

impl Writer {
    /// A document whose root element has this name, and perhaps attributes behind it.
    pub(super) fn new(root: &str) -> Writer {
        let mut writer = Writer {
            text: "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned(),
            open: Vec::new(),
        };
        writer.open(root);
        writer
    }

    pub(super) fn open(&mut self, element: &str) {
        self.text.push('<');
        self.text.push_str(element);
        self.text.push('>');
        self.open.push(element.split(' ').next().unwrap_or(element).to_owned());
    }

    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(&name);
            self.text.push('>');
        }
    }

    pub(super) fn leaf(&mut self, element: &str, value: &str) {
        self.open(element);
        // Only attributes need their quotes escaped, and a list of containers has quotes in its etags.
        self.text.push_str(&escape(value).replace("&quot;", "\""));
        self.close();
    }

    /// `<NextMarker />`.
    pub(super) fn empty(&mut self, element: &str) {
        self.text.push('<');
        self.text.push_str(element);
        self.text.push_str(" />");
    }

    /// A leaf, or an empty element where there is nothing to say.
    pub(super) fn leaf_or_empty(&mut self, element: &str, value: &str) {
        if value.is_empty() {
            self.empty(element);
        } else {
            self.leaf(element, value);
        }
    }

    /// XML that was written before.
    pub(super) fn raw(&mut self, xml: &str) {
        self.text.push_str(xml);
    }

    pub(super) fn finish(mut self) -> Bytes {
        while !self.open.is_empty() {
            self.close();
        }
        Bytes::from(self.text)
    }
}

/// A text or an attribute's value.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            letter if is_allowed(letter) => escaped.push(letter),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// Whether XML 1.0 can say a letter at all.
pub(super) fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// An element of a document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Its content as it is written.
    pub(super) fn inner_xml(&self) -> String {
        if self.children.is_empty() {
            return escape(&self.text);
        }
        let written = self.children.iter().map(|child| match child.inner_xml() {
            inner if inner.is_empty() => format!("<{} />", child.name),
            inner => format!("<{0}>{inner}</{0}>", child.name),
        });
        written.collect()
    }
}

/// Reads a document.
pub(super) fn read(body: &[u8]) -> Result<Element, Refusal> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| Refusal::invalid_xml())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|_| Refusal::invalid_xml())?;
        let begun = match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                Some(AsRef::<str>::as_ref(&name).to_owned())
            }
            _ => None,
        };
        if let Some(name) = begun {
            if open.len() >= DEPTH_MAX {
                return Err(Refusal::invalid_xml());
            }
            open.push(Element {
                name,
                ..Element::default()
            });
        }
        match event {
            Event::Empty(_) | Event::End(_) => {
                let mut done = open.pop().ok_or_else(Refusal::invalid_xml)?;
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(piece) => add(&mut open, piece.as_ref()),
            Event::CData(piece) => add(&mut open, piece.as_ref()),
            Event::GeneralRef(reference) => {
                let letter = match reference.as_ref() {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                add(
                    &mut open,
                    letter.ok_or_else(Refusal::invalid_xml)?.encode_utf8(&mut [0; 4]),
                );
            }
            Event::Eof => return Err(Refusal::invalid_xml()),
            _ => {}
        }
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut writer = Writer::new("A b=\"c\"");
        writer.leaf("B", "<&\"'> ü\u{1}");
        writer.open("C");
        writer.empty("D");
        let bytes = writer.finish();
        let expected = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><A b=\"c\"><B>&lt;&amp;\"'&gt; ü\u{fffd}</B><C><D /></C></A>";
        assert_eq!(std::str::from_utf8(&bytes).expect("text"), expected);

        let read = read(&bytes).expect("well formed");
        assert_eq!(read.name, "A");
        assert_eq!(read.text_of("B"), Some("<&\"'> ü\u{fffd}"));
        assert_eq!(read.child("C").map(Element::inner_xml).as_deref(), Some("<D />"));
    }

    #[test]
    fn broken_documents_are_refused() {
        let deep = "<a>".repeat(20);
        for text in [
            "",
            "<a>",
            "<a></b>",
            "text",
            "<a>&nothing;</a>",
            "\u{feff}",
            deep.as_str(),
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(&[0xff, 0xfe]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}") {
            let _ = read(text.as_bytes());
            let _ = read(format!("<a>{text}</a>").as_bytes());
        }
    }
}
