//! How each pallet is configured, by concern. Each constant has its unit and its reason.

mod accounts;
mod compute;
mod consensus;
mod dao;
mod deposits;
mod parameters;
mod system;
mod tokens;
mod tracks;
mod upgrades;

pub use accounts::ProxyType;
#[cfg(feature = "runtime-benchmarks")]
pub(crate) use compute::ledger_account;
pub use compute::{pallet_accounts, TREASURY};
pub use dao::TechnicalCollective;
pub use parameters::{dynamic, RuntimeParameters};
pub use system::{BlockLength, BlockWeights};
pub use tracks::Tracks;
