//! Rules of storage accounts.
