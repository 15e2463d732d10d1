//! Any sequence of calls, by anybody and at any block, keeps the invariants and creates no money.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sp_runtime::DispatchResult;
use usufruct_primitives::{traits::NodeInspect, ChallengeId, EpochId, Hid, NodeId};
use usufruct_proof::{ClassParams, Hash, MemoryParams, Reveal};

use super::prover::*;
use crate::{
	mock::*, ChallengeState, Challenges, Entries, EntryFailure, EntryState, Epoch, EpochRules,
	Event, FailureReason, NextChallengeId,
};
use usufruct_proof::RANDOMNESS_KEPT;

/// As little work and as short a challenge as there can be.
const SMALL: ClassParams = ClassParams {
	m: 32,
	n: 32,
	k: 64,
	samples: 2,
	window: 5,
	first_root: 2,
	reveal: 3,
	min_rounds: 1,
	max_rounds: 3,
	reference_ops: 20_000,
	memory: None,
	version: 1,
};

/// The same with a memory phase of two leaves of sums.
const SMALL_MEMORY: ClassParams = ClassParams {
	m: 64,
	n: 64,
	min_rounds: 32,
	max_rounds: 34,
	memory: Some(MemoryParams {
		kept_rounds: 32,
		samples: 2,
		window: 3,
		max_passes: 3,
		reference_bytes: 20_000,
	}),
	..SMALL
};

/// How a machine takes the step that is due.
#[derive(Clone, Copy, Debug)]
enum Manner {
	Honest,
	/// Sends something else than it computed.
	Wrong,
	/// Sends what it has for another challenge.
	Copied(u64),
}

#[derive(Clone, Debug)]
enum Step {
	Request {
		who: u64,
		hid: Hid,
	},
	/// Challenges are counted back from the last. Who waits is not too early.
	Answer {
		back: u64,
		rounds: u32,
		manner: Manner,
		waits: bool,
	},
	/// A call at any time, by anybody.
	Call {
		who: u64,
		back: u64,
		which: u8,
		rounds: u32,
	},
	Expire {
		who: u64,
		back: u64,
	},
	/// Hardware takes the step of its entry that is due.
	Epoch {
		hid: Hid,
		rounds: u32,
		manner: Manner,
	},
	/// A call about an entry at any time, by anybody.
	EntryCall {
		who: u64,
		hid: Hid,
		which: u8,
		rounds: u32,
	},
	Occupy {
		node: NodeId,
		busy: bool,
	},
	SetRules {
		pause: u32,
		entry: u32,
		span: u32,
		disputes: u32,
		audits: u32,
	},
	Pass {
		blocks: u32,
	},
	Silence {
		blocks: u32,
	},
	Move {
		node: NodeId,
		online: bool,
	},
	TakeOut {
		hid: Hid,
	},
	PutIn {
		node: NodeId,
	},
	SetClass {
		window: u32,
		samples: u32,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let manner = prop_oneof![
		6 => Just(Manner::Honest),
		1 => Just(Manner::Wrong),
		1 => (0u64..3).prop_map(Manner::Copied),
	];
	prop_oneof![
		4 => (1u64..5, 0u64..5).prop_map(|(who, hid)| Step::Request { who, hid }),
		12 => (0u64..3, 1u32..4, manner, any::<bool>()).prop_map(|(back, rounds, manner, waits)| {
			Step::Answer { back, rounds, manner, waits }
		}),
		3 => (1u64..5, 0u64..3, 0u8..4, 0u32..5)
			.prop_map(|(who, back, which, rounds)| Step::Call { who, back, which, rounds }),
		3 => (1u64..5, 0u64..4).prop_map(|(who, back)| Step::Expire { who, back }),
		10 => (0u64..5, 1u32..4, entry_manner()).prop_map(|(hid, rounds, manner)| {
			Step::Epoch { hid, rounds, manner }
		}),
		5 => (1u64..5, 0u64..5, 0u8..7, 0u32..5)
			.prop_map(|(who, hid, which, rounds)| Step::EntryCall { who, hid, which, rounds }),
		1 => (0u32..4, any::<bool>()).prop_map(|(node, busy)| Step::Occupy { node, busy }),
		1 => (0u32..3, 4u32..8, 20u32..60, 0u32..8, 0u32..4).prop_map(
			|(pause, entry, span, disputes, audits)| Step::SetRules {
				pause, entry, span, disputes, audits,
			}
		),
		5 => (1u32..5).prop_map(|blocks| Step::Pass { blocks }),
		1 => (5u32..15).prop_map(|blocks| Step::Pass { blocks }),
		1 => (1u32..5).prop_map(|blocks| Step::Silence { blocks }),
		1 => (0u32..4, any::<bool>()).prop_map(|(node, online)| Step::Move { node, online }),
		1 => (0u64..5).prop_map(|hid| Step::TakeOut { hid }),
		1 => (0u32..4).prop_map(|node| Step::PutIn { node }),
		1 => (0u32..8, 0u32..4).prop_map(|(window, samples)| Step::SetClass { window, samples }),
	]
}

fn entry_manner() -> impl Strategy<Value = Manner> {
	prop_oneof![8 => Just(Manner::Honest), 1 => Just(Manner::Wrong)]
}

/// What the machines remember.
struct World {
	/// The class's parameters, as it began.
	params: ClassParams,
	works: BTreeMap<ChallengeId, (Work, Option<Passes>)>,
	entries: BTreeMap<(EpochId, Hid), (Work, Option<Passes>)>,
	next_hid: Hid,
}

/// Opens rounds, and passes where there were some.
fn open((work, passes): &(Work, Option<Passes>), samples: &Hash) -> Reveal {
	match passes {
		Some(passes) => work.open_with(passes, samples),
		None => work.open(samples),
	}
}

impl World {
	fn new(params: ClassParams) -> Self {
		Self {
			params,
			works: BTreeMap::new(),
			entries: BTreeMap::new(),
			next_hid: 0,
		}
	}

	/// So many more rounds than the fewest, from 1.
	fn rounds(&self, rounds: u32) -> u32 {
		self.params.min_rounds + rounds.clamp(1, 3) - 1
	}

	fn id(back: u64) -> ChallengeId {
		NextChallengeId::<Test>::get().saturating_sub(1 + back)
	}

	/// The work of a challenge, computed when it is first asked for. None before there is a seed.
	fn work(&mut self, id: ChallengeId, rounds: u32) -> Option<Work> {
		if let Some((work, _)) = self.works.get(&id) {
			return Some(work.clone());
		}
		let params = Challenges::<Test>::get(id)?.params;
		let work = Work::new(params, ProofOfCompute::seed(id)?, self.rounds(rounds));
		self.works.insert(id, (work.clone(), None));
		Some(work)
	}

	fn answer(
		&mut self,
		id: ChallengeId,
		rounds: u32,
		manner: Manner,
		waits: bool,
	) -> Option<DispatchResult> {
		let challenge = Challenges::<Test>::get(id)?;
		let owner = signed(Stub::owner(challenge.node)?);
		if waits {
			// No step but these two is ever too early.
			go_to(match challenge.state {
				ChallengeState::Issued => challenge.timeline().opens_at(),
				ChallengeState::Started { .. } => now(),
				ChallengeState::Committed { commitment } => {
					match challenge.params.is_met_by(&commitment) {
						true => challenge.timeline().sampled_at(),
						false => challenge.timeline().memory_opens_at(),
					}
				}
			});
		}
		let mut work = self.work(id, rounds)?;
		match manner {
			Manner::Honest => {}
			Manner::Wrong => work.roots[0][0] ^= 1,
			Manner::Copied(back) => work = self.works.get(&Self::id(back))?.0.clone(),
		}
		Some(match challenge.state {
			ChallengeState::Issued => ProofOfCompute::commit_first(owner, id, work.roots[0]),
			ChallengeState::Started { .. } => {
				ProofOfCompute::commit(owner, id, work.rounds(), work.digest())
			}
			ChallengeState::Committed { commitment }
				if !challenge.params.is_met_by(&commitment) =>
			{
				let passes = work.pass_over(ProofOfCompute::memory_seed(id)?, 2);
				let (count, digest) = (passes.count(), passes.commitment().digest);
				self.works.insert(id, (work, Some(passes)));
				ProofOfCompute::commit_memory(owner, id, count, digest)
			}
			ChallengeState::Committed { .. } => {
				let passes = self.works.get(&id)?.1.clone();
				let opened = open(&(work, passes), &ProofOfCompute::sample_seed(id)?);
				ProofOfCompute::reveal(owner, id, Box::new(opened))
			}
		})
	}

	/// Takes the step of the hardware's entry that is due: enters, commits, opens, concludes.
	fn go_on(&mut self, hid: Hid, rounds: u32, manner: Manner) -> Option<DispatchResult> {
		let (node, _) = Hardware::get().get(&hid).copied()?;
		let owner = signed(Stub::owner(node)?);
		let Some(entry) = Entries::<Test>::get(hid) else {
			let epoch = open_epoch_now()?;
			let params = ProofOfCompute::params_in(&epoch, CLASS).ok()?;
			let seed = known_seed(&epoch, hid)?;
			let mut work = Work::new(params, seed, self.rounds(rounds));
			if matches!(manner, Manner::Wrong) {
				work.roots[0][0] ^= 1;
			}
			let first = work.roots[0];
			self.entries.insert((epoch.id, hid), (work, None));
			return Some(ProofOfCompute::enter(owner, hid, epoch.id, first));
		};
		let proof = self.entries.get_mut(&(entry.epoch.id, hid))?;
		let work = &proof.0;
		Some(match entry.state {
			EntryState::Started { .. } => {
				ProofOfCompute::commit_entry(owner, hid, work.rounds(), work.digest())
			}
			EntryState::Committed { commitment, .. }
				if !entry.params.is_met_by(&commitment)
					&& now() <= entry.timeline().memory_until() =>
			{
				let passes = work.pass_over(ProofOfCompute::entry_memory_seed(hid)?, 3);
				let (count, digest) = (passes.count(), passes.commitment().digest);
				proof.1 = Some(passes);
				ProofOfCompute::commit_entry_memory(owner, hid, count, digest)
			}
			_ if ProofOfCompute::is_audit_due(hid) == Some(true) => {
				let opened = open(proof, &ProofOfCompute::entry_sample_seed(hid)?);
				ProofOfCompute::reveal_entry(owner, hid, Box::new(opened))
			}
			_ => ProofOfCompute::conclude(owner, hid)
				.map(|_| ())
				.map_err(|error| error.error),
		})
	}

	// Most steps are refused by something; none may break anything.
	fn take(&mut self, step: Step) {
		let _: Option<DispatchResult> = match step {
			Step::Request { who, hid } => Some(ask(who, hid)),
			Step::Answer {
				back,
				rounds,
				manner,
				waits,
			} => self.answer(Self::id(back), rounds, manner, waits),
			Step::Call {
				who,
				back,
				which,
				rounds,
			} => Some(any_call(who, Self::id(back), which, rounds)),
			Step::Expire { who, back } => Some(ProofOfCompute::expire(signed(who), Self::id(back))),
			Step::Epoch {
				hid,
				rounds,
				manner,
			} => self.go_on(hid, rounds, manner),
			Step::EntryCall {
				who,
				hid,
				which,
				rounds,
			} => Some(any_entry_call(who, hid, which, rounds)),
			Step::Occupy { node, busy } => {
				Busy::mutate(|machines| match busy {
					true => machines.insert(node),
					false => machines.remove(&node),
				});
				None
			}
			Step::SetRules {
				pause,
				entry,
				span,
				disputes,
				audits,
			} => {
				let rules = EpochRules {
					pause,
					entry,
					span,
					disputes,
					audits,
				};
				let root = RuntimeOrigin::root();
				Some(ProofOfCompute::set_epoch_rules(root, rules))
			}
			Step::Pass { blocks } => {
				go_to(now() + blocks);
				None
			}
			Step::Silence { blocks } => {
				silence(now()..now() + blocks);
				None
			}
			Step::Move { node, online } => {
				Offline::mutate(|offline| match online {
					true => offline.remove(&node),
					false => offline.insert(node),
				});
				None
			}
			Step::TakeOut { hid } => {
				take_out(hid);
				None
			}
			Step::PutIn { node } => {
				// The chain gives an identifier once.
				let hid = self.next_hid.max(4);
				self.next_hid = hid + 1;
				Hardware::mutate(|hardware| hardware.insert(hid, (node, CLASS)));
				None
			}
			Step::SetClass { window, samples } => {
				let version = params_of(CLASS).version + 1;
				let params = ClassParams {
					window,
					samples,
					version,
					..self.params
				};
				let root = RuntimeOrigin::root();
				Some(ProofOfCompute::set_class(root, CLASS, class(params)))
			}
		};
	}
}

fn any_call(who: u64, id: ChallengeId, which: u8, rounds: u32) -> DispatchResult {
	match which {
		0 => ProofOfCompute::commit_first(signed(who), id, [1; 32]),
		1 => ProofOfCompute::commit(signed(who), id, rounds, [1; 32]),
		2 => ProofOfCompute::commit_memory(signed(who), id, rounds, [1; 32]),
		_ => {
			let empty = Reveal {
				roots: Default::default(),
				openings: Default::default(),
				memory: None,
			};
			ProofOfCompute::reveal(signed(who), id, Box::new(empty))
		}
	}
}

fn any_entry_call(who: u64, hid: Hid, which: u8, rounds: u32) -> DispatchResult {
	let empty = || Reveal {
		roots: Default::default(),
		openings: Default::default(),
		memory: None,
	};
	match which {
		0 => ProofOfCompute::enter(signed(who), hid, ProofOfCompute::last_epoch(), [1; 32]),
		1 => ProofOfCompute::commit_entry(signed(who), hid, rounds, [1; 32]),
		2 => ProofOfCompute::reveal_entry(signed(who), hid, Box::new(empty())),
		3 => ProofOfCompute::force_audit(signed(who), hid),
		4 => ProofOfCompute::excuse(signed(who), hid),
		5 => ProofOfCompute::commit_entry_memory(signed(who), hid, rounds, [1; 32]),
		_ => ProofOfCompute::conclude(signed(who), hid)
			.map(|_| ())
			.map_err(|error| error.error),
	}
}

/// The epoch that can be entered in this block.
fn open_epoch_now() -> Option<Epoch> {
	let epoch = ProofOfCompute::epoch_under_way()?;
	(epoch.began_at + 3 <= now() && now() <= epoch.entry_until()).then_some(epoch)
}

/// How many of the events are the fault of a machine.
fn faults_of(events: &[Event<Test>]) -> usize {
	let is_fault = |event: &&Event<Test>| {
		matches!(
			event,
			Event::ProofFailed {
				reason: FailureReason::NotRevealed | FailureReason::WrongReveal,
				..
			} | Event::EntryFailed {
				reason: EntryFailure::NotRevealed | EntryFailure::WrongReveal,
				..
			}
		)
	};
	events.iter().filter(is_fault).count()
}

/// Entries last as long as the rules of a step may allow, and a little longer.
const SMALL_RULES: EpochRules = EpochRules {
	pause: 2,
	entry: 5,
	span: 40,
	disputes: 4,
	audits: 1,
};

fn four_machines(params: ClassParams) -> ExtBuilder {
	let builder = ExtBuilder::default().params(params).rules(SMALL_RULES);
	builder
		.machine(ALICE)
		.machine(ALICE)
		.machine(BOB)
		.machine(BOB)
}

fn small_class() -> impl Strategy<Value = ClassParams> {
	prop_oneof![Just(SMALL), Just(SMALL_MEMORY)]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn any_sequence_of_calls_keeps_the_invariants(
		params in small_class(),
		steps in prop::collection::vec(step(), 1..120)
	) {
		four_machines(params).build_and_execute(|| {
			let issuance = Balances::total_issuance();
			let (mut world, mut faults) = (World::new(params), 0);
			for step in steps {
				world.take(step);
				ProofOfCompute::do_try_state().expect("the invariants hold");
				assert_eq!(Balances::total_issuance(), issuance);
				let open = Challenges::<Test>::iter().count() as u128;
				let sum: u128 = (1..5).map(held).sum();
				assert_eq!(sum, open * DEPOSIT);
				let disputed = Entries::<Test>::iter()
					.filter(|(_, entry)| matches!(entry.state, EntryState::Disputed { .. }))
					.count() as u128;
				assert_eq!((1..5).map(bonded).sum::<u128>(), disputed * BOND);
				let users: u32 = Users::get().values().sum();
				assert_eq!(u128::from(users), open + Entries::<Test>::iter().count() as u128);
				faults += faults_of(&events());
				assert_eq!(Faults::get().len(), faults);
			}
			// Whatever was left open can be ended by anybody.
			go_to(now() + 100);
			let open: Vec<ChallengeId> = Challenges::<Test>::iter_keys().collect();
			for id in open {
				ProofOfCompute::expire(signed(POOR), id).expect("it is late");
			}
			let entered: Vec<Hid> = Entries::<Test>::iter_keys().collect();
			for hid in entered {
				ProofOfCompute::conclude(signed(POOR), hid).expect("it is late");
			}
			assert_eq!((1..5).map(|who| held(who) + bonded(who)).sum::<u128>(), 0);
			assert_eq!(Users::get().values().sum::<u32>(), 0);
		});
	}

	#[test]
	fn an_honest_machine_is_never_at_fault(
		silent in prop::collection::btree_set(1u32..200, 0..120),
		params in small_class(),
		delays in prop::collection::vec((1u32..4, 0u32..3, 0u32..4, 0u32..4), 1..8),
	) {
		four_machines(params).build_and_execute(|| {
			silence(silent);
			for (rounds, to_start, to_commit, to_reveal) in delays {
				let id = request(0);
				let owner = || signed(ALICE);
				events();
				go_to(challenge(id).timeline().opens_at() + to_start);
				let due = challenge(id);
				let seed = ProofOfCompute::seed(id);
				let rounds = params.min_rounds + rounds - 1;
				if let Some(work) = seed.map(|seed| Work::new(params, seed, rounds)) {
					let timeline = due.timeline();
					start(id, &work);
					go_to((now() + to_commit).min(timeline.commit_until()));
					ProofOfCompute::commit(owner(), id, rounds, work.digest()).expect("it is due");
					let mut proof = (work, None);
					if params.memory.is_some() {
						go_to((timeline.memory_opens_at() + to_commit).min(timeline.memory_until()));
						let seed = ProofOfCompute::memory_seed(id);
						proof.1 = seed.map(|seed| proof.0.pass_over(seed, 2));
					}
					if let Some(passes) = &proof.1 {
						let (count, digest) = (passes.count(), passes.commitment().digest);
						ProofOfCompute::commit_memory(owner(), id, count, digest).expect("it is due");
					}
					if params.memory.is_some() == proof.1.is_some() {
						go_to((timeline.sampled_at() + to_reveal).min(timeline.reveal_until()));
						if let Some(seed) = ProofOfCompute::sample_seed(id) {
							reveal(id, open(&proof, &seed));
						}
					}
				}
				if Challenges::<Test>::contains_key(id) {
					go_to(challenge(id).due_until() + 1);
					ProofOfCompute::expire(owner(), id).expect("it is late");
				}
				let end = events().pop();
				let excused = Event::ProofFailed {
					challenge: id,
					hid: 0,
					reason: FailureReason::NoRandomness,
				};
				assert!(matches!(end, Some(Event::Proved { .. })) || end == Some(excused));
				assert!(Faults::get().is_empty());
			}
		});
	}

	#[test]
	fn an_honest_machine_is_never_at_fault_in_epochs(
		silent in prop::collection::btree_set(1u32..300, 0..120),
		params in small_class(),
		delays in prop::collection::vec((1u32..4, 0u32..3, 0u32..3, 0u32..3, any::<bool>()), 1..6),
	) {
		four_machines(params).build().execute_with(|| {
			silence(silent);
			let mut world = World::new(params);
			for (rounds, to_commit, to_reveal, to_conclude, doubted) in delays {
				next_epoch();
				let mut step = |wait: u32| {
					go_to(now() + wait);
					world.go_on(0, rounds, Manner::Honest)
				};
				step(3);
				if Entries::<Test>::get(0).is_none() {
					// No block of the seed carried randomness.
					continue;
				}
				prop_assert_eq!(entry(0).epoch.id, ProofOfCompute::last_epoch());
				step(to_commit).expect("it is entered").expect("the window is open");
				if params.memory.is_some() {
					go_to(entry(0).timeline().memory_opens_at());
					step(to_commit);
				}
				go_to(entry(0).timeline().sampled_at() + to_reveal);
				if ProofOfCompute::is_audit_due(0) == Some(true) {
					step(0);
				}
				go_to(entry(0).timeline().reveal_until() + 1);
				if doubted && ProofOfCompute::force_audit(signed(CAROL), 0).is_ok() {
					go_to(entry(0).forced(now()).sampled_at());
					step(0);
				}
				let last = match entry(0).state {
					EntryState::Disputed { at, .. } => entry(0).forced(at).reveal_until(),
					_ => entry(0).disputes_until(),
				};
				go_to(last + 1 + to_conclude);
				step(0).expect("it is entered").expect("its last deadline is over");
				prop_assert!(Faults::get().is_empty());
			}
			ProofOfCompute::do_try_state().expect("the invariants hold");
			Ok(())
		})?;
	}

	#[test]
	fn no_class_that_the_dao_may_set_outlasts_the_randomness(
		window in 0u32..2_000,
		reveal in 0u32..2_000,
		first_root in 0u32..100,
	) {
		ExtBuilder::default().machine(ALICE).build_and_execute(|| {
			let params = ClassParams { window, reveal, first_root, version: 2, ..PARAMS };
			let set = ProofOfCompute::set_class(RuntimeOrigin::root(), CLASS, class(params));
			if set.is_ok() {
				let id = request(0);
				let due = challenge(id);
				assert!(due.timeline().opens_at() <= due.timeline().first_root_until());
				assert!(due.timeline().first_root_until() < due.timeline().commit_until());
				assert!(due.timeline().commit_until() < due.timeline().sampled_at());
				assert!(due.timeline().sampled_at() < due.timeline().reveal_until());
				assert!(due.timeline().reveal_until() - due.issued_at <= RANDOMNESS_KEPT);
			}
		});
	}
}
