//! Any sequence of calls, by anybody and at any block, keeps the invariants and creates no money.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sp_runtime::DispatchResult;
use usufruct_primitives::{traits::NodeInspect, ChallengeId, Hid, NodeId};
use usufruct_proof::{ClassParams, Reveal};

use super::prover::*;
use crate::{mock::*, ChallengeState, Challenges, Event, FailureReason, NextChallengeId};
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
	version: 1,
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
		3 => (1u64..5, 0u64..3, 0u8..3, 0u32..5)
			.prop_map(|(who, back, which, rounds)| Step::Call { who, back, which, rounds }),
		3 => (1u64..5, 0u64..4).prop_map(|(who, back)| Step::Expire { who, back }),
		5 => (1u32..5).prop_map(|blocks| Step::Pass { blocks }),
		1 => (5u32..15).prop_map(|blocks| Step::Pass { blocks }),
		1 => (1u32..5).prop_map(|blocks| Step::Silence { blocks }),
		1 => (0u32..4, any::<bool>()).prop_map(|(node, online)| Step::Move { node, online }),
		1 => (0u64..5).prop_map(|hid| Step::TakeOut { hid }),
		1 => (0u32..4).prop_map(|node| Step::PutIn { node }),
		1 => (0u32..8, 0u32..4).prop_map(|(window, samples)| Step::SetClass { window, samples }),
	]
}

/// What the machines remember.
#[derive(Default)]
struct World {
	works: BTreeMap<ChallengeId, Work>,
	next_hid: Hid,
}

impl World {
	fn id(back: u64) -> ChallengeId {
		NextChallengeId::<Test>::get().saturating_sub(1 + back)
	}

	/// The work of a challenge, computed when it is first asked for. None before there is a seed.
	fn work(&mut self, id: ChallengeId, rounds: u32) -> Option<Work> {
		if let Some(work) = self.works.get(&id) {
			return Some(work.clone());
		}
		let params = Challenges::<Test>::get(id)?.params;
		let work = Work::new(params, ProofOfCompute::seed(id)?, rounds);
		self.works.insert(id, work.clone());
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
				ChallengeState::Committed { .. } => challenge.timeline().sampled_at(),
			});
		}
		let mut work = self.work(id, rounds)?;
		match manner {
			Manner::Honest => {}
			Manner::Wrong => work.roots[0][0] ^= 1,
			Manner::Copied(back) => work = self.works.get(&Self::id(back))?.clone(),
		}
		Some(match challenge.state {
			ChallengeState::Issued => ProofOfCompute::commit_first(owner, id, work.roots[0]),
			ChallengeState::Started { .. } => {
				ProofOfCompute::commit(owner, id, work.rounds(), work.digest())
			}
			ChallengeState::Committed { .. } => {
				let opened = work.open(&ProofOfCompute::sample_seed(id)?);
				ProofOfCompute::reveal(owner, id, Box::new(opened))
			}
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
					..SMALL
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
		_ => {
			let empty = Reveal {
				roots: Default::default(),
				openings: Default::default(),
			};
			ProofOfCompute::reveal(signed(who), id, Box::new(empty))
		}
	}
}

/// How many of the events are the fault of a machine.
fn faults_of(events: &[Event<Test>]) -> usize {
	let is_fault = |event: &&Event<Test>| {
		use FailureReason::{NotRevealed, WrongReveal};
		matches!(
			event,
			Event::ProofFailed {
				reason: NotRevealed | WrongReveal,
				..
			}
		)
	};
	events.iter().filter(is_fault).count()
}

fn four_machines() -> ExtBuilder {
	let builder = ExtBuilder::default().params(SMALL);
	builder
		.machine(ALICE)
		.machine(ALICE)
		.machine(BOB)
		.machine(BOB)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn any_sequence_of_calls_keeps_the_invariants(
		steps in prop::collection::vec(step(), 1..120)
	) {
		four_machines().build_and_execute(|| {
			let issuance = Balances::total_issuance();
			let (mut world, mut faults) = (World::default(), 0);
			for step in steps {
				world.take(step);
				ProofOfCompute::do_try_state().expect("the invariants hold");
				assert_eq!(Balances::total_issuance(), issuance);
				let open = Challenges::<Test>::iter().count() as u128;
				let sum: u128 = (1..5).map(held).sum();
				assert_eq!(sum, open * DEPOSIT);
				faults += faults_of(&events());
				assert_eq!(Faults::get().len(), faults);
			}
			// Whatever was left open can be ended by anybody.
			go_to(now() + 100);
			let open: Vec<ChallengeId> = Challenges::<Test>::iter_keys().collect();
			for id in open {
				ProofOfCompute::expire(signed(POOR), id).expect("it is late");
			}
			assert_eq!((1..5).map(held).sum::<u128>(), 0);
		});
	}

	#[test]
	fn an_honest_machine_is_never_at_fault(
		silent in prop::collection::btree_set(1u32..200, 0..120),
		delays in prop::collection::vec((1u32..4, 0u32..3, 0u32..4, 0u32..4), 1..8),
	) {
		four_machines().build_and_execute(|| {
			silence(silent);
			for (rounds, to_start, to_commit, to_reveal) in delays {
				let id = request(0);
				let owner = || signed(ALICE);
				events();
				go_to(challenge(id).timeline().opens_at() + to_start);
				let due = challenge(id);
				let seed = ProofOfCompute::seed(id);
				if let Some(work) = seed.map(|seed| Work::new(SMALL, seed, rounds)) {
					start(id, &work);
					go_to((now() + to_commit).min(due.timeline().commit_until()));
					ProofOfCompute::commit(owner(), id, rounds, work.digest()).expect("it is due");
					go_to((due.timeline().sampled_at() + to_reveal).min(due.timeline().reveal_until()));
					if let Some(seed) = ProofOfCompute::sample_seed(id) {
						reveal(id, work.open(&seed));
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
