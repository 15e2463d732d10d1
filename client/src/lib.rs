//! How does a program talk to the chain with types instead of bytes?
//!
//! [`api`] is generated from the runtime's metadata; [`Client`] connects, signs, submits and follows;
//! errors say what the chain refused in the words of its own documentation.

pub mod amount;
mod calls;
mod client;
mod error;
mod keys;
mod measure;
mod proofs;
mod view;

#[allow(missing_docs, missing_debug_implementations, clippy::all)]
mod generated {
	// Cargo does not see what a macro reads: without this, types of an older runtime stay.
	const _: &[u8] = include_bytes!("../metadata.scale");

	#[subxt::subxt(
		runtime_metadata_path = "metadata.scale",
		derive_for_all_types = "Clone, PartialEq, Eq",
		// What view functions answer is decoded by `view`, see there.
		derive_for_type(path = "pallet_applications::types::Page", derive = "::codec::Decode", recursive),
		derive_for_type(path = "pallet_applications::types::VerdictPage", derive = "::codec::Decode", recursive),
		derive_for_type(path = "pallet_market::types::Page", derive = "::codec::Decode", recursive),
		derive_for_type(path = "pallet_workspaces::plan::Plan", derive = "::codec::Decode", recursive),
		derive_for_type(path = "pallet_workspaces::plan::Seat", derive = "::codec::Decode", recursive)
	)]
	pub mod api {}
}

pub use calls::{decode_call, encode_call, hash_call};
pub use client::{AtBlock, Client, Sent, Wait};
pub use error::Error;
pub use generated::api;
pub use keys::{account_of, keypair, new_phrase, read_key_file, write_key_file, Keypair};
pub use measure::BlockContent;
pub use subxt::{
	transactions::Payload,
	utils::{AccountId32, H256},
};
pub use view::view;
