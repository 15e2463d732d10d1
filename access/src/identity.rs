//! Who an agent is: its TLS certificate is made anew at each start, and signed for by the agent's key,
//! which acts for the machine's owner on chain.

use codec::{Decode, Encode};
use subxt_signer::sr25519;

use crate::wrapped;

/// What an agent says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
	/// The chain's genesis hash.
	pub chain: [u8; 32],
	/// The account of the agent's key. Whether it speaks for the machine is on chain: it is the
	/// machine's owner, or has the owner's proxy.
	pub agent: [u8; 32],
	/// The key that secrets are sealed for.
	pub sealing: [u8; 32],
	/// Over these, and the certificate.
	signature: [u8; 64],
}

impl Identity {
	/// Signs for a certificate.
	pub fn sign(
		chain: [u8; 32],
		sealing: [u8; 32],
		certificate: &[u8],
		key: &sr25519::Keypair,
	) -> Self {
		let signature = key.sign(&message(&chain, &sealing, certificate)).0;
		Self {
			chain,
			agent: key.public_key().0,
			sealing,
			signature,
		}
	}

	/// Whether it was signed for this certificate.
	pub fn is_of(&self, certificate: &[u8]) -> bool {
		sr25519::verify(
			&sr25519::Signature(self.signature),
			message(&self.chain, &self.sealing, certificate),
			&sr25519::PublicKey(self.agent),
		)
	}
}

fn message(chain: &[u8; 32], sealing: &[u8; 32], certificate: &[u8]) -> Vec<u8> {
	wrapped(&format!(
		"usufruct agent, version 1\nchain {}\ncertificate {}\nsealing key {}",
		hex::encode(chain),
		blake3::hash(certificate),
		hex::encode(sealing)
	))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_identity_is_good_for_its_certificate_and_keys_alone() {
		let identity = Identity::sign([1; 32], [2; 32], b"certificate", &sr25519::dev::bob());
		assert!(identity.is_of(b"certificate"));
		assert!(!identity.is_of(b"another"));
		let changes: [fn(&mut Identity); 3] = [
			|identity| identity.chain = [9; 32],
			|identity| identity.sealing = [9; 32],
			|identity| identity.agent = sr25519::dev::alice().public_key().0,
		];
		for change in changes {
			let mut changed = identity.clone();
			change(&mut changed);
			assert!(!changed.is_of(b"certificate"));
		}
	}
}
