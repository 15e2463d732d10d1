//! No sockets. The library would make one, and then refuse each address: a descriptor of the agent's for nothing.

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::p2::{
	bindings::sockets::{
		network::{self, ErrorCode, IpAddressFamily, Network},
		tcp::TcpSocket,
		tcp_create_socket,
		udp::UdpSocket,
		udp_create_socket,
	},
	SocketError, SocketResult,
};

/// Refuses every socket.
pub(super) struct NoSockets;

impl HasData for NoSockets {
	type Data<'a> = Self;
}

impl network::Host for NoSockets {
	fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
		error.downcast()
	}

	fn network_error_code(
		&mut self,
		_: Resource<wasmtime::Error>,
	) -> wasmtime::Result<Option<ErrorCode>> {
		Ok(None)
	}
}

impl network::HostNetwork for NoSockets {
	// Networks are made and dropped by the library: this interface has none.
	fn drop(&mut self, _: Resource<Network>) -> wasmtime::Result<()> {
		Ok(())
	}
}

impl tcp_create_socket::Host for NoSockets {
	fn create_tcp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
		Err(ErrorCode::AccessDenied.into())
	}
}

impl udp_create_socket::Host for NoSockets {
	fn create_udp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
		Err(ErrorCode::AccessDenied.into())
	}
}
