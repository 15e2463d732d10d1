//! The images that tenants run here: a WebAssembly module and a container, which answer alike.

use std::{
	fs,
	path::{Path, PathBuf},
};

use eyre::{bail, eyre, Result, WrapErr};

use crate::{binaries::repository_file, docker};

/// The port on which the container answers.
pub const CONTAINER_PORT: u16 = 8080;

/// The answering program in the container: a CGI script of busybox's web server.
const SCRIPT: &str = "#!/bin/sh\n\
	printf 'Content-Type: text/plain\\r\\n\\r\\n'\n\
	printf 'usufruct answers: %s %s\\n' \"${#QUERY_STRING}\" \
	\"$(printf '%s' \"$QUERY_STRING\" | sha256sum | cut -c 1-16)\"\n";

/// Compiles a module written as text, by its path in the repository, into `folder`.
pub fn wasm_module(text: &str, folder: &Path) -> Result<PathBuf> {
	let source = repository_file(text);
	let bytes =
		wat::parse_file(&source).wrap_err_with(|| format!("compile {}", source.display()))?;
	let name = source
		.file_stem()
		.ok_or_else(|| eyre!("{text} has no name"))?;
	let path = folder.join(name).with_extension("wasm");
	fs::write(&path, bytes)?;
	Ok(path)
}

/// What `demo/hello.wat` must answer to `input`.
pub fn wasm_answer(input: &str) -> String {
	let digest = input.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
		(hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
	});
	format!("usufruct answers: {} {digest:016x}\n", input.len())
}

/// A container image that answers, made of busybox alone. Gives its id (`sha256:…`).
///
/// No registry is asked: the folder is packed and imported into the engine at `host`.
pub fn container(host: &str, name: &str, folder: &Path) -> Result<String> {
	let busybox = busybox()?;
	let root = folder.join("container-root");
	for sub in ["bin", "www/cgi-bin", "tmp", "etc"] {
		fs::create_dir_all(root.join(sub))?;
	}
	fs::copy(busybox, root.join("bin/busybox"))?;
	for tool in [
		"sh",
		"httpd",
		"printf",
		"sha256sum",
		"cut",
		"cat",
		"mkdir",
		"rm",
		"tar",
		"id",
		"sleep",
		"wget",
	] {
		let link = root.join("bin").join(tool);
		if !link.exists() {
			std::os::unix::fs::symlink("busybox", link)?;
		}
	}
	let script = root.join("www/cgi-bin/answer");
	fs::write(&script, SCRIPT)?;
	let executable: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
	fs::set_permissions(&script, executable)?;
	let archive = folder.join("container.tar");
	let packed = std::process::Command::new("tar")
		.args(["--owner=0", "--group=0", "-cf"])
		.arg(&archive)
		.arg("-C")
		.arg(&root)
		.arg(".")
		.status()?;
	if !packed.success() {
		bail!("tar could not pack {} ({packed})", root.display());
	}
	let archive = archive
		.to_str()
		.ok_or_else(|| eyre!("a path that is no text"))?
		.to_string();
	Ok(docker::client(host, &["import", &archive, name])?
		.trim()
		.to_string())
}

/// The container's command.
pub fn container_command() -> Vec<String> {
	["/bin/httpd", "-f", "-p", "8080", "-h", "/www"]
		.map(String::from)
		.to_vec()
}

/// What the container must answer to `input`: the first 16 digits of its SHA-256.
pub fn container_answer(input: &str) -> Result<String> {
	use std::io::Write;
	let mut tool = std::process::Command::new("sha256sum")
		.stdin(std::process::Stdio::piped())
		.stdout(std::process::Stdio::piped())
		.spawn()
		.wrap_err("start sha256sum")?;
	tool.stdin
		.take()
		.ok_or_else(|| eyre!("no pipe"))?
		.write_all(input.as_bytes())?;
	let output = String::from_utf8(tool.wait_with_output()?.stdout)?;
	let digest = output
		.get(..16)
		.ok_or_else(|| eyre!("sha256sum gave {output:?}"))?;
	Ok(format!("usufruct answers: {} {digest}\n", input.len()))
}

/// A statically linked busybox of this machine.
pub fn busybox() -> Result<PathBuf> {
	for path in ["/bin/busybox", "/usr/bin/busybox"] {
		let path = PathBuf::from(path);
		// A dynamically linked one would miss its libraries in an otherwise empty container.
		if path.is_file() && is_static(&path) {
			return Ok(path);
		}
	}
	bail!("no statically linked busybox here (Debian's package: busybox-static)")
}

fn is_static(program: &Path) -> bool {
	// An interpreter segment names the dynamic loader, for whichever C library.
	fs::read(program).is_ok_and(|bytes| {
		bytes.get(..4096).is_some_and(|head| {
			!head.windows(8).any(|window| window == b"ld-linux")
				&& !head.windows(7).any(|window| window == b"ld-musl")
		})
	})
}
