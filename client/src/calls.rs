//! Calls as bytes: what a proposal is made of, and what it is read from.

use sp_crypto_hashing::blake2_256;
use subxt::{
	ext::{scale_decode::DecodeAsType, scale_encode::EncodeAsType},
	utils::H256,
};

use crate::{api, AtBlock, Error};

/// The bytes of a call.
///
/// # Errors
///
/// [`Error::Incompatible`] where the chain's runtime does not have the call.
pub fn encode_call(at: &AtBlock, call: &api::Call) -> Result<Vec<u8>, Error> {
	let metadata = at.metadata();
	call.encode_as_type(metadata.outer_enums().call_enum_ty(), metadata.types())
		.map_err(Error::incompatible)
}

/// The call of these bytes, all of them.
///
/// # Errors
///
/// [`Error::Incompatible`] where they are none, or something follows it.
pub fn decode_call(at: &AtBlock, bytes: &[u8]) -> Result<api::Call, Error> {
	let metadata = at.metadata();
	let mut rest = bytes;
	let call = api::Call::decode_as_type(
		&mut rest,
		metadata.outer_enums().call_enum_ty(),
		metadata.types(),
	)
	.map_err(Error::incompatible)?;
	match rest.is_empty() {
		true => Ok(call),
		false => Err(Error::incompatible(format!(
			"{} bytes follow the call",
			rest.len()
		))),
	}
}

/// What names a call on the chain: BLAKE2b-256 of its bytes.
pub fn hash_call(bytes: &[u8]) -> H256 {
	blake2_256(bytes).into()
}
