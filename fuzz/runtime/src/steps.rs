//! What happens next, read from bytes: whatever the bytes are, they say something.

use std::sync::OnceLock;

use codec::{Decode, DecodeLimit, Error, Input};
use frame_support::traits::GetCallMetadata;
use pallet_dao::Power;
use pallet_pomc_rewards::RewardRules;
use sp_runtime::Permill;
use usufruct_runtime::{OriginCaller, RuntimeCall, RuntimeOrigin};

use crate::{
	blocks::{self, Caller},
	calls::{amount, blocks, call, fitting, hash, person, Numbers, KINDS},
};

/// Calls in calls in calls, and no deeper.
const MAX_DEPTH: u32 = 16;

/// Of 256: how often each kind of step comes, in this order; the rest is time.
const OURS: u8 = 176;
const ANYTHING: u8 = 32;
const RULES: u8 = 8;

/// Does what the bytes say, to their end.
pub(crate) fn take_all(mut bytes: &[u8]) {
	while take(&mut bytes).is_ok() {}
}

fn take(bytes: &mut &[u8]) -> Result<(), Error> {
	let step = bytes.read_byte()?;
	if step < OURS {
		let (who, kind) = (bytes.read_byte()?, bytes.read_byte()?);
		let numbers = Numbers::decode(bytes)?;
		let call = call(kind % KINDS, numbers);
		// Of calls by anybody nearly all would be refused.
		let who = match who {
			0..160 => fitting(&call).unwrap_or_else(|| person(numbers[4])),
			160.. => person(who.into()),
		};
		blocks::apply(Caller::Person(who), call);
	} else if step < OURS + ANYTHING {
		let who = bytes.read_byte()?;
		if let Ok(call) = anything(bytes) {
			blocks::apply(caller(who), call);
		}
	} else if step < OURS + ANYTHING + RULES {
		let call = pallet_pomc_rewards::Call::set_rules {
			rules: rules(Numbers::decode(bytes)?),
		};
		blocks::apply(caller(Power::MarketAdmin as u8), call.into());
	} else {
		// One in eight begins after slots without a block, an epoch or more among them.
		let (count, pause) = (bytes.read_byte()?, bytes.read_byte()?);
		let pause = match pause {
			0..224 => 0,
			more => u64::from(more - 223) * 20,
		};
		blocks::pass(u32::from(count % 30) + 1, pause);
	}
	Ok(())
}

/// Mostly people; the DAO's powers, and calls that say themselves who may make them.
fn caller(who: u8) -> Caller {
	match Power::ALL.get(usize::from(who)) {
		Some(power) => Caller::Origin(OriginCaller::Dao(*power).into()),
		None if who < 16 => Caller::Nobody,
		None if who == 16 => Caller::Origin(committee()),
		None => Caller::Person(person(who.into())),
	}
}

fn committee() -> RuntimeOrigin {
	use usufruct_runtime::configs::TechnicalCollective;
	let all = pallet_collective::RawOrigin::<_, TechnicalCollective>::Members(4, 4);
	OriginCaller::TechnicalCommittee(all).into()
}

fn rules(n: Numbers) -> RewardRules {
	RewardRules {
		era: blocks(n[0]),
		claim_eras: u32::from(n[1]) % 5,
		network: amount(n[2]),
		validators: amount(n[3]),
		tasks: amount(n[4]),
		rebate: Permill::from_parts(u32::from(n[0]) * 16),
		provider: Permill::from_percent(40),
	}
}

/// Any call of any pallet.
fn anything(bytes: &mut &[u8]) -> Result<RuntimeCall, Error> {
	let all = indices();
	let which = usize::from(u16::decode(bytes)?) % all.len();
	let (pallet, index) = all[which];
	let mut names = Names {
		begin: vec![index, pallet],
		bytes,
	};
	RuntimeCall::decode_with_depth_limit(MAX_DEPTH, &mut names)
}

/// The indices of all calls: pallet and call.
fn indices() -> &'static [(u8, u8)] {
	static INDICES: OnceLock<Vec<(u8, u8)>> = OnceLock::new();
	INDICES.get_or_init(|| {
		let there_is = |pallet: u8, index: u8| {
			(0..8).any(|then| {
				let bytes: Vec<u8> = [pallet, index].into_iter().chain([then; 1_024]).collect();
				RuntimeCall::decode_with_depth_limit(MAX_DEPTH, &mut &bytes[..]).is_ok()
			})
		};
		let all: Vec<(u8, u8)> = (0..=u8::MAX)
			.flat_map(|pallet| (0..=u8::MAX).map(move |index| (pallet, index)))
			.filter(|(pallet, index)| there_is(*pallet, *index))
			.collect();
		let named: usize = RuntimeCall::get_module_names()
			.iter()
			.map(|pallet| RuntimeCall::get_call_names(pallet).len())
			.sum();
		assert_eq!(all.len(), named, "a call could not be made of any bytes");
		all
	})
}

/// Bytes, of which those that name something name one of a few: an account or a hash is one of those that there are,
/// an amount one that somebody may have, an identifier small. Of random bytes nearly no call would mean anything.
struct Names<'a, 'b> {
	/// What is read before them, backwards.
	begin: Vec<u8>,
	bytes: &'a mut &'b [u8],
}

impl Names<'_, '_> {
	fn number(&mut self) -> Result<u16, Error> {
		u16::decode(self.bytes)
	}
}

impl Input for Names<'_, '_> {
	fn remaining_len(&mut self) -> Result<Option<usize>, Error> {
		Ok(None)
	}

	fn read(&mut self, into: &mut [u8]) -> Result<(), Error> {
		if let Some(first) = self.begin.pop() {
			into[0] = first;
			return match &mut into[1..] {
				[] => Ok(()),
				rest => self.read(rest),
			};
		}
		match into.len() {
			1 => {
				// Small in half of all cases: an index, an option, a flag.
				let byte = self.bytes.read_byte()?;
				into[0] = if byte < 128 { byte % 8 } else { byte - 128 };
			}
			4 | 8 => {
				let number = self.number()?;
				let small = if number < 0xC000 {
					number % 8
				} else {
					number - 0xC000
				};
				into.fill(0);
				into[..2].copy_from_slice(&small.to_le_bytes());
			}
			16 => into.copy_from_slice(&amount(self.number()?).to_le_bytes()),
			32 => {
				let number = self.number()?;
				match number % 4 {
					0 => into.copy_from_slice(hash(number / 4).as_bytes()),
					_ => into.copy_from_slice(person(number / 4).as_ref()),
				}
			}
			_ => self.bytes.read(into)?,
		}
		Ok(())
	}
}
