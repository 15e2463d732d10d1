//! The line between an agent and the chain: it can be cut, and it can fall silent.
//!
//! ```text
//!   agent ──▶ Line ──▶ node
//! ```

use std::{
	io::{Read, Write},
	net::{Shutdown, SocketAddr, TcpListener, TcpStream},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	thread,
};

use eyre::{Result, WrapErr};

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
	/// It arrives.
	Open,
	/// New connections are turned away.
	Cut,
	/// New connections are accepted, and nobody hears them.
	Silent,
}

/// A TCP proxy. Dropping it ends its connections.
#[derive(Debug)]
pub struct Line {
	address: SocketAddr,
	shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
	mode: Mutex<Mode>,
	connections: Mutex<Vec<Connection>>,
	is_over: AtomicBool,
}

/// Both ends of a connection; only the near one where the other was never opened.
#[derive(Debug)]
struct Connection {
	ends: Vec<TcpStream>,
	is_silent: Arc<AtomicBool>,
}

impl Connection {
	fn close(&self) {
		for end in &self.ends {
			// Whoever closed it first.
			let _: std::io::Result<()> = end.shutdown(Shutdown::Both);
		}
	}
}

impl Line {
	/// A line to this port of this machine.
	pub fn to(port: u16) -> Result<Self> {
		let listener = TcpListener::bind(("127.0.0.1", 0)).wrap_err("listen as a proxy")?;
		let address = listener.local_addr()?;
		let shared = Arc::new(Shared {
			mode: Mutex::new(Mode::Open),
			connections: Mutex::default(),
			is_over: AtomicBool::new(false),
		});
		let acceptor = shared.clone();
		thread::Builder::new()
			.name("line".into())
			.spawn(move || acceptor.accept(&listener, port))?;
		Ok(Self { address, shared })
	}

	/// Its near end.
	pub fn port(&self) -> u16 {
		self.address.port()
	}

	/// Breaks all connections and turns new ones away.
	pub fn cut(&self) {
		let mut mode = self.shared.mode();
		*mode = Mode::Cut;
		for connection in self.shared.connections().drain(..) {
			connection.close();
		}
	}

	/// Lets what is sent vanish. As behind a router that forgot its connections, these stay silent for good;
	/// only new ones are heard once the line is mended.
	pub fn silence(&self) {
		let mut mode = self.shared.mode();
		*mode = Mode::Silent;
		for connection in self.shared.connections().iter() {
			connection.is_silent.store(true, Ordering::SeqCst);
		}
	}

	/// Lets new connections through again.
	pub fn mend(&self) {
		*self.shared.mode() = Mode::Open;
	}
}

impl Drop for Line {
	fn drop(&mut self) {
		self.shared.is_over.store(true, Ordering::SeqCst);
		self.cut();
		// Wakes the acceptor, which then sees that it is over.
		let _: std::io::Result<TcpStream> = TcpStream::connect(self.address);
	}
}

impl Shared {
	fn mode(&self) -> MutexGuard<'_, Mode> {
		self.mode.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
		self.connections
			.lock()
			.unwrap_or_else(PoisonError::into_inner)
	}

	fn accept(&self, listener: &TcpListener, port: u16) {
		for near in listener.incoming() {
			if self.is_over.load(Ordering::SeqCst) {
				return;
			}
			let Ok(near) = near else { continue };
			// What fails here is a connection that breaks, which is what those who use the line expect.
			let _: std::io::Result<()> = self.connect(near, port);
		}
	}

	fn connect(&self, near: TcpStream, port: u16) -> std::io::Result<()> {
		// Held until the connection is known, so that none slips through while the line is being cut.
		let mode = self.mode();
		let is_silent = Arc::new(AtomicBool::new(*mode == Mode::Silent));
		let mut ends = vec![near.try_clone()?];
		match *mode {
			Mode::Cut => return near.shutdown(Shutdown::Both),
			Mode::Silent => {}
			Mode::Open => {
				let far = TcpStream::connect(("127.0.0.1", port))?;
				ends.push(far.try_clone()?);
				let (back, forth) = (far.try_clone()?, near.try_clone()?);
				let silent = is_silent.clone();
				thread::spawn(move || pump(near, far, &silent));
				let silent = is_silent.clone();
				thread::spawn(move || pump(back, forth, &silent));
			}
		}
		self.connections().push(Connection { ends, is_silent });
		Ok(())
	}
}

/// Hands on what comes until one end closes. What comes while it is silent is lost.
fn pump(mut from: TcpStream, mut to: TcpStream, is_silent: &AtomicBool) {
	let mut buffer = vec![0; 64 << 10];
	while let Ok(read @ 1..) = from.read(&mut buffer) {
		let lost = is_silent.load(Ordering::SeqCst);
		if !lost && to.write_all(&buffer[..read]).is_err() {
			break;
		}
	}
	for end in [from, to] {
		let _: std::io::Result<()> = end.shutdown(Shutdown::Both);
	}
}

#[cfg(test)]
mod tests {
	use std::time::Duration;

	use super::*;

	/// Gives each connection back what it says.
	fn echo() -> u16 {
		let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
		let port = listener.local_addr().unwrap().port();
		thread::spawn(move || {
			for stream in listener.incoming() {
				let stream = stream.unwrap();
				let back = stream.try_clone().unwrap();
				thread::spawn(move || pump(stream, back, &AtomicBool::new(false)));
			}
		});
		port
	}

	fn connect(line: &Line) -> TcpStream {
		let stream = TcpStream::connect(("127.0.0.1", line.port())).unwrap();
		stream
			.set_read_timeout(Some(Duration::from_millis(500)))
			.unwrap();
		stream
	}

	fn echoes(stream: &mut TcpStream) -> std::io::Result<()> {
		let mut answer = [0; 5];
		stream.write_all(b"usus!")?;
		stream.read_exact(&mut answer)?;
		assert_eq!(&answer, b"usus!");
		Ok(())
	}

	#[test]
	fn what_is_sent_arrives() {
		let line = Line::to(echo()).unwrap();
		echoes(&mut connect(&line)).unwrap();
	}

	#[test]
	fn a_line_that_is_cut_breaks_what_is_open_and_turns_away_what_is_new_until_it_is_mended() {
		let line = Line::to(echo()).unwrap();
		let mut open = connect(&line);
		echoes(&mut open).unwrap();
		line.cut();
		assert!(echoes(&mut open).is_err());
		let refused = echoes(&mut connect(&line)).unwrap_err();
		assert_ne!(refused.kind(), std::io::ErrorKind::WouldBlock, "it is told");
		line.mend();
		echoes(&mut connect(&line)).unwrap();
	}

	#[test]
	fn a_silent_line_breaks_nothing_and_what_was_open_stays_silent_when_it_is_mended() {
		let line = Line::to(echo()).unwrap();
		let mut open = connect(&line);
		echoes(&mut open).unwrap();
		let is_silent = |stream: &mut TcpStream| {
			let silent = echoes(stream).unwrap_err();
			assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock);
		};
		line.silence();
		let mut new = connect(&line);
		is_silent(&mut open);
		is_silent(&mut new);
		line.mend();
		is_silent(&mut open);
		is_silent(&mut new);
		echoes(&mut connect(&line)).unwrap();
	}
}
