//! What does a deposit's ticket say is held?
//!
//! Pallets take the deposit for what they store by the runtime's `Consideration`, and keep its ticket in the
//! record that it pays for: what returns is what was held, whatever storing costs by then.

use codec::{Decode, Encode};

use crate::Balance;

/// The amount that a ticket says is held, in the smallest unit; 0 for a ticket of nothing.
///
/// The tickets of `frame_support`'s `HoldConsideration` are encoded as that amount, and have no other way to
/// tell it. Only for those who check the books (`try_state`) and for tests: rules need not know it.
pub fn amount(ticket: &impl Encode) -> Balance {
	Balance::decode(&mut ticket.encode().as_slice()).unwrap_or(0)
}

/// The ticket that says that so much is held; `None` where such tickets are encoded otherwise. Holds nothing:
/// for tests.
pub fn ticket<Ticket: Decode>(amount: Balance) -> Option<Ticket> {
	Ticket::decode(&mut amount.encode().as_slice()).ok()
}
