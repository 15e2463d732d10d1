//! What a runtime's view functions say.

use codec::{Decode, Encode};
use subxt::view_functions::Payload;

use crate::{AtBlock, Error};

/// The answer of a view function in a state.
///
/// subxt 0.51 sends the arguments without the length that `execute_view_function` wants before them, and
/// takes the envelope of the answer, a `Result` with the encoded content, for the content itself. Here both
/// are put right.
///
/// # Errors
///
/// `Incompatible` where the runtime does not know the function, or answers in another type.
pub async fn view<P: Payload, R: Decode>(at: &AtBlock, payload: P) -> Result<R, Error> {
	let unclear = |message: String| Error::Incompatible { message };
	let functions = at.view_functions();
	let question = functions
		.encode_args(payload)
		.map_err(|error| unclear(error.to_string()))?;
	let question =
		seal(&question).ok_or_else(|| unclear("a view function has no identifier".into()))?;
	let bytes = functions
		.call_raw(Some(&question))
		.await
		.map_err(|error| unclear(error.to_string()))?;
	open(&bytes).ok_or_else(|| unclear("a view function answered in another type".into()))
}

/// The identifier of a function, of 32 bytes, and its arguments with their length before them.
fn seal(question: &[u8]) -> Option<Vec<u8>> {
	let (id, arguments) = question.split_at_checked(32)?;
	Some([id, &arguments.encode()].concat())
}

/// The content of an answer, if it is all of it.
fn open<R: Decode>(mut bytes: &[u8]) -> Option<R> {
	let content = Result::<Vec<u8>, ()>::decode(&mut bytes).ok()?.ok()?;
	let mut content = content.as_slice();
	let answer = R::decode(&mut content).ok()?;
	content.is_empty().then_some(answer)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn arguments_are_sent_with_their_length() {
		let question = [[7; 32].as_slice(), &[1, 0]].concat();
		let sealed = seal(&question).unwrap();
		assert_eq!(sealed[..32], [7; 32]);
		assert_eq!(sealed[32..], [2 << 2, 1, 0]);
		assert_eq!(seal(&[7; 31]), None);
	}

	fn sealed(content: impl Encode) -> Vec<u8> {
		Ok::<_, ()>(content.encode()).encode()
	}

	#[test]
	fn an_answer_is_taken_out_of_its_envelope() {
		assert_eq!(open::<Option<bool>>(&sealed(Some(true))), Some(Some(true)));
		assert_eq!(open::<Option<bool>>(&sealed(None::<bool>)), Some(None));
		assert_eq!(open::<u32>(&sealed(7u32)), Some(7));
	}

	#[test]
	fn an_answer_of_another_type_or_none_at_all_is_refused() {
		assert_eq!(open::<u32>(&sealed(7u64)), None);
		assert_eq!(open::<u64>(&sealed(7u32)), None);
		assert_eq!(open::<u32>(&Err::<Vec<u8>, u8>(0).encode()), None);
		assert_eq!(open::<u32>(&[]), None);
	}
}
