//! Microsoft.KeyVault: vaults as resources. What is in them is asked for by `crate::vaults`.

mod access_policies;
#[cfg(test)]
mod tests;
pub(crate) mod vaults;
