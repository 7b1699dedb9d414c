//! Contracts: the order in which a type's elements are read (SM 1.4).

use super::{AZURE, Element};
use crate::asm::error::Failure;

/// The order of a type's elements. Lenient ones are found wherever they stand, because a client relies on it (SM 14).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    pub(crate) name: &'static str,
    pub(crate) order: &'static [&'static str],
    pub(crate) lenient: &'static [&'static str],
}

/// The elements that a contract found.
#[derive(Debug)]
pub(crate) struct Fields<'e> {
    contract: &'static str,
    found: Vec<(&'static str, &'e Element)>,
}

impl Contract {
    /// Reads an element: unknown children are skipped, misplaced ones are absent.
    pub(crate) fn read<'e>(&self, element: &'e Element) -> Fields<'e> {
        let mut found: Vec<(&'static str, &'e Element)> = Vec::new();
        let mut position = 0;
        for child in element.children.iter().filter(|child| is_azure(&child.namespace)) {
            let Some(place) = self.order.iter().position(|own| *own == child.name) else {
                continue;
            };
            let name = self.order[place];
            let is_new = !found.iter().any(|(own, _)| *own == name);
            if is_new && (place >= position || self.lenient.contains(&name)) {
                found.push((name, child));
                position = position.max(place + 1);
            }
        }
        Fields {
            contract: self.name,
            found,
        }
    }
}

/// The API's namespace; some clients write it with `https` (SM 1.4).
pub(crate) fn is_azure(namespace: &str) -> bool {
    let bare = namespace.trim_end_matches('/');
    bare == AZURE
        || bare
            .strip_prefix("https")
            .is_some_and(|rest| Some(rest) == AZURE.strip_prefix("http"))
}

impl<'e> Fields<'e> {
    /// An element; `None` when absent or nil.
    pub(crate) fn get(&self, name: &str) -> Option<&'e Element> {
        self.found
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, element)| *element)
            .filter(|element| !element.nil)
    }

    /// An element's text, without blanks around it.
    pub(crate) fn text(&self, name: &str) -> Option<&'e str> {
        self.get(name).map(|element| element.text.trim())
    }

    /// The same; `None` when it is empty, too.
    pub(crate) fn filled(&self, name: &str) -> Option<Box<str>> {
        self.text(name).filter(|text| !text.is_empty()).map(Box::from)
    }

    /// The same, empty where it is absent.
    pub(crate) fn or_empty(&self, name: &str) -> Box<str> {
        self.text(name).unwrap_or_default().into()
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<Box<str>, Failure> {
        self.text(name).map(Box::from).ok_or_else(|| self.missing())
    }

    /// The refusal of a type that lacks an element.
    pub(crate) fn missing(&self) -> Failure {
        Failure::missing_element(self.contract)
    }

    /// A number; an element that is there must hold one (SM 1.6).
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        match self.text(name) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Failure::invalid_xml()),
        }
    }

    /// `true` or `false`, in any case.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("") => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Failure::invalid_xml()),
        }
    }

    /// The items of a list; `None` when the list is absent.
    pub(crate) fn list(&self, name: &str, item: &'e str) -> Option<Vec<&'e Element>> {
        self.get(name).map(|element| element.all(item).collect())
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str, item: &'e str) -> Vec<Box<str>> {
        let items = self.list(name, item).unwrap_or_default();
        items
            .into_iter()
            .map(|item| item.text.trim())
            .filter(|text| !text.is_empty())
            .map(Box::from)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const CONTRACT: Contract = Contract {
        name: "T",
        order: &["A", "B", "C"],
        lenient: &["A"],
    };

    fn read(body: &str) -> Vec<String> {
        let root = parse(format!("<T xmlns=\"{AZURE}\">{body}</T>").as_bytes()).expect("well formed");
        CONTRACT
            .read(&root)
            .found
            .iter()
            .map(|(name, element)| format!("{name}={}", element.text))
            .collect()
    }

    #[test]
    fn misplaced_elements_are_absent_but_for_lenient_ones() {
        assert_eq!(read("<A>1</A><C>3</C><B>2</B>"), ["A=1", "C=3"]);
        assert_eq!(read("<B>2</B><A>1</A><C>3</C>"), ["B=2", "A=1", "C=3"]);
        assert_eq!(read("<X/><B>2</B><X/><B>4</B>"), ["B=2"]);
        assert_eq!(read("<B xmlns=\"other\">2</B><C>3</C>"), ["C=3"]);
    }

    #[test]
    fn the_namespace_may_be_written_with_https() {
        assert!(is_azure("https://schemas.microsoft.com/windowsazure/") && !is_azure("") && !is_azure("urn:x"));
    }
}
