//! `$NAME` in the values of suites. Knows nothing of where the values come from.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

/// Replaces each `$NAME` by its value; a name that there is not is an error.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String> {
    let mut pieces = text.split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        let value = values.get(name).with_context(|| format!("there is no `{name}`"))?;
        filled.push_str(value);
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_unknown_ones_refused() {
        let values = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("A_B".to_owned(), "2".to_owned())]);
        assert_eq!(fill("$A/$A_B-x", &values).expect("known names"), "1/2-x");
        assert!(fill("$NOPE", &values).is_err());
    }
}
