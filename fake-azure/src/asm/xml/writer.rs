//! Writes answers: one line, no declaration, both namespaces on the root, empty elements closed at once (SM 1.5, 1.6).

use super::{AZURE, INSTANCE};

/// Writes a document, element by element.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    open: Vec<&'static str>,
    /// Whether the last start tag still lacks its `>`.
    pending: bool,
}

impl Writer {
    /// A document with this root.
    pub(crate) fn root(name: &'static str, write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer {
            text: String::new(),
            open: Vec::new(),
            pending: false,
        };
        writer.begin(name, &format!(" xmlns=\"{AZURE}\" xmlns:i=\"{INSTANCE}\""));
        write(&mut writer);
        writer.end();
        writer.text
    }

    fn begin(&mut self, name: &'static str, attributes: &str) {
        self.settle();
        self.text.push('<');
        self.text.push_str(name);
        self.text.push_str(attributes);
        self.open.push(name);
        self.pending = true;
    }

    fn settle(&mut self) {
        if self.pending {
            self.text.push('>');
            self.pending = false;
        }
    }

    fn end(&mut self) {
        let name = self.open.pop().unwrap_or_default();
        if self.pending {
            self.text.push_str("/>");
            self.pending = false;
        } else {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    /// An element with others in it.
    pub(crate) fn element(&mut self, name: &'static str, write: impl FnOnce(&mut Writer)) {
        self.begin(name, "");
        write(self);
        self.end();
    }

    /// An element with `i:type`.
    pub(crate) fn typed(&mut self, name: &'static str, kind: &str, write: impl FnOnce(&mut Writer)) {
        self.begin(name, &format!(" i:type=\"{kind}\""));
        write(self);
        self.end();
    }

    /// An element with text in it; empty text closes it at once.
    pub(crate) fn text(&mut self, name: &'static str, value: impl std::fmt::Display) {
        self.begin(name, "");
        let value = escape(&value.to_string());
        if !value.is_empty() {
            self.settle();
            self.text.push_str(&value);
        }
        self.end();
    }

    /// The same, where there is a value.
    pub(crate) fn optional(&mut self, name: &'static str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An empty element.
    pub(crate) fn empty(&mut self, name: &'static str) {
        self.element(name, |_| {});
    }

    /// `i:nil="true"`, or the text.
    pub(crate) fn nillable(&mut self, name: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => {
                self.begin(name, " i:nil=\"true\"");
                self.end();
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(
        &mut self,
        list: &'static str,
        item: &'static str,
        values: impl IntoIterator<Item = impl std::fmt::Display>,
    ) {
        self.element(list, |writer| {
            for value in values {
                writer.text(item, value);
            }
        });
    }
}

/// A text as XML; what XML 1.0 cannot say becomes the replacement character.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                escaped.push(letter)
            }
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_elements_are_closed_at_once_and_text_is_escaped() {
        let text = Writer::root("A", |writer| {
            writer.text("B", "<&>");
            writer.text("C", "");
            writer.empty("D");
            writer.nillable("E", None);
            writer.typed("F", "T", |writer| writer.text("G", 1));
        });
        let inside = "<B>&lt;&amp;&gt;</B><C/><D/><E i:nil=\"true\"/><F i:type=\"T\"><G>1</G></F>";
        assert_eq!(
            text,
            format!("<A xmlns=\"{AZURE}\" xmlns:i=\"{INSTANCE}\">{inside}</A>")
        );
    }
}
