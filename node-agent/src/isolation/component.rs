//! Attempts of components: each is a job in the frame `component.wat`, that ends with 1 where its host said no for the reason
//! that was meant, well where it said yes, and with a trap where anything else came about.

use super::wasm::{Attempt, Ends};

/// A component of these functions of a core module, among them `run`.
pub(crate) fn job(functions: &str) -> String {
	let handle = r#"(func (export "handle") (param i32 i32))"#;
	component(&format!("{functions}\n{handle}"))
}

/// A component of these functions of a core module, among them `run` and `handle`.
pub(crate) fn component(functions: &str) -> String {
	include_str!("component.wat").replace(";; BODY", functions)
}

/// Codes of `wasi:filesystem` by their place in the list.
const NO_PLACE: u32 = 22;
const NO_ROOM: u32 = 23;
const TOO_LONG: u32 = 18;
const NOT_PERMITTED: u32 = 31;

/// `run` is `steps`, and at their end looks at what the host said last.
fn attempt(name: &'static str, tried: &'static str, code: u32, steps: &str) -> Attempt {
	attempt_at(
		name,
		tried,
		&format!("(i32.load8_u (i32.const 1025)) (i32.const {code})"),
		steps,
	)
}

/// As [`attempt`], where the reason lies elsewhere.
fn attempt_at(name: &'static str, tried: &'static str, codes: &str, steps: &str) -> Attempt {
	let run = format!(
		r#"(func (export "run") (result i32) (local $folder i32) (local $file i32) (local $n i32)
			{steps}
			(if (i32.eqz (call $refused)) (then (return (i32.const 0))))
			(if (i32.ne {codes}) (then unreachable))
			(i32.const 1))"#
	);
	Attempt {
		name,
		tried,
		ends: Ends::WithError,
		module: job(&run),
	}
}

/// `run` is these steps, that leave 0 or 1.
fn plain(name: &'static str, tried: &'static str, ends: Ends, steps: &str) -> Attempt {
	let run = format!(r#"(func (export "run") (result i32) (local $n i32) {steps})"#);
	Attempt {
		name,
		tried,
		ends,
		module: job(&run),
	}
}

/// Where the host gives something or a reason, the reason lies four bytes in.
const AFTER_VALUE: u32 = 1_028;

fn at(place: u32, code: u32) -> String {
	format!("(i32.load8_u (i32.const {place})) (i32.const {code})")
}

/// Opens or makes the file `a`, and fails where that fails.
const MAKE: &str = "
	(local.set $folder (call $data))
	(local.set $file (call $open (local.get $folder) (i32.const 0) (i32.const 1) (i32.const 1)))
	(if (i32.eq (local.get $file) (i32.const -1)) (then unreachable))";

fn beyond_the_folder() -> Vec<Attempt> {
	let outside = at(AFTER_VALUE, NOT_PERMITTED);
	let open = |start: u32, length: u32| {
		format!("(drop (call $open (call $data) (i32.const {start}) (i32.const {length}) (i32.const 0)))")
	};
	vec![
		attempt_at(
			"component-go-up",
			"go up from its folder to a file of the machine",
			&outside,
			&open(8, 16),
		),
		attempt_at(
			"component-absolute",
			"open a file of the machine by its whole path",
			&outside,
			&open(32, 11),
		),
		attempt(
			"component-make-outside",
			"make a folder beside its own",
			NOT_PERMITTED,
			"(call $make-folder (call $data) (i32.const 8) (i32.const 16) (i32.const 1024))",
		),
		attempt(
			"component-link",
			"make a link to a file of the machine",
			NOT_PERMITTED,
			"(call $symlink (call $data) (i32.const 32) (i32.const 11) (i32.const 0) (i32.const 1)
				(i32.const 1024))",
		),
		attempt(
			"component-hard-link",
			"give a file another name",
			NOT_PERMITTED,
			&format!(
				"{MAKE} (call $link (local.get $folder) (i32.const 0) (i32.const 0) (i32.const 1)
					(local.get $folder) (i32.const 1) (i32.const 1) (i32.const 1024))"
			),
		),
		attempt(
			"component-rename",
			"put a file of its own in the place of one of the machine's",
			NOT_PERMITTED,
			&format!(
				"{MAKE} (call $rename (local.get $folder) (i32.const 0) (i32.const 1)
					(local.get $folder) (i32.const 8) (i32.const 16) (i32.const 1024))"
			),
		),
	]
}

/// All of these have a folder of one MiB.
fn beyond_the_quota() -> Vec<Attempt> {
	vec![
		attempt_at(
			"component-fill",
			"write more than was leased",
			&at(1_032, NO_ROOM),
			&format!(
				"{MAKE} (loop $more
					(call $write-at (local.get $file) (i32.const 0) (i32.const 32768)
						(i64.mul (i64.extend_i32_u (local.get $n)) (i64.const 32768)) (i32.const 1024))
					(local.set $n (i32.add (local.get $n) (i32.const 1)))
					(br_if $more (i32.and (i32.eqz (call $refused))
						(i32.lt_u (local.get $n) (i32.const 64)))))"
			),
		),
		attempt_at(
			"component-far",
			"write one byte far behind the end",
			&at(1_032, NO_ROOM),
			&format!(
				"{MAKE} (call $write-at (local.get $file) (i32.const 0) (i32.const 1)
					(i64.const 1099511627776) (i32.const 1024))"
			),
		),
		attempt(
			"component-sparse",
			"make a file of holes larger than was leased",
			NO_ROOM,
			&format!(
				"{MAKE} (call $set-size (local.get $file) (i64.const 1099511627776) (i32.const 1024))"
			),
		),
		plain(
			"component-append",
			"append more than was leased by a stream",
			Ends::WithError,
			"(local $stream i32)
			(call $append (call $open (call $data) (i32.const 0) (i32.const 1) (i32.const 1))
				(i32.const 1024))
			(if (call $refused) (then unreachable))
			(local.set $stream (i32.load (i32.const 1028)))
			(loop $more
				(call $write-all (local.get $stream) (i32.const 0) (i32.const 4096) (i32.const 1024))
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(br_if $more (i32.and (i32.eqz (call $refused))
					(i32.lt_u (local.get $n) (i32.const 512)))))
			(if (i32.eq (local.get $n) (i32.const 1)) (then unreachable))
			(call $refused)",
		),
		attempt_at(
			"component-names",
			"fill the disk with files that are empty",
			&at(AFTER_VALUE, NO_ROOM),
			"(loop $more
				(i32.store (i32.const 512) (i32.or (i32.const 0x40404040)
					(i32.or (i32.and (local.get $n) (i32.const 15))
						(i32.shl (i32.shr_u (local.get $n) (i32.const 4)) (i32.const 8)))))
				(local.set $file (call $open (call $data) (i32.const 512) (i32.const 4) (i32.const 5)))
				(if (i32.ne (local.get $file) (i32.const -1)) (then (call $close (local.get $file))))
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(br_if $more (i32.and (i32.ne (local.get $file) (i32.const -1))
					(i32.lt_u (local.get $n) (i32.const 500)))))",
		),
		attempt(
			"component-nameless",
			"keep files open that have no name any more",
			NO_ROOM,
			&format!(
				"(loop $more {MAKE}
					(call $set-size (local.get $file) (i64.const 400000) (i32.const 1024))
					(if (call $refused) (then
						(if (i32.ne (local.get $n) (i32.const 2)) (then unreachable)))
					(else
						(call $unlink (local.get $folder) (i32.const 0) (i32.const 1) (i32.const 1024))
						(if (call $refused) (then unreachable))
						(local.set $n (i32.add (local.get $n) (i32.const 1)))
						(br_if $more (i32.lt_u (local.get $n) (i32.const 8))))))"
			),
		),
		attempt(
			"component-deep",
			"lay folders so deep that nobody can remove them",
			TOO_LONG,
			"(loop $more
				(i32.store16 (i32.add (i32.const 512) (local.get $n)) (i32.const 0x2f61))
				(call $make-folder (call $data) (i32.const 512)
					(i32.add (local.get $n) (i32.const 1)) (i32.const 1024))
				(local.set $n (i32.add (local.get $n) (i32.const 2)))
				(br_if $more (i32.and (i32.eqz (call $refused))
					(i32.lt_u (local.get $n) (i32.const 400)))))",
		),
		attempt_at(
			"component-open",
			"open files until the agent can open none",
			&at(AFTER_VALUE, NO_PLACE),
			"(loop $more
				(local.set $file (call $open (call $data) (i32.const 0) (i32.const 1) (i32.const 1)))
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(br_if $more (i32.and (i32.ne (local.get $file) (i32.const -1))
					(i32.lt_u (local.get $n) (i32.const 900)))))",
		),
	]
}

fn beyond_the_machine() -> Vec<Attempt> {
	/// Of `wasi:sockets`: access denied, and a name that is never resolved.
	const DENIED: u32 = 1;
	const NEVER: u32 = 20;
	// What a request is refused with, plus one: an address that may not be asked.
	let asks = |name, tried, authority: &str| {
		let mut attempt = plain(
			name,
			tried,
			Ends::WithError,
			&format!(
				"(local.set $n (call $ask (i32.const 512) (i32.const {})))
				(if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
				(if (i32.ne (local.get $n) (i32.const 5)) (then unreachable))
				(i32.const 1)",
				authority.len()
			),
		);
		let data = format!(r#"(data (i32.const 512) "{authority}")"#);
		attempt.module = attempt.module.replace(
			r#"(func (export "handle")"#,
			&format!(r#"{data} (func (export "handle")"#),
		);
		attempt
	};
	vec![
		attempt_at(
			"component-tcp",
			"make a socket",
			&at(AFTER_VALUE, DENIED),
			"(call $tcp-socket (i32.const 0) (i32.const 1024))",
		),
		attempt_at(
			"component-udp",
			"make a socket for datagrams",
			&at(AFTER_VALUE, DENIED),
			"(call $udp-socket (i32.const 1) (i32.const 1024))",
		),
		attempt_at(
			"component-resolve",
			"have names resolved in the machine's network",
			&at(AFTER_VALUE, NEVER),
			"(call $resolve (call $get-network) (i32.const 0) (i32.const 1) (i32.const 1024))",
		),
		asks("component-ask-agent", "ask the agent by HTTP", "127.0.0.1:9616"),
		asks("component-ask-name", "ask this machine by its name", "localhost:9616"),
		asks(
			"component-ask-metadata",
			"ask the metadata service of a cloud",
			"169.254.169.254",
		),
		asks("component-ask-network", "ask the machine's network", "192.168.0.1"),
		asks(
			"component-ask-newer",
			"ask this machine by the newer kind of address",
			"[::1]:9616",
		),
		plain(
			"component-environment",
			"see the agent's variables",
			Ends::WithError,
			"(call $get-environment (i32.const 1024)) (i32.eqz (i32.load (i32.const 1028)))",
		),
		plain(
			"component-arguments",
			"see the agent's command line",
			Ends::WithError,
			"(call $get-arguments (i32.const 1024))
			(i32.eq (i32.load (i32.const 1028)) (i32.const 1))",
		),
		plain(
			"component-random",
			"have the agent fill its memory with random bytes",
			Ends::Trapped,
			"(call $random-bytes (i64.const 1073741824) (i32.const 1024)) (i32.const 0)",
		),
		plain(
			"component-grow",
			"take memory without end",
			Ends::AtLimit,
			"(loop (drop (memory.grow (i32.const 16))) (br 0)) (i32.const 0)",
		),
		Attempt {
			name: "component-wants",
			tried: "have an interface of its host that nobody has",
			ends: Ends::Refused,
			module: r#"(component (import "wasi:machine/shell@0.2.0" (instance (export "run" (func)))))"#
				.into(),
		},
	]
}

pub(super) fn attempts() -> Vec<Attempt> {
	let mut all = beyond_the_folder();
	all.extend(beyond_the_quota());
	all.extend(beyond_the_machine());
	all
}
