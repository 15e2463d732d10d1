//! Who may do what: every call by every kind of origin, and what each type of proxy may do. The table in
//! `docs/origins.md` is the specification; a call that is new, or that somebody else may make now, fails here until
//! the table says so. `UPDATE_DOCS=1` writes it anew.

mod chain;

use std::{fmt::Write, path::Path};

use chain::within;
use codec::{Decode, Input};
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	traits::{GetCallMetadata, InstanceFilter},
};
use pallet_dao::Power;
use sp_runtime::{traits::Dispatchable, DispatchError};
use usufruct_runtime::{
	configs::{ProxyType, TechnicalCollective},
	presets, AccountId, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin,
};

const TABLE: &str = "../docs/origins.md";

/// Somebody without money, rights or office.
const ANYBODY: AccountId = AccountId::new([7; 32]);

/// Two bytes, then the same for ever.
struct Fill {
	begin: std::array::IntoIter<u8, 2>,
	then: u8,
}

impl Input for Fill {
	fn remaining_len(&mut self) -> Result<Option<usize>, codec::Error> {
		Ok(None)
	}

	fn read(&mut self, into: &mut [u8]) -> Result<(), codec::Error> {
		for byte in into {
			*byte = self.begin.next().unwrap_or(self.then);
		}
		Ok(())
	}
}

/// A call with these indices, with any arguments; `None` where there is no such call.
fn call(pallet: u8, index: u8) -> Option<RuntimeCall> {
	(0..8).find_map(|then| {
		let begin = [pallet, index].into_iter();
		RuntimeCall::decode(&mut Fill { begin, then }).ok()
	})
}

/// All calls of the runtime.
fn calls() -> Vec<RuntimeCall> {
	let all: Vec<RuntimeCall> = (0..=u8::MAX)
		.flat_map(|pallet| (0..=u8::MAX).filter_map(move |index| call(pallet, index)))
		.collect();
	let named: usize = RuntimeCall::get_module_names()
		.iter()
		.map(|pallet| RuntimeCall::get_call_names(pallet).len())
		.sum();
	assert_eq!(all.len(), named, "a call could not be made of any bytes");
	all
}

/// Every kind of origin, with what the table calls it.
fn origins() -> Vec<(&'static str, RuntimeOrigin)> {
	let powers = Power::ALL.map(|power| {
		let name = match power {
			Power::Upgrade => "upgrade",
			Power::Membership => "membership",
			Power::Treasury => "treasury",
			Power::MarketAdmin => "market admin",
			Power::ProofParameters => "proof parameters",
			Power::Canceller => "canceller",
		};
		(name, OriginCaller::Dao(power).into())
	});
	let committee = pallet_collective::RawOrigin::<AccountId, TechnicalCollective>::Members(1, 1);
	let mut all = vec![
		("nobody", RuntimeOrigin::none()),
		("authorized", frame_system::RawOrigin::Authorized.into()),
		("anybody", RuntimeOrigin::signed(ANYBODY)),
		("root", RuntimeOrigin::root()),
		(
			"committee",
			OriginCaller::TechnicalCommittee(committee).into(),
		),
	];
	all.extend(powers);
	all
}

/// Whether the call gets past the question who calls. Changes nothing.
fn may(call: &RuntimeCall, origin: RuntimeOrigin) -> bool {
	let result = with_transaction(|| {
		let result = call.clone().dispatch(origin);
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(result))
	});
	let Ok(Err(refused)) = result else {
		return true;
	};
	let sudo = DispatchError::from(pallet_sudo::Error::<Runtime>::RequireSudo);
	let refusals = [
		DispatchError::BadOrigin,
		sudo,
		frame_system::Error::<Runtime>::CallFiltered.into(),
	];
	!refusals.contains(&refused.error)
}

fn table() -> String {
	let mut text = String::from(
		"# Who may call what\n\n\
		 Written by `runtime/tests/origins.rs`, which tries every call by every kind of origin on a real runtime. ● = the \
		 call gets past the question who calls; whether this account owns what it names is the next question. Then what \
		 a proxy of each type may do for its owner; `Any` may do everything.\n\n| call |",
	);
	let proxies = [
		("non transfer", ProxyType::NonTransfer),
		("node agent", ProxyType::NodeAgent),
		("dao", ProxyType::Dao),
	];
	let heads: Vec<&str> = origins()
		.iter()
		.map(|(name, _)| *name)
		.chain(proxies.iter().map(|(name, _)| *name))
		.collect();
	let _ = writeln!(text, " {} |", heads.join(" | "));
	let _ = writeln!(text, "| --- |{}", " :-: |".repeat(heads.len()));
	for call in calls() {
		let name = call.get_call_metadata();
		let _ = write!(text, "| `{}.{}` |", name.pallet_name, name.function_name);
		let by_origin = origins().into_iter().map(|(_, origin)| may(&call, origin));
		let by_proxy = proxies.iter().map(|(_, proxy)| proxy.filter(&call));
		for yes in by_origin.chain(by_proxy) {
			text.push_str(if yes { " ● |" } else { " |" });
		}
		text.push('\n');
	}
	text
}

#[test]
fn who_may_call_what_is_what_the_table_says() {
	within(presets::LOCAL, || {
		let found = table();
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
		if std::env::var_os("UPDATE_DOCS").is_some() {
			std::fs::write(&path, &found).unwrap();
		}
		let known = std::fs::read_to_string(&path).unwrap();
		let changed: Vec<&str> = found
			.lines()
			.filter(|line| !known.lines().any(|other| other == *line))
			.collect();
		assert!(
			found == known,
			"{TABLE} says otherwise; read these, then write it with UPDATE_DOCS=1:\n{}",
			changed.join("\n")
		);
	});
}
