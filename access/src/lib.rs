//! How do a tenant and the agent of its machine talk?
//!
//! One connection is one operation: TLS 1.3, a greeting in which the agent proves that it is the
//! machine's ([`identity`]), one statement signed by the holder of the use right ([`statement`]), then
//! what was asked for ([`message`]). Nothing here knows a chain or an engine: who holds a right, and
//! who may speak for a machine, is asked by those who use this. `docs/tenant-access.md` says what it
//! protects against.

pub mod identity;
pub mod link;
pub mod message;
pub mod sealing;
pub mod statement;
pub mod tls;

/// The port of agents that name none.
pub const DEFAULT_PORT: u16 = 9617;

/// Text as wallets sign it: never a transaction, whatever it says.
fn wrapped(text: &str) -> Vec<u8> {
	format!("<Bytes>{text}</Bytes>").into_bytes()
}
