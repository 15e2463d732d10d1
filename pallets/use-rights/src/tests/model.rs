//! Any sequence of calls agrees with a plain model of resources and rights.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::ResourceInspect, AccountId, BlockNumber, Capacity, Hid, NodeId, Uid, Vid,
};

use crate::{mock::*, Resources, UseRightState};

const PEOPLE: [AccountId; 4] = [ALICE, BOB, CAROL, POOR];
const PARTS: [Hid; 8] = [
	CPU, GPU, SMALL_GPU, OTHER_CPU, OTHER_GPU, BOBS_CPU, BOBS_GPU, POORS_CPU,
];

#[derive(Clone, Debug)]
enum Step {
	Create {
		who: usize,
		parts: Vec<Hid>,
		quarters: u32,
	},
	Remove {
		who: usize,
		vid: Vid,
	},
	Mint {
		who: usize,
		vid: Vid,
	},
	Burn {
		who: usize,
		uid: Uid,
	},
	Transfer {
		who: usize,
		uid: Uid,
		to: usize,
	},
	Offer {
		who: usize,
		uid: Uid,
	},
	Withdraw {
		uid: Uid,
	},
	Sell {
		uid: Uid,
		to: usize,
		wait: BlockNumber,
		term: BlockNumber,
	},
	End {
		uid: Uid,
	},
	/// What a wallet can do to an item without asking this pallet.
	Wallet {
		who: usize,
		uid: Uid,
		what: u8,
	},
	Pass {
		blocks: BlockNumber,
	},
	Close {
		node: NodeId,
	},
}

fn step() -> impl Strategy<Value = Step> {
	// Alice has most machines: what is hers works more often.
	let who = || prop_oneof![3 => Just(0usize), 2 => 0..PEOPLE.len()];
	let vid = || 0u64..6;
	let uid = || 0u64..8;
	let parts = prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..4);
	let of_one = prop::sample::subsequence(vec![CPU, GPU, SMALL_GPU], 1..=3);
	prop_oneof![
		4 => (who(), prop_oneof![parts, of_one], 0u32..=5)
			.prop_map(|(who, parts, quarters)| Step::Create { who, parts, quarters }),
		2 => (who(), vid()).prop_map(|(who, vid)| Step::Remove { who, vid }),
		4 => (who(), vid()).prop_map(|(who, vid)| Step::Mint { who, vid }),
		2 => (who(), uid()).prop_map(|(who, uid)| Step::Burn { who, uid }),
		2 => (who(), uid(), who()).prop_map(|(who, uid, to)| Step::Transfer { who, uid, to }),
		4 => (who(), uid()).prop_map(|(who, uid)| Step::Offer { who, uid }),
		1 => uid().prop_map(|uid| Step::Withdraw { uid }),
		3 => (uid(), who(), 0u32..3, 0u32..6)
			.prop_map(|(uid, to, wait, term)| Step::Sell { uid, to, wait, term }),
		2 => uid().prop_map(|uid| Step::End { uid }),
		2 => (who(), uid(), 0u8..5).prop_map(|(who, uid, what)| Step::Wallet { who, uid, what }),
		1 => (0u32..4).prop_map(|blocks| Step::Pass { blocks }),
		1 => (1u32..4).prop_map(|node| Step::Close { node }),
	]
}

/// So many quarters of a processor.
fn quarters(count: u32) -> Capacity {
	let whole = whole();
	Capacity {
		cpu_millis: whole.cpu_millis / 4 * count,
		memory_mib: whole.memory_mib / 4 * count,
		disk_mib: whole.disk_mib / 4 * count,
	}
}

/// A machine's number is in its hardware's.
fn node_of(hid: Hid) -> NodeId {
	(hid / 10) as NodeId
}

fn is_cpu(hid: Hid) -> bool {
	hid.is_multiple_of(10)
}

struct Resource {
	owner: AccountId,
	parts: Vec<Hid>,
	quarters: u32,
}

#[derive(Default)]
struct Model {
	now: BlockNumber,
	closed: Vec<NodeId>,
	resources: BTreeMap<Vid, Resource>,
	rights: BTreeMap<Uid, (Vid, AccountId, Option<UseRightState>)>,
	next: (Vid, Uid),
}

use UseRightState::{Minted, Offered, Sold};

impl Model {
	fn is_bound(&self, vid: Vid) -> bool {
		self.rights.values().any(|(of, ..)| *of == vid)
	}

	fn state(&self, uid: Uid) -> Option<UseRightState> {
		self.rights.get(&uid).and_then(|(_, _, state)| *state)
	}

	fn holds(&self, who: &AccountId, uid: Uid) -> bool {
		self.rights
			.get(&uid)
			.is_some_and(|(_, holder, _)| holder == who)
	}

	fn set(&mut self, uid: Uid, holder: Option<AccountId>, state: UseRightState) {
		let right = self.rights.get_mut(&uid).expect("it was checked");
		right.2 = Some(state);
		if let Some(holder) = holder {
			right.1 = holder;
		}
	}

	fn may_create(&self, who: &AccountId, parts: &[Hid], quarters: u32) -> bool {
		let Some(node) = parts.first().map(|hid| node_of(*hid)) else {
			return false;
		};
		let distinct = (0..parts.len()).all(|n| !parts[..n].contains(&parts[n]));
		let one_node = parts.iter().all(|hid| node_of(*hid) == node);
		let owner = [ALICE, ALICE, BOB, POOR][node as usize].clone();
		let free = |hid: &Hid| !self.resources.values().any(|r| r.parts.contains(hid));
		let gpus_free = parts.iter().filter(|hid| !is_cpu(**hid)).all(free);
		let cpu = parts.iter().find(|hid| is_cpu(**hid));
		let room = cpu.map_or(quarters == 0, |cpu| {
			let users = self.resources.values().filter(|r| r.parts.contains(cpu));
			let used: u32 = users.map(|r| r.quarters).sum();
			quarters > 0 && used + quarters <= 4
		});
		distinct
			&& one_node
			&& owner == *who
			&& owner != POOR
			&& gpus_free
			&& room && !self.closed.contains(&node)
	}

	/// Takes the step on both sides. Both must do it, or both refuse.
	fn take(&mut self, step: Step) {
		let told = format!("{step:?}");
		let (possible, done) = match step {
			Step::Create {
				who,
				parts,
				quarters,
			} => self.create(&PEOPLE[who], parts, quarters),
			Step::Remove { who, vid } => {
				let (who, bound) = (&PEOPLE[who], self.is_bound(vid));
				let possible = self.resources.get(&vid).is_some_and(|r| r.owner == *who) && !bound;
				if possible {
					self.resources.remove(&vid);
				}
				(
					possible,
					UseRights::remove_resource(signed(who.clone()), vid),
				)
			}
			Step::Mint { who, vid } => {
				let (who, bound) = (&PEOPLE[who], self.is_bound(vid));
				let possible = self.resources.get(&vid).is_some_and(|r| r.owner == *who) && !bound;
				if possible {
					self.rights
						.insert(self.next.1, (vid, who.clone(), Some(Minted)));
					self.next.1 += 1;
				}
				(possible, UseRights::mint(signed(who.clone()), vid))
			}
			Step::Burn { who, uid } => {
				let possible = self.holds(&PEOPLE[who], uid) && self.state(uid) == Some(Minted);
				if possible {
					self.rights.remove(&uid);
				}
				(possible, UseRights::burn(signed(PEOPLE[who].clone()), uid))
			}
			Step::Transfer { who, uid, to } => {
				let (who, to) = (PEOPLE[who].clone(), PEOPLE[to].clone());
				let state = self
					.state(uid)
					.filter(|state| matches!(state, Sold { until, .. } if self.now < *until));
				let possible = self.holds(&who, uid) && state.is_some();
				if let (true, Some(state)) = (possible, state) {
					self.set(uid, Some(to.clone()), state);
				}
				(possible, UseRights::transfer(signed(who), uid, to))
			}
			Step::Offer { who, uid } => {
				let possible = self.holds(&PEOPLE[who], uid) && self.state(uid) == Some(Minted);
				if possible {
					self.set(uid, None, Offered);
				}
				(possible, offer(uid, &PEOPLE[who]))
			}
			Step::Withdraw { uid } => {
				let possible = self.state(uid) == Some(Offered);
				if possible {
					self.set(uid, None, Minted);
				}
				(possible, withdraw(uid))
			}
			Step::Sell {
				uid,
				to,
				wait,
				term,
			} => {
				let (to, from) = (PEOPLE[to].clone(), self.now + wait);
				let until = from + term;
				let possible = self.state(uid) == Some(Offered);
				if possible {
					self.set(uid, Some(to.clone()), Sold { from, until });
				}
				(possible, sell_from(uid, &to, from, until))
			}
			Step::End { uid } => {
				let possible = matches!(self.state(uid), Some(Sold { .. }));
				if possible {
					self.rights.remove(&uid);
				}
				(possible, end(uid))
			}
			Step::Wallet { who, uid, what } => {
				let (who, to) = (signed(PEOPLE[who].clone()), BOB);
				let done: DispatchResult = match what {
					0 => Nfts::burn(who, COLLECTION, uid),
					1 => Nfts::transfer(who, COLLECTION, uid, to),
					2 => Nfts::buy_item(who, COLLECTION, uid, 5),
					3 => {
						// Whether it is allowed or not: it moves nothing.
						let _: DispatchResult =
							Nfts::set_price(who, COLLECTION, uid, Some(5), None);
						return;
					}
					_ => {
						let _: DispatchResult =
							Nfts::approve_transfer(who, COLLECTION, uid, to, None);
						return;
					}
				};
				(false, done)
			}
			Step::Pass { blocks } => {
				self.now += blocks;
				go_to(self.now);
				return;
			}
			Step::Close { node } => {
				self.closed.push(node);
				close(node);
				return;
			}
		};
		assert_eq!(done.is_ok(), possible, "{told}: {done:?}");
	}

	fn create(&mut self, who: &AccountId, hids: Vec<Hid>, count: u32) -> (bool, DispatchResult) {
		let done = create(who.clone(), &hids, quarters(count));
		let possible = self.may_create(who, &hids, count);
		if possible {
			let record = Resource {
				owner: who.clone(),
				parts: hids,
				quarters: count,
			};
			self.resources.insert(self.next.0, record);
			self.next.0 += 1;
		}
		(possible, done)
	}

	/// Compares all that can be seen.
	fn agrees(&self) {
		assert!(Resources::<Test>::iter_keys().all(|vid| self.resources.contains_key(&vid)));
		for (vid, model) in &self.resources {
			let record = resource(*vid);
			assert_eq!(
				(&record.owner, record.parts.to_vec()),
				(&model.owner, model.parts.clone())
			);
			// Free, or bound to exactly one right.
			let rights: Vec<_> = self
				.rights
				.iter()
				.filter(|(_, (of, ..))| of == vid)
				.map(|(uid, _)| *uid)
				.collect();
			assert!(rights.len() <= 1);
			assert_eq!(record.bound, rights.first().copied());
		}
		assert!(crate::UseRights::<Test>::iter_keys().all(|uid| self.rights.contains_key(&uid)));
		for (uid, (vid, holder, state)) in &self.rights {
			let record = right(*uid);
			assert_eq!(
				(record.vid, &record.holder, Some(record.state)),
				(*vid, holder, *state)
			);
			let in_force =
				matches!(state, Some(Sold { from, until }) if (*from..*until).contains(&self.now));
			assert_eq!(UseRights::is_in_force(*uid), in_force);
		}
		for (node, owner) in (0..).zip([ALICE, ALICE, BOB, POOR]) {
			let on = |r: &&Resource| node_of(r.parts[0]) == node;
			assert_eq!(
				users(node) as usize,
				self.resources.values().filter(on).count()
			);
			let of = self.resources.values().filter(|r| r.owner == owner).count();
			assert_eq!(held(&owner), DEPOSIT * of as u128);
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn any_sequence_of_calls_agrees_with_a_plain_model(
		steps in prop::collection::vec(step(), 1..80)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut model = Model { now: 1, ..Default::default() };
			for step in steps {
				model.take(step);
				model.agrees();
				ledger_agrees();
				UseRights::do_try_state().expect("the invariants hold after each step");
			}
		});
	}

	#[test]
	fn whatever_happened_all_hardware_and_money_comes_back(
		steps in prop::collection::vec(step(), 1..80)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut model = Model { now: 1, ..Default::default() };
			steps.into_iter().for_each(|step| model.take(step));
			for (uid, (_, holder, state)) in model.rights {
				if state == Some(Offered) {
					withdraw(uid).expect("it is offered");
				}
				if matches!(state, Some(Sold { .. })) {
					end(uid).expect("it is sold");
				} else {
					UseRights::burn(signed(holder), uid).expect("it is the provider's");
				}
			}
			for (vid, record) in model.resources {
				UseRights::remove_resource(signed(record.owner), vid).expect("it is free");
			}
			assert_eq!((0..4).map(users).sum::<u32>(), 0);
			for (who, endowment) in [(ALICE, RICHES), (BOB, RICHES), (CAROL, RICHES), (POOR, DEPOSIT)] {
				assert_eq!((held(&who), reserved(&who), free(&who)), (0, 0, endowment));
			}
			assert_eq!(crate::UsedCapacity::<Test>::iter().count(), 0);
			assert_eq!(crate::ResourceOfGpu::<Test>::iter().count(), 0);
		});
	}
}
