//! What a tenant signs: one request, for one lease, in one session, until one block.
//!
//! The text is plain, so that a wallet can show it. It is signed between `<Bytes>` and `</Bytes>`, as
//! wallets sign text that is no transaction.

use codec::{Decode, Encode};
use sp_crypto_hashing::blake2_256;
use subxt_signer::{ecdsa, sr25519};

use crate::{message::Request, wrapped};

/// Blocks that a statement of the command line is good for: a minute and a half.
pub const LIFE: u32 = 30;
/// The most blocks that an agent accepts one for: what was signed by mistake is soon worth nothing.
pub const MAX_LIFE: u32 = 100;

/// Where a statement is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// The chain's genesis hash.
	pub chain: [u8; 32],
	/// The machine's node.
	pub node: u32,
	/// What both ends of the TLS session derive from its keys, and nobody else can: a statement is
	/// worth nothing in any other session.
	pub session: [u8; 32],
}

/// A request with the signature of whom it is from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ask {
	/// The lease that it is about.
	pub lease: u64,
	/// The lease's generation.
	pub generation: u32,
	/// The last block in which it is good.
	pub until: u32,
	/// What is asked for.
	pub request: Request,
	/// The account that signed.
	pub account: [u8; 32],
	/// Over the statement's text.
	pub signature: Signature,
}

/// A signature as accounts of the chain make them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Signature {
	/// By the Ed25519 key that is the account.
	#[codec(index = 0)]
	Ed25519([u8; 64]),
	/// By the Sr25519 key that is the account.
	#[codec(index = 1)]
	Sr25519([u8; 64]),
	/// By a key of secp256k1, over the BLAKE2 hash; the account is the hash of the key.
	#[codec(index = 2)]
	Ecdsa {
		/// The key, compressed.
		public: [u8; 33],
		/// The signature with its recovery byte.
		signature: [u8; 65],
	},
}

impl Signature {
	/// Whether it is the account's, over the message.
	pub fn is_by(&self, account: &[u8; 32], message: &[u8]) -> bool {
		match self {
			Self::Ed25519(signature) => ed25519_dalek::VerifyingKey::from_bytes(account)
				.is_ok_and(|key| key.verify_strict(message, &signature.into()).is_ok()),
			Self::Sr25519(signature) => sr25519::verify(
				&sr25519::Signature(*signature),
				message,
				&sr25519::PublicKey(*account),
			),
			Self::Ecdsa { public, signature } => {
				blake2_256(public) == *account
					&& ecdsa::verify(
						&ecdsa::Signature(*signature),
						message,
						&ecdsa::PublicKey(*public),
					)
			}
		}
	}
}

impl Ask {
	/// Signs a request.
	pub fn sign(
		place: &Place,
		lease: u64,
		generation: u32,
		until: u32,
		request: Request,
		key: &sr25519::Keypair,
	) -> Self {
		let message = message(place, lease, generation, until, &request);
		Self {
			lease,
			generation,
			until,
			request,
			account: key.public_key().0,
			signature: Signature::Sr25519(key.sign(&message).0),
		}
	}

	/// Whether it was signed for this place by the account that it names.
	pub fn is_genuine(&self, place: &Place) -> bool {
		let message = message(
			place,
			self.lease,
			self.generation,
			self.until,
			&self.request,
		);
		self.signature.is_by(&self.account, &message)
	}
}

/// The bytes that are signed.
pub fn message(
	place: &Place,
	lease: u64,
	generation: u32,
	until: u32,
	request: &Request,
) -> Vec<u8> {
	let digest = blake3::hash(&request.encode());
	let session = hex::encode(place.session);
	wrapped(&format!(
		"usufruct tenant access, version 1\nchain {}\nnode {}\nlease {lease}, generation {generation}\n\
		 {} {digest}\nsession {session}\nuntil block {until}",
		hex::encode(place.chain),
		place.node,
		request.name(),
	))
}

#[cfg(test)]
mod tests {
	use super::*;

	const PLACE: Place = Place {
		chain: [1; 32],
		node: 2,
		session: [3; 32],
	};

	fn logs(tail: u32) -> Request {
		Request::Logs {
			tail,
			follow: false,
		}
	}

	fn ask() -> Ask {
		Ask::sign(&PLACE, 7, 1, 50, logs(9), &sr25519::dev::alice())
	}

	#[test]
	fn a_statement_is_good_where_it_was_signed_for() {
		assert!(ask().is_genuine(&PLACE));
	}

	#[test]
	fn a_statement_is_worth_nothing_on_another_chain_machine_or_session() {
		let others = [
			Place {
				chain: [9; 32],
				..PLACE
			},
			Place { node: 9, ..PLACE },
			Place {
				session: [9; 32],
				..PLACE
			},
		];
		for other in others {
			assert!(!ask().is_genuine(&other), "{other:?}");
		}
	}

	#[test]
	fn nothing_in_a_statement_can_be_changed() {
		let changes: [fn(&mut Ask); 5] = [
			|ask| ask.lease += 1,
			|ask| ask.generation += 1,
			|ask| ask.until += 1,
			|ask| ask.request = logs(10),
			|ask| ask.account = sr25519::dev::bob().public_key().0,
		];
		for (number, change) in changes.into_iter().enumerate() {
			let mut changed = ask();
			change(&mut changed);
			assert!(!changed.is_genuine(&PLACE), "change {number}");
		}
	}

	#[test]
	fn all_three_kinds_of_accounts_can_sign_and_none_for_another() {
		let message = message(&PLACE, 7, 1, 50, &logs(9));
		let sr = sr25519::dev::alice();
		let ecdsa = ecdsa::dev::alice();
		let ed = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
		let public = ecdsa.public_key().0;
		let signed = [
			(sr.public_key().0, Signature::Sr25519(sr.sign(&message).0)),
			(
				blake2_256(&public),
				Signature::Ecdsa {
					public,
					signature: ecdsa.sign(&message).0,
				},
			),
			(
				ed.verifying_key().to_bytes(),
				Signature::Ed25519(ed25519_dalek::Signer::sign(&ed, &message).to_bytes()),
			),
		];
		for (account, signature) in &signed {
			for (other, _) in &signed {
				assert_eq!(signature.is_by(other, &message), account == other);
			}
			assert!(!signature.is_by(account, b"another"));
		}
	}

	#[test]
	fn the_text_names_what_is_asked_for() {
		let text = String::from_utf8(message(&PLACE, 7, 1, 50, &logs(9))).unwrap();
		assert!(text.starts_with("<Bytes>usufruct tenant access, version 1\n"));
		for line in [
			"node 2\n",
			"lease 7, generation 1\n",
			"\nlogs ",
			"until block 50</Bytes>",
		] {
			assert!(text.contains(line), "“{line}” is not in {text}");
		}
	}
}
