//! What a module wrote: the last of it, in memory, for whoever may ask.

use std::{
	collections::VecDeque,
	io,
	pin::Pin,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	task::{Context, Poll},
};

use tokio::{io::AsyncWrite, sync::watch};
use usufruct_access::message::Channel;
use wasmtime_wasi::{
	cli::{IsTerminal, StdoutStream},
	p2::{OutputStream, Pollable, StreamError},
};

/// Bytes that are kept.
const MAX_BYTES: usize = 256 << 10;
/// Longest line; a longer one is cut in several.
const MAX_LINE: usize = 16 << 10;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
	/// Its number, from 0.
	pub number: u64,
	/// Where it was written.
	pub channel: Channel,
	/// What was written, with its end.
	pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Kept {
	lines: VecDeque<Line>,
	bytes: usize,
	next: u64,
}

/// The last lines of a log.
#[derive(Debug, Default)]
pub struct Log {
	kept: Mutex<Kept>,
	news: watch::Sender<u64>,
}

impl Log {
	fn kept(&self) -> MutexGuard<'_, Kept> {
		self.kept.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Adds what was written, by lines.
	pub fn write(&self, channel: Channel, bytes: &[u8]) {
		let mut kept = self.kept();
		let lines = bytes.split_inclusive(|byte| *byte == b'\n');
		for part in lines.flat_map(|line| line.chunks(MAX_LINE)) {
			let number = kept.next;
			kept.next += 1;
			kept.bytes += part.len();
			kept.lines.push_back(Line {
				number,
				channel,
				bytes: part.to_vec(),
			});
			while kept.bytes > MAX_BYTES {
				let Some(first) = kept.lines.pop_front() else {
					break;
				};
				kept.bytes -= first.bytes.len();
			}
		}
		self.news.send_replace(kept.next);
	}

	/// The last `count` lines.
	pub fn tail(&self, count: usize) -> Vec<Line> {
		let kept = self.kept();
		let skipped = kept.lines.len().saturating_sub(count);
		kept.lines.iter().skip(skipped).cloned().collect()
	}

	/// The lines from a number on that are there still, and the number of the next.
	pub fn since(&self, number: u64) -> (Vec<Line>, u64) {
		let kept = self.kept();
		let lines = kept.lines.iter().filter(|line| line.number >= number);
		(lines.cloned().collect(), kept.next)
	}

	/// Tells when lines are added.
	pub fn news(&self) -> watch::Receiver<u64> {
		self.news.subscribe()
	}
}

/// A standard stream of a workspace, which goes to its log. Never full: the log forgets.
#[derive(Clone, Debug)]
pub struct Written(Arc<Log>, Channel);

impl Written {
	/// What is written goes to this log, as of this stream.
	pub fn new(log: Arc<Log>, channel: Channel) -> Self {
		Self(log, channel)
	}
}

impl IsTerminal for Written {
	fn is_terminal(&self) -> bool {
		false
	}
}

impl StdoutStream for Written {
	fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
		Box::new(self.clone())
	}

	fn p2_stream(&self) -> Box<dyn OutputStream> {
		Box::new(self.clone())
	}
}

#[wasmtime_wasi::async_trait]
impl Pollable for Written {
	async fn ready(&mut self) {}
}

impl OutputStream for Written {
	fn write(&mut self, bytes: bytes::Bytes) -> Result<(), StreamError> {
		self.0.write(self.1, &bytes);
		Ok(())
	}

	fn flush(&mut self) -> Result<(), StreamError> {
		Ok(())
	}

	fn check_write(&mut self) -> Result<usize, StreamError> {
		Ok(MAX_LINE)
	}
}

impl AsyncWrite for Written {
	fn poll_write(
		self: Pin<&mut Self>,
		_: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		self.0.write(self.1, bytes);
		Poll::Ready(Ok(bytes.len()))
	}

	fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
		Poll::Ready(Ok(()))
	}

	fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
		Poll::Ready(Ok(()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn texts(lines: &[Line]) -> Vec<&str> {
		let text = |line| std::str::from_utf8(line).unwrap();
		lines.iter().map(|line| text(&line.bytes)).collect()
	}

	#[test]
	fn the_last_lines_are_kept_and_numbered() {
		let log = Log::default();
		log.write(Channel::Err, b"one\ntwo\nthree");
		assert_eq!(texts(&log.tail(2)), ["two\n", "three"]);
		assert_eq!(texts(&log.since(1).0), ["two\n", "three"]);
		assert_eq!(log.since(3), (vec![], 3));
	}

	#[test]
	fn a_log_is_bounded_whatever_is_written() {
		let log = Log::default();
		for _ in 0..100 {
			log.write(Channel::Out, &[b'x'; 10_000]);
		}
		log.write(Channel::Out, &vec![b'y'; MAX_LINE * 3]);
		let kept = log.tail(usize::MAX);
		let bytes: usize = kept.iter().map(|line| line.bytes.len()).sum();
		assert!(bytes <= MAX_BYTES, "{bytes}");
		assert!(kept.iter().all(|line| line.bytes.len() <= MAX_LINE));
		assert_eq!(kept.last().map(|line| line.bytes[0]), Some(b'y'));
	}
}
