//! WebAssembly modules, put to the test on the agent's own engine. Each module tries one thing; what it ends with says
//! how it went. Components are tried as well: see `component.rs`.

use std::path::Path;

use eyre::{bail, Result, WrapErr};

use super::{component, Outcome, Verdict};
use crate::{
	domain::{DesiredLease, ImageKind, Isolation},
	engine::{progress::Tracker, sources::Sources, wasm::WasmEngine, Failure, Started},
};

/// How a module says what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
	/// It ends with the error that a function of the host gave, and well where there was none.
	WithError,
	/// It must not be run at all: what it wants from its host is not there, or is too much.
	Refused,
	/// It must be ended for what it does.
	Trapped,
	/// It must be ended at a limit.
	AtLimit,
}

pub(super) struct Attempt {
	pub(super) name: &'static str,
	pub(super) tried: &'static str,
	pub(super) ends: Ends,
	pub(super) module: String,
}

/// A function of the host.
struct Host {
	name: &'static str,
	parameters: &'static str,
}

const fn host(name: &'static str, parameters: &'static str) -> Host {
	Host { name, parameters }
}

/// Asks a function of WASI preview 1 with these arguments. Texts lie at 100 (`/etc/passwd`, 11 bytes), 200 (`../../../etc`, 12
/// bytes) and 300 (`x`, 1 byte); what the host writes goes to 400 and above.
fn asks(name: &'static str, tried: &'static str, function: &Host, arguments: &str) -> Attempt {
	let Host {
		name: import,
		parameters,
	} = function;
	let module = format!(
		r#"(module
		(import "wasi_snapshot_preview1" "{import}" (func $ask (param {parameters}) (result i32)))
		(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
		(memory (export "memory") 1)
		(data (i32.const 100) "/etc/passwd")
		(data (i32.const 200) "../../../etc")
		(data (i32.const 300) "x")
		;; One piece of 8 bytes at 500.
		(data (i32.const 48) "\f4\01\00\00\08\00\00\00")
		(func (export "_start") (call $exit (call $ask {arguments}))))"#
	);
	Attempt {
		name,
		tried,
		ends: Ends::WithError,
		module,
	}
}

fn module(
	name: &'static str,
	tried: &'static str,
	ends: Ends,
	fields: &str,
	start: &str,
) -> Attempt {
	Attempt {
		name,
		tried,
		ends,
		module: format!(r#"(module {fields} (func (export "_start") {start}))"#),
	}
}

fn wants(name: &'static str, tried: &'static str, import: &str) -> Attempt {
	module(
		name,
		tried,
		Ends::Refused,
		&format!("(import {import})"),
		"",
	)
}

fn c(number: i64) -> String {
	format!("(i32.const {number})")
}

fn files() -> Vec<Attempt> {
	const OPEN: Host = host("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32");
	const PATH: Host = host("path_create_directory", "i32 i32 i32");
	let open = |folder: i64, text: i64, length: i64| {
		let rights = "(i64.const 2) (i64.const 0)";
		let (folder, text, length) = (c(folder), c(text), c(length));
		format!("{folder} (i32.const 1) {text} {length} (i32.const 0) {rights} (i32.const 0) (i32.const 400)")
	};
	vec![
		asks(
			"open-first",
			"open a file of the machine below the first folder",
			&OPEN,
			&open(3, 100, 11),
		),
		asks(
			"open-fourth",
			"open a file of the machine below another folder",
			&OPEN,
			&open(4, 100, 11),
		),
		asks(
			"open-input",
			"open a file of the machine below its standard input",
			&OPEN,
			&open(0, 100, 11),
		),
		asks("go-up", "go up from a folder", &OPEN, &open(3, 200, 12)),
		asks(
			"folders",
			"be told of a folder that was opened for it",
			&host("fd_prestat_get", "i32 i32"),
			&numbers(&[3, 400]),
		),
		asks(
			"folder-name",
			"be told the name of such a folder",
			&host("fd_prestat_dir_name", "i32 i32 i32"),
			&numbers(&[3, 400, 16]),
		),
		asks(
			"list",
			"list a folder",
			&host("fd_readdir", "i32 i32 i32 i64 i32"),
			"(i32.const 3) (i32.const 400) (i32.const 64) (i64.const 0) (i32.const 480)",
		),
		asks(
			"read-open",
			"read from a file that is open in the agent",
			&host("fd_read", "i32 i32 i32 i32"),
			&numbers(&[5, 48, 1, 400]),
		),
		asks(
			"write-open",
			"write to a file that is open in the agent",
			&host("fd_write", "i32 i32 i32 i32"),
			&numbers(&[5, 48, 1, 400]),
		),
		asks(
			"seek-open",
			"move in a file that is open in the agent",
			&host("fd_seek", "i32 i64 i32 i32"),
			"(i32.const 5) (i64.const 0) (i32.const 0) (i32.const 400)",
		),
		asks(
			"move-open",
			"put a file of the agent's in the place of its own output",
			&host("fd_renumber", "i32 i32"),
			&numbers(&[5, 1]),
		),
		asks(
			"make-folder",
			"make a folder",
			&PATH,
			&numbers(&[3, 300, 1]),
		),
		asks(
			"remove-folder",
			"remove a folder",
			&host("path_remove_directory", "i32 i32 i32"),
			&numbers(&[3, 300, 1]),
		),
		asks(
			"remove-file",
			"remove a file",
			&host("path_unlink_file", "i32 i32 i32"),
			&numbers(&[3, 300, 1]),
		),
		asks(
			"read-link",
			"read where a link leads",
			&host("path_readlink", "i32 i32 i32 i32 i32 i32"),
			&numbers(&[3, 300, 1, 400, 16, 480]),
		),
		asks(
			"make-link",
			"make a link to a file of the machine",
			&host("path_symlink", "i32 i32 i32 i32 i32"),
			&numbers(&[100, 11, 3, 300, 1]),
		),
		asks(
			"hard-link",
			"give a file of the machine another name",
			&host("path_link", "i32 i32 i32 i32 i32 i32 i32"),
			&numbers(&[3, 0, 100, 11, 3, 300, 1]),
		),
		asks(
			"rename",
			"rename a file of the machine",
			&host("path_rename", "i32 i32 i32 i32 i32 i32"),
			&numbers(&[3, 100, 11, 3, 300, 1]),
		),
		asks(
			"look-at",
			"look at a file of the machine",
			&host("path_filestat_get", "i32 i32 i32 i32 i32"),
			&numbers(&[3, 0, 100, 11, 400]),
		),
	]
}

/// Numbers as arguments of a function.
fn numbers(numbers: &[i64]) -> String {
	let constants: Vec<String> = numbers.iter().map(|number| c(*number)).collect();
	constants.join(" ")
}

fn beyond() -> Vec<Attempt> {
	vec![
		asks(
			"accept",
			"take a connection",
			&host("sock_accept", "i32 i32 i32"),
			&numbers(&[3, 0, 400]),
		),
		asks(
			"send",
			"send to a socket",
			&host("sock_send", "i32 i32 i32 i32 i32"),
			&numbers(&[3, 48, 1, 0, 400]),
		),
		asks(
			"receive",
			"receive from a socket",
			&host("sock_recv", "i32 i32 i32 i32 i32 i32"),
			&numbers(&[3, 48, 1, 0, 400, 480]),
		),
		// The number of variables of the agent's that it sees, added to an error that says that there is none.
		Attempt {
			name: "environment",
			tried: "see the agent's variables",
			ends: Ends::WithError,
			module: r#"(module
				(import "wasi_snapshot_preview1" "environ_sizes_get" (func $ask (param i32 i32) (result i32)))
				(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
				(memory (export "memory") 1)
				(func (export "_start")
					(drop (call $ask (i32.const 0) (i32.const 4)))
					(call $exit (i32.eqz (i32.load (i32.const 0))))))"#
				.into(),
		},
		// Arguments are what the lease says, and its own name.
		Attempt {
			name: "arguments",
			tried: "see the agent's command line",
			ends: Ends::WithError,
			module: r#"(module
				(import "wasi_snapshot_preview1" "args_sizes_get" (func $ask (param i32 i32) (result i32)))
				(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
				(memory (export "memory") 1)
				(func (export "_start")
					(drop (call $ask (i32.const 0) (i32.const 4)))
					(call $exit (i32.eq (i32.load (i32.const 0)) (i32.const 1)))))"#
				.into(),
		},
		wants(
			"open-socket",
			"open a socket by a function that some hosts offer",
			r#""wasi_snapshot_preview1" "sock_open" (func (param i32 i32 i32) (result i32))"#,
		),
		wants(
			"connect",
			"connect a socket by such a function",
			r#""wasi_snapshot_preview1" "sock_connect" (func (param i32 i32 i32) (result i32))"#,
		),
		wants(
			"start-program",
			"start a programme of the machine",
			r#""env" "system" (func (param i32) (result i32))"#,
		),
		wants(
			"start-thread",
			"start a thread",
			r#""wasi" "thread-spawn" (func (param i32) (result i32))"#,
		),
		wants(
			"newer-sockets",
			"have the newer interface's sockets",
			r#""wasi:sockets/tcp@0.2.0" "start-connect" (func (param i32))"#,
		),
		wants(
			"newer-files",
			"have the newer interface's files",
			r#""wasi:filesystem/preopens@0.2.0" "get-directories" (func (param i32))"#,
		),
		wants(
			"hosts-memory",
			"be given the host's memory",
			r#""env" "memory" (memory 1)"#,
		),
	]
}

fn limits() -> Vec<Attempt> {
	const MEMORY: &str = r#"(memory (export "memory") 1)"#;
	vec![
		module(
			"endless",
			"compute without end",
			Ends::AtLimit,
			MEMORY,
			"(loop (br 0))",
		),
		module(
			"grow",
			"take memory without end",
			Ends::AtLimit,
			MEMORY,
			"(loop (drop (memory.grow (i32.const 16))) (br 0))",
		),
		module(
			"large",
			"begin with more memory than was leased",
			Ends::Refused,
			r#"(memory (export "memory") 4096)"#,
			"",
		),
		module(
			"tables",
			"take entries of a table without end",
			Ends::Trapped,
			"(table 1 funcref)",
			"(loop (drop (table.grow (ref.null func) (i32.const 4096))) (br 0))",
		),
		module(
			"large-table",
			"begin with a table that fills the machine",
			Ends::Refused,
			"(table 200000 funcref)",
			"",
		),
		module(
			"two-memories",
			"have several memories",
			Ends::Refused,
			"(memory 1) (memory 1)",
			"",
		),
		module(
			"shared-memory",
			"share memory with others",
			Ends::Refused,
			"(memory 1 2 shared)",
			"",
		),
		module(
			"large-addresses",
			"have a memory beyond four gigabytes",
			Ends::Refused,
			"(memory i64 100000)",
			"",
		),
		module(
			"recurse",
			"fill the agent's stack",
			Ends::Trapped,
			"(func $deeper (call $deeper))",
			"(call $deeper)",
		),
		module(
			"past-the-end",
			"read past the end of its memory",
			Ends::Trapped,
			MEMORY,
			"(drop (i32.load (i32.const -4)))",
		),
		module(
			"write-past-the-end",
			"write past the end of its memory",
			Ends::Trapped,
			MEMORY,
			"(i32.store offset=4294967295 (i32.const -4) (i32.const 1))",
		),
		module(
			"wrong-function",
			"call a function as what it is not",
			Ends::Trapped,
			"(table 1 funcref) (elem (i32.const 0) $f) (func $f (param i64)) (type $t (func))",
			"(call_indirect (type $t) (i32.const 0))",
		),
		module(
			"no-function",
			"call what is no function",
			Ends::Trapped,
			"(table 1 funcref) (type $t (func))",
			"(call_indirect (type $t) (i32.const 9))",
		),
		Attempt {
			name: "sleep",
			tried: "wait for an hour, which takes no instruction",
			ends: Ends::AtLimit,
			// A subscription at 0: kind 0 (clock) at 8, clock 1 (monotonic) at 16, 3.6e12 ns at 24.
			module: r#"(module
				(import "wasi_snapshot_preview1" "poll_oneoff"
					(func $wait (param i32 i32 i32 i32) (result i32)))
				(memory (export "memory") 1)
				(func (export "_start")
					(i32.store (i32.const 16) (i32.const 1))
					(i64.store (i32.const 24) (i64.const 3600000000000))
					(drop (call $wait (i32.const 0) (i32.const 400) (i32.const 1) (i32.const 480)))))"#
				.into(),
		},
		Attempt {
			name: "write",
			tried: "fill the agent's memory with what it writes",
			ends: Ends::Trapped,
			module: r#"(module
				(import "wasi_snapshot_preview1" "fd_write"
					(func $write (param i32 i32 i32 i32) (result i32)))
				(memory (export "memory") 4)
				(func (export "_start") (local $left i32)
					(i32.store (i32.const 4) (i32.const 131072))
					(local.set $left (i32.const 100))
					(loop
						(if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
							(then unreachable))
						(br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#
				.into(),
		},
	]
}

fn attempts() -> Vec<Attempt> {
	let mut all = files();
	all.extend(beyond());
	all.extend(limits());
	all.extend(component::attempts());
	all
}

/// Whether a module that was to be ended in this way was.
fn judge(ends: Ends, ended: Result<Started, Failure>) -> (Outcome, String) {
	let is_as_meant = match (&ended, ends) {
		(Err(Failure::LimitExceeded(_)), Ends::AtLimit) => true,
		(Err(Failure::Crashed(how)), Ends::WithError) => how.contains("ended with status"),
		(Err(Failure::Crashed(how)), Ends::Trapped) => !how.contains("ended with status"),
		(Err(Failure::LimitExceeded(_) | Failure::Crashed(_)), Ends::Refused) => true,
		_ => false,
	};
	let how = match ended {
		Ok(_) => "it was allowed".to_string(),
		// A trap tells where; what it was is in the last line.
		Err(failure) => {
			let text = failure.to_string();
			let lines = [text.lines().next(), text.lines().last()];
			let mut lines: Vec<&str> = lines.into_iter().flatten().map(str::trim).collect();
			lines.dedup();
			lines.join(" ")
		}
	};
	match is_as_meant {
		true => (Outcome::Stopped, how),
		false => (Outcome::Escaped, how),
	}
}

pub(super) async fn check(data_dir: &Path) -> Result<Vec<Verdict>> {
	let folder = data_dir.join("isolation-check");
	std::fs::create_dir_all(&folder).wrap_err_with(|| format!("make {}", folder.display()))?;
	let sources = Sources {
		local: Some(folder.canonicalize()?),
		..Default::default()
	};
	let engine = WasmEngine::new(&folder, "127.0.0.1", None, sources)?;
	let mut verdicts = Vec::new();
	for (number, attempt) in attempts().into_iter().enumerate() {
		let path = folder.canonicalize()?.join("attempt.wat");
		std::fs::write(&path, &attempt.module)?;
		let lease = DesiredLease {
			lease: number as u64,
			generation: 0,
			kind: ImageKind::Wasm,
			isolation: Isolation::Wasm,
			release: None,
			digest: blake3::hash(attempt.module.as_bytes()).into(),
			reference: path.display().to_string(),
			command: vec![],
			port: None,
			cpu_millis: 0,
			memory_mib: 4,
			disk_mib: 1,
			parts: vec![],
			gpus: 0,
			opened_at: 0,
			endpoint: None,
			..Default::default()
		};
		let ended = engine.start(&lease, &Tracker::silent()).await;
		if let Err(Failure::ImageNotFound(why) | Failure::WrongDigest(why)) = &ended {
			bail!("a module of the check cannot be read: {why}");
		}
		let (outcome, how) = judge(attempt.ends, ended);
		verdicts.push(Verdict {
			name: attempt.name.into(),
			tried: attempt.tried.into(),
			outcome,
			how,
		});
	}
	drop(engine);
	std::fs::remove_dir_all(&folder).wrap_err("remove what the check made")?;
	Ok(verdicts)
}

#[cfg(test)]
mod tests {
	use std::collections::BTreeSet;

	use super::*;

	#[test]
	fn there_are_at_least_twenty_five_attempts_and_every_module_is_one() {
		let attempts = attempts();
		assert!(attempts.len() >= 25, "{}", attempts.len());
		let names: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.name).collect();
		assert_eq!(names.len(), attempts.len());
		for attempt in attempts {
			let parsed = wat::parse_str(&attempt.module);
			assert!(parsed.is_ok(), "{}: {:?}", attempt.name, parsed.err());
		}
	}

	#[tokio::test]
	async fn no_module_gets_out_of_its_sandbox() {
		let folder = tempfile::tempdir().unwrap();
		for verdict in check(folder.path()).await.unwrap() {
			assert_eq!(verdict.outcome, Outcome::Stopped, "{verdict:?}");
		}
	}

	#[test]
	fn a_module_that_ends_otherwise_than_meant_is_an_escape() {
		let crashed = |how: &str| Err(Failure::Crashed(how.into()));
		let limit = || Err(Failure::LimitExceeded("x".into()));
		for (ends, ended, outcome) in [
			(
				Ends::WithError,
				crashed("ended with status 8"),
				Outcome::Stopped,
			),
			(Ends::WithError, crashed("unknown import"), Outcome::Escaped),
			(Ends::WithError, Ok(Started::Finished), Outcome::Escaped),
			(Ends::AtLimit, limit(), Outcome::Stopped),
			(Ends::AtLimit, crashed("x"), Outcome::Escaped),
			(Ends::Refused, crashed("unknown import"), Outcome::Stopped),
			(Ends::Refused, Ok(Started::Finished), Outcome::Escaped),
			(
				Ends::Trapped,
				crashed("ended with status 1"),
				Outcome::Escaped,
			),
		] {
			assert_eq!(judge(ends, ended).0, outcome, "{ends:?}");
		}
	}
}
