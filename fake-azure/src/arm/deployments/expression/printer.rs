//! The text of an expression: what reads back as the same tree.

use std::fmt;

use super::{Call, Expression, Step};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Expression::Number(number) => write!(f, "{number}"),
            Expression::Call(call) => write!(f, "{call}"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}.")?;
        }
        write!(f, "{}(", self.name)?;
        for (index, arg) in self.args.iter().enumerate() {
            write!(f, "{}{arg}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(")")?;
        for step in &self.steps {
            match step {
                Step::Member { name, safe } => write!(f, ".{}{name}", question(*safe))?,
                Step::Index { index, safe } => write!(f, "[{}{index}]", question(*safe))?,
            }
        }
        Ok(())
    }
}

fn question(safe: bool) -> &'static str {
    if safe { "?" } else { "" }
}
