//! `application/x-www-form-urlencoded`, as sign-in requests come, and query strings, which have the same form.

use percent_encoding::percent_decode_str;

/// The fields of a form, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form. What is not UTF-8 after decoding is replaced; a field without `=` is empty.
    pub(crate) fn parse(text: &str) -> Form {
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let fields = text.split('&').filter(|field| !field.is_empty()).map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(name), decode(value))
        });
        Form(fields.collect())
    }

    /// The first field of a name; empty ones count as absent.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_as_browsers_write_it() {
        let form = Form::parse("grant_type=client_credentials&scope=a%3A%2F%2Fb%2F.default+openid&empty=&bare");
        assert_eq!(form.field("Grant_Type"), Some("client_credentials"));
        assert_eq!(form.field("scope"), Some("a://b/.default openid"));
        assert_eq!(form.field("empty"), None);
        assert_eq!(form.field("bare"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}|[%&=+a-f0-9]{0,60}") {
            Form::parse(&text).field("a");
        }
    }
}
