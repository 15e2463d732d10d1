//! What is asked of the kernel. Each call is made in such a way that it harms nothing where it is allowed: with
//! arguments that the kernel refuses only after it has looked at who asks.
#![expect(
	unsafe_code,
	reason = "these calls are not what a library offers: most must never be made"
)]

use std::io;

use super::{attempt, escaped, refused, stopped, Attempt, Found};

/// Makes a system call. Pointers among the arguments are null or point to what outlives the call.
pub(super) fn call(number: libc::c_long, arguments: &[usize]) -> io::Result<i64> {
	let mut six = [0usize; 6];
	six[..arguments.len()].copy_from_slice(arguments);
	let [a, b, c, d, e, f] = six;
	// SAFETY: no call here writes to memory of this process but through the pointers that it is given; these are null
	// or point to buffers of the size that the call expects, which live until it returns.
	let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
	if result < 0 {
		return Err(io::Error::last_os_error());
	}
	Ok(result)
}

/// Who may not gets one of these. Anything else came after the kernel's look at who asks.
fn forbidden(result: io::Result<i64>) -> Found {
	match result {
		Ok(_) => escaped("it was allowed"),
		Err(error) => match error.raw_os_error() {
			Some(libc::EPERM | libc::EACCES | libc::ENOSYS | libc::EAFNOSUPPORT | libc::ESRCH) => {
				stopped(error.to_string())
			}
			_ => escaped(format!("it was not refused for who asked, but: {error}")),
		},
	}
}

fn text(text: &'static std::ffi::CStr) -> usize {
	text.as_ptr() as usize
}

/// A call that is made as it stands here.
fn asks(
	name: &'static str,
	tried: &'static str,
	number: libc::c_long,
	arguments: &[usize],
) -> Attempt {
	let arguments = arguments.to_vec();
	attempt(name, tried, move |_| forbidden(call(number, &arguments)))
}

pub(super) fn attempts() -> Vec<Attempt> {
	let mut all = mounts();
	all.extend(namespaces());
	all.extend(kernels_own());
	all.extend(sockets());
	all.extend(rights());
	all
}

fn mounts() -> Vec<Attempt> {
	let nothing = text(c"none");
	let tmp = text(c"/tmp");
	let mount = |name, tried, kind, target, flags: libc::c_ulong| {
		asks(
			name,
			tried,
			libc::SYS_mount,
			&[nothing, target, kind, flags as usize, 0],
		)
	};
	let root = text(c"/");
	let writable = libc::MS_REMOUNT | libc::MS_BIND;
	vec![
		mount(
			"mount",
			"mount a file system in memory",
			text(c"tmpfs"),
			tmp,
			0,
		),
		mount(
			"mount-proc",
			"mount a proc that nothing hides",
			text(c"proc"),
			tmp,
			0,
		),
		mount(
			"mount-cgroup",
			"mount control groups, for their release agent",
			text(c"cgroup"),
			tmp,
			0,
		),
		mount(
			"mount-devices",
			"mount the kernel's own device files",
			text(c"devtmpfs"),
			tmp,
			0,
		),
		mount(
			"remount-root",
			"mount the root again, to write to it",
			0,
			root,
			writable,
		),
		asks(
			"unmount",
			"unmount what hides parts of proc",
			libc::SYS_umount2,
			&[text(c"/proc/keys"), 0],
		),
		asks(
			"new-mount",
			"open a file system by the newer calls",
			libc::SYS_fsopen,
			&[text(c"proc"), 0],
		),
		asks(
			"pivot-root",
			"make another folder the root",
			libc::SYS_pivot_root,
			&[tmp, tmp],
		),
		asks(
			"chroot",
			"change the root, as the first half of leaving it",
			libc::SYS_chroot,
			&[tmp],
		),
		attempt(
			"file-handle",
			"open a file of the machine by its number, past all paths",
			|_| {
				// The root of a usual file system: 8 bytes, of kind 1, number 2.
				let handle: [u32; 4] = [8, 1, 2, 0];
				let at = libc::AT_FDCWD as usize;
				forbidden(call(
					libc::SYS_open_by_handle_at,
					&[at, handle.as_ptr() as usize, libc::O_RDONLY as usize],
				))
			},
		),
		asks(
			"make-device",
			"make a file for the machine's first disk",
			libc::SYS_mknodat,
			&[
				libc::AT_FDCWD as usize,
				text(c"/tmp/disk"),
				(libc::S_IFBLK | 0o600) as usize,
				libc::makedev(8, 0) as usize,
			],
		),
		asks(
			"swap",
			"use a file as swap",
			libc::SYS_swapon,
			&[text(c"/tmp/none"), 0],
		),
		asks(
			"quota",
			"change quotas of the machine's file systems",
			libc::SYS_quotactl,
			&[0x0080_0002 << 8, nothing, 0, 0],
		),
	]
}

fn namespaces() -> Vec<Attempt> {
	let unshare = |name, tried, flags: libc::c_int| {
		asks(name, tried, libc::SYS_unshare, &[flags as usize]).of_own_kernel()
	};
	vec![
		unshare(
			"user-namespace",
			"become root of users of its own, to reach more of the kernel",
			libc::CLONE_NEWUSER,
		),
		unshare(
			"mount-namespace",
			"get mounts of its own",
			libc::CLONE_NEWNS,
		),
		unshare(
			"network-namespace",
			"get a network of its own",
			libc::CLONE_NEWNET,
		),
		unshare(
			"group-namespace",
			"get control groups of its own",
			libc::CLONE_NEWCGROUP,
		),
		attempt(
			"enter-namespace",
			"enter the namespaces of its first process",
			|_| {
				let result = std::fs::File::open("/proc/1/ns/mnt").and_then(|file| {
					use std::os::fd::AsRawFd;
					call(libc::SYS_setns, &[file.as_raw_fd() as usize, 0])
				});
				match result {
					Err(error) if error.kind() == io::ErrorKind::NotFound => {
						stopped(error.to_string())
					}
					result => forbidden(result),
				}
			},
		),
	]
}

fn kernels_own() -> Vec<Attempt> {
	const CAD_OFF: usize = 0;
	const READ_ALL: usize = 3;
	let mut all = vec![
		asks(
			"load-module",
			"load a kernel module",
			libc::SYS_init_module,
			&[0, 0, text(c"")],
		),
		asks(
			"load-module-file",
			"load a kernel module from a file",
			libc::SYS_finit_module,
			&[usize::MAX, text(c""), 0],
		),
		asks(
			"kexec",
			"load another kernel",
			libc::SYS_kexec_load,
			&[0, 0, 0, 0],
		),
		asks(
			"reboot",
			"have a say in how the machine restarts",
			libc::SYS_reboot,
			&[0xfee1_dead, 0x2812_1969, CAD_OFF, 0],
		),
		asks(
			"bpf",
			"run a program in the kernel",
			libc::SYS_bpf,
			&[0, 0, 0],
		),
		attempt("perf", "count events of the machine's processor", |_| {
			// Type 0, hardware; size 112 bytes; event 0, cycles; of this process on any processor.
			let mut attributes = [0u32; 32];
			attributes[1] = 112;
			let any = usize::MAX;
			forbidden(call(
				libc::SYS_perf_event_open,
				&[attributes.as_ptr() as usize, 0, any, any, 0],
			))
		}),
		asks(
			"add-key",
			"put a key into the kernel's keyrings, which are shared",
			libc::SYS_add_key,
			&[
				text(c"user"),
				text(c"probe"),
				text(c"x"),
				1,
				-3isize as usize,
			],
		),
		asks(
			"keyring",
			"look at the kernel's keyrings",
			libc::SYS_keyctl,
			&[0, -3isize as usize, 1],
		),
		asks(
			"kernel-log",
			"read the kernel's log",
			libc::SYS_syslog,
			&[READ_ALL, 0, 0],
		),
		asks(
			"page-faults",
			"handle the kernel's page faults, to win races in it",
			libc::SYS_userfaultfd,
			&[0],
		),
		asks(
			"accounting",
			"have the kernel write an accounting file",
			libc::SYS_acct,
			&[text(c"/tmp/none")],
		),
		attempt("clock", "set the machine's clock", |_| {
			// Seconds and nanoseconds of the beginning of time: refused by nobody who would be allowed.
			let time: [i64; 2] = [0, -1];
			match call(
				libc::SYS_clock_settime,
				&[libc::CLOCK_REALTIME as usize, time.as_ptr() as usize],
			) {
				// Looked at before who asks, and so no answer: the older call says it.
				Err(error) if error.raw_os_error() == Some(libc::EINVAL) => forbidden(call(
					libc::SYS_settimeofday,
					&[0, [0u32; 2].as_ptr() as usize],
				)),
				result => forbidden(result),
			}
		}),
		asks(
			"host-name",
			"rename the machine",
			libc::SYS_sethostname,
			&[text(c"probe"), 5],
		),
	];
	#[cfg(target_arch = "x86_64")]
	all.push(asks(
		"io-ports",
		"talk to the machine's devices by ports",
		libc::SYS_iopl,
		&[3],
	));
	all
}

fn sockets() -> Vec<Attempt> {
	let open = |name, tried, family: libc::c_int, kind: libc::c_int, protocol: usize| {
		asks(
			name,
			tried,
			libc::SYS_socket,
			&[family as usize, kind as usize, protocol],
		)
	};
	const NETFILTER: usize = 12;
	/// Every protocol, in the network's order of bytes.
	const ALL: usize = 0x0300;
	vec![
		open(
			"raw-socket",
			"send packets of its own making",
			libc::AF_INET,
			libc::SOCK_RAW,
			1,
		),
		open(
			"packet-socket",
			"read all packets of its network",
			libc::AF_PACKET,
			libc::SOCK_RAW,
			ALL,
		),
		attempt("firewall", "change the firewall's rules", |_| {
			let socket = call(
				libc::SYS_socket,
				&[
					libc::AF_NETLINK as usize,
					libc::SOCK_RAW as usize,
					NETFILTER,
				],
			);
			let socket = match socket {
				Ok(socket) => socket as usize,
				Err(error) => return stopped(error.to_string()),
			};
			// Deletes a table that there is not, with an answer asked for.
			let mut message = [0u8; 20];
			message[0] = 20;
			message[4..6].copy_from_slice(&0x0a02u16.to_ne_bytes());
			message[6..8].copy_from_slice(&0x0005u16.to_ne_bytes());
			let sent = call(
				libc::SYS_sendto,
				&[socket, message.as_ptr() as usize, 20, 0, 0, 0],
			);
			if let Err(error) = sent {
				return stopped(error.to_string());
			}
			let mut answer = [0u8; 64];
			let wait = libc::MSG_DONTWAIT as usize;
			match call(
				libc::SYS_recvfrom,
				&[socket, answer.as_mut_ptr() as usize, 64, wait, 0, 0],
			) {
				Ok(20..) => {
					let code = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
					forbidden(Err(io::Error::from_raw_os_error(-code)))
				}
				other => stopped(format!("no answer of a firewall: {other:?}")),
			}
		}),
		attempt("route", "take its network interface down", |_| {
			let socket = call(
				libc::SYS_socket,
				&[libc::AF_INET as usize, libc::SOCK_DGRAM as usize, 0],
			);
			let mut request = [0u8; 40];
			request[..4].copy_from_slice(b"eth0");
			forbidden(socket.and_then(|socket| {
				let set_flags = libc::SIOCSIFFLAGS as usize;
				call(
					libc::SYS_ioctl,
					&[socket as usize, set_flags, request.as_ptr() as usize],
				)
			}))
		})
		.of_own_kernel(),
	]
}

fn rights() -> Vec<Attempt> {
	vec![
		attempt("capabilities", "give itself capabilities", |_| {
			let header: [u32; 2] = [0x2008_0522, 0];
			let everything = [u32::MAX; 6];
			forbidden(call(
				libc::SYS_capset,
				&[header.as_ptr() as usize, everything.as_ptr() as usize],
			))
		}),
		attempt(
			"new-privileges",
			"take back that it can get no new privileges",
			|_| {
				refused(call(
					libc::SYS_prctl,
					&[libc::PR_SET_NO_NEW_PRIVS as usize, 0, 0, 0, 0],
				))
			},
		),
		asks(
			"other-user",
			"become another user",
			libc::SYS_setuid,
			&[12_345],
		),
		asks(
			"other-groups",
			"join other groups",
			libc::SYS_setgroups,
			&[1, {
				static DISK: [u32; 1] = [6];
				DISK.as_ptr() as usize
			}],
		),
		attempt("real-time", "run before all others", |_| {
			let highest: [i32; 1] = [99];
			forbidden(call(
				libc::SYS_sched_setscheduler,
				&[0, libc::SCHED_FIFO as usize, highest.as_ptr() as usize],
			))
		}),
		asks(
			"nice",
			"run rather than others",
			libc::SYS_setpriority,
			&[0, 0, -20isize as usize],
		)
		.of_own_kernel(),
		attempt("open-files", "raise its own limits", |_| {
			let all: [u64; 2] = [u64::MAX; 2];
			let files = libc::RLIMIT_NOFILE as usize;
			forbidden(call(
				libc::SYS_prlimit64,
				&[0, files, all.as_ptr() as usize, 0],
			))
		})
		.of_own_kernel(),
	]
}
