//! Bodies that pass through, piece by piece, and end where they are longer than any may be.

use std::{
	pin::Pin,
	sync::{Mutex, PoisonError},
	task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use wasmtime_wasi_http::bindings::http::types::ErrorCode;

/// Most bytes of one body that passes through.
pub(super) const MAX_STREAMED: u64 = 64 << 20;

/// A body of another, which breaks off where that is too long.
#[derive(Debug)]
pub(super) struct Bounded<B, E> {
	/// Never locked, only had: what is behind it may be used by one thread after another.
	inner: Mutex<B>,
	left: u64,
	broken: fn(E) -> ErrorCode,
	too_long: fn(u64) -> ErrorCode,
}

/// Lets through as much of a body as is allowed. `broken` says what an error of its own is, `too_long` that it has more than so many bytes.
pub(super) fn bounded<B: Body<Data = Bytes>>(
	inner: B,
	broken: fn(B::Error) -> ErrorCode,
	too_long: fn(u64) -> ErrorCode,
) -> Bounded<B, B::Error> {
	Bounded {
		inner: Mutex::new(inner),
		left: MAX_STREAMED,
		broken,
		too_long,
	}
}

impl<B, E> Body for Bounded<B, E>
where
	B: Body<Data = Bytes, Error = E> + Unpin,
{
	type Data = Bytes;
	type Error = ErrorCode;

	fn poll_frame(
		self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
		let this = self.get_mut();
		let inner = this.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
		let frame = match Pin::new(inner).poll_frame(context) {
			Poll::Ready(Some(Ok(frame))) => frame,
			Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err((this.broken)(error)))),
			Poll::Ready(None) => return Poll::Ready(None),
			Poll::Pending => return Poll::Pending,
		};
		let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
		match this.left.checked_sub(bytes) {
			Some(left) => {
				this.left = left;
				Poll::Ready(Some(Ok(frame)))
			}
			None => Poll::Ready(Some(Err((this.too_long)(MAX_STREAMED)))),
		}
	}
}

#[cfg(test)]
mod tests {
	use http_body_util::{BodyExt, Full};

	use super::*;

	async fn passes(bytes: usize) -> Result<usize, ErrorCode> {
		let body = Full::new(Bytes::from(vec![0; bytes]));
		let body = bounded(
			body,
			|never| match never {},
			|most| ErrorCode::HttpRequestBodySize(Some(most)),
		);
		Ok(body.collect().await?.to_bytes().len())
	}

	#[tokio::test]
	async fn a_body_passes_up_to_its_bound_and_no_further() {
		let most = MAX_STREAMED as usize;
		assert_eq!(passes(most).await.unwrap(), most);
		let error = passes(most + 1).await.unwrap_err();
		assert!(
			matches!(error, ErrorCode::HttpRequestBodySize(Some(MAX_STREAMED))),
			"{error}"
		);
	}
}
