//! What goes wrong, to whom, for how long: drawn from a seed, so that a run can be had again.

use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use serde::Serialize;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
	/// The agent is stopped in good order, as for an update, and started again.
	RestartAgent,
	/// The agent is killed, and started again in time to keep its leases.
	KillAgent,
	/// The agent is killed, and comes back when its leases were given to others.
	LoseAgent,
	/// The container engine is killed with all that it runs, and started again.
	KillEngine,
	/// The agent's connections to the chain break, and new ones are turned away for a while.
	CutNetwork,
	/// What the agent and the chain send each other vanishes, and no connection breaks.
	SilenceNetwork,
	/// No byte more can be written to the agent's data folder.
	FillDisk,
	/// The agent ends, and its journal is not what it was when it is started again.
	CorruptJournal,
	/// The chain makes no block for twenty slots.
	StopChain,
}

impl Kind {
	/// All of them.
	pub const ALL: [Self; 9] = [
		Self::RestartAgent,
		Self::KillAgent,
		Self::LoseAgent,
		Self::KillEngine,
		Self::CutNetwork,
		Self::SilenceNetwork,
		Self::FillDisk,
		Self::CorruptJournal,
		Self::StopChain,
	];

	/// As people read it.
	pub fn name(self) -> &'static str {
		match self {
			Self::RestartAgent => "restart the agent",
			Self::KillAgent => "kill the agent",
			Self::LoseAgent => "lose the agent",
			Self::KillEngine => "kill dockerd",
			Self::CutNetwork => "cut the network",
			Self::SilenceNetwork => "silence the network",
			Self::FillDisk => "fill the disk",
			Self::CorruptJournal => "corrupt the journal",
			Self::StopChain => "stop the chain",
		}
	}

	/// Whether it happens to one machine, and not to what all of them share.
	pub fn is_of_a_machine(self) -> bool {
		!matches!(self, Self::KillEngine | Self::StopChain)
	}

	/// Fewest and most blocks that it lasts. [`Self::LoseAgent`] lasts until the machine has no lease left.
	fn blocks(self) -> (u32, u32) {
		match self {
			Self::LoseAgent => (0, 0),
			Self::RestartAgent | Self::KillAgent | Self::CorruptJournal | Self::KillEngine => {
				(1, 5)
			}
			Self::CutNetwork | Self::SilenceNetwork | Self::FillDisk => (3, 10),
			Self::StopChain => (20, 20),
		}
	}
}

/// How a journal is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
	/// Its first bytes are others, after a crash: it is no database.
	Head,
	/// All but its first page is other bytes, after a stop in good order.
	Pages,
	/// It is empty, after a crash: the one that nothing shows, so that the agent goes on without it.
	Emptied,
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
	/// What.
	pub kind: Kind,
	/// To which machine; of no meaning where it happens to all of them.
	pub machine: usize,
	/// For how many blocks.
	pub blocks: u32,
	/// Whether a tenant ends a lease of the machine meanwhile, so that it has something to do.
	pub errand: bool,
	/// How a journal is damaged; of no meaning otherwise.
	pub damage: Damage,
}

/// `count` faults of these kinds on `machines` machines. The same seed gives the same faults.
///
/// Kinds are dealt like cards: none comes again before all others came, so that no kind is left out of a run
/// that is long enough for all.
pub fn draw(seed: u64, count: usize, kinds: &[Kind], machines: usize) -> Vec<Fault> {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut faults = Vec::with_capacity(count);
	let mut deck = Vec::new();
	while faults.len() < count && !kinds.is_empty() {
		if deck.is_empty() {
			deck = kinds.to_vec();
		}
		let kind = deck.swap_remove(below(&mut rng, deck.len()));
		let (least, most) = kind.blocks();
		let span = most.saturating_sub(least).saturating_add(1);
		let damages = [Damage::Head, Damage::Pages, Damage::Emptied];
		faults.push(Fault {
			kind,
			machine: below(&mut rng, machines),
			blocks: least.saturating_add(rng.next_u32() % span),
			errand: rng.next_u32() % 2 == 0,
			damage: damages[below(&mut rng, damages.len())],
		});
	}
	faults
}

/// A number below `bound`, near enough to evenly; 0 where there is none.
fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
	let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
	usize::try_from(rng.next_u64() % bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_same_seed_gives_the_same_faults_and_another_seed_gives_others() {
		let drawn = |seed| draw(seed, 40, &Kind::ALL, 3);
		assert_eq!(drawn(7), drawn(7));
		assert_ne!(drawn(7), drawn(8));
	}

	#[test]
	fn no_kind_comes_again_before_all_others_came() {
		let faults = draw(1, 10 * Kind::ALL.len(), &Kind::ALL, 3);
		for deck in faults.chunks(Kind::ALL.len()) {
			let mut kinds: Vec<Kind> = deck.iter().map(|fault| fault.kind).collect();
			kinds.sort();
			assert_eq!(kinds, Kind::ALL);
		}
	}

	#[test]
	fn every_machine_has_its_turn_and_no_other_is_named() {
		let mut machines: Vec<usize> = draw(3, 50, &Kind::ALL, 3)
			.iter()
			.map(|fault| fault.machine)
			.collect();
		machines.sort_unstable();
		machines.dedup();
		assert_eq!(machines, [0, 1, 2]);
	}

	#[test]
	fn where_no_kind_can_be_had_there_is_no_fault() {
		assert!(draw(3, 50, &[], 3).is_empty());
	}
}
