//! Any sequence of calls and hooks, by anybody, keeps the invariants, makes no money, and pays authors what a plain
//! model says: price × blocks that ran.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sp_core::H256;
use usufruct_primitives::{traits::ApplicationUse, Balance, ReleaseId};

use crate::{mock::*, *};

type Hooks = Registry;

#[derive(Clone, Debug)]
enum Step {
	Register {
		who: u64,
		name: u8,
	},
	Publish {
		who: u64,
		application: u32,
		royalty: u128,
	},
	Retract {
		who: u64,
		release: ReleaseId,
	},
	Offer {
		who: u64,
		application: u32,
		to: u64,
	},
	Accept {
		who: u64,
		application: u32,
	},
	Remove {
		who: u64,
		application: u32,
	},
	Join {
		who: u64,
	},
	Leave {
		who: u64,
	},
	Attest {
		who: u64,
		release: ReleaseId,
	},
	Flag {
		who: u64,
		release: ReleaseId,
	},
	Withdraw {
		who: u64,
		release: ReleaseId,
	},
	Clear {
		who: u64,
		release: ReleaseId,
	},
	Bar {
		who: u64,
		is_barred: bool,
	},
	Open {
		who: u64,
		release: ReleaseId,
		term: u32,
	},
	Begin {
		lease: u64,
	},
	Extend {
		lease: u64,
		by: u64,
		blocks: u32,
	},
	Close {
		lease: u64,
		is_finished: bool,
	},
	Pass {
		blocks: u32,
		is_there: bool,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let who = 1u64..5;
	let release = (0u32..4, 1u32..4).prop_map(|(application, number)| ReleaseId {
		application,
		number,
	});
	prop_oneof![
		2 => (who.clone(), 0u8..4).prop_map(|(who, name)| Step::Register { who, name }),
		4 => (who.clone(), 0u32..4, 0u128..5).prop_map(|(who, application, royalty)| {
			Step::Publish { who, application, royalty }
		}),
		2 => (who.clone(), release.clone()).prop_map(|(who, release)| Step::Retract { who, release }),
		1 => (who.clone(), 0u32..4, 1u64..5)
			.prop_map(|(who, application, to)| Step::Offer { who, application, to }),
		1 => (who.clone(), 0u32..4).prop_map(|(who, application)| Step::Accept { who, application }),
		1 => (who.clone(), 0u32..4).prop_map(|(who, application)| Step::Remove { who, application }),
		2 => who.clone().prop_map(|who| Step::Join { who }),
		1 => who.clone().prop_map(|who| Step::Leave { who }),
		2 => (who.clone(), release.clone()).prop_map(|(who, release)| Step::Attest { who, release }),
		2 => (who.clone(), release.clone()).prop_map(|(who, release)| Step::Flag { who, release }),
		2 => (who.clone(), release.clone()).prop_map(|(who, release)| Step::Withdraw { who, release }),
		1 => (who.clone(), release.clone()).prop_map(|(who, release)| Step::Clear { who, release }),
		1 => (who.clone(), any::<bool>()).prop_map(|(who, is_barred)| Step::Bar { who, is_barred }),
		5 => (who.clone(), release, 1u32..50)
			.prop_map(|(who, release, term)| Step::Open { who, release, term }),
		3 => (0u64..12).prop_map(|lease| Step::Begin { lease }),
		2 => (0u64..12, who, 1u32..50).prop_map(|(lease, by, blocks)| Step::Extend { lease, by, blocks }),
		3 => (0u64..12, any::<bool>())
			.prop_map(|(lease, is_finished)| Step::Close { lease, is_finished }),
		4 => (1u32..20, any::<bool>()).prop_map(|(blocks, is_there)| Step::Pass { blocks, is_there }),
	]
}

/// What a plain book keeps of a lease.
#[derive(Clone, Debug)]
struct Entry {
	release: ReleaseId,
	payer: u64,
	price: Balance,
	blocks: u32,
	until: u32,
	runs: bool,
	/// Blocks in which the machine was there, while the lease was open and while it ran.
	open: u32,
	ran: u32,
}

/// Leases, and what everybody paid (negative) or earned by them.
#[derive(Default)]
struct Model {
	leases: BTreeMap<u64, Entry>,
	earned: BTreeMap<u64, i128>,
	next: u64,
}

impl Model {
	fn pay(&mut self, entry: &Entry, blocks: u32) {
		let author = Applications::<Test>::get(entry.release.application)
			.unwrap()
			.author;
		let paid = entry.price * Balance::from(blocks.min(entry.blocks));
		*self.earned.entry(entry.payer).or_default() -= paid as i128;
		*self.earned.entry(author).or_default() += paid as i128;
	}

	fn take(&mut self, step: Step) {
		// Most steps are refused by something; none may break anything.
		let _: sp_runtime::DispatchResult = match step {
			Step::Register { who, name: number } => {
				let name = name(&format!("name-{number}"));
				Registry::register(signed(who), name, Default::default())
			}
			Step::Publish {
				who,
				application,
				royalty,
			} => Registry::publish_release(signed(who), application, spec(royalty)),
			Step::Retract { who, release } => Registry::retract_release(signed(who), release),
			Step::Offer {
				who,
				application,
				to,
			} => Registry::transfer_application(signed(who), application, Some(to)),
			Step::Accept { who, application } => {
				Registry::accept_application(signed(who), application)
			}
			Step::Remove { who, application } => Registry::remove(signed(who), application),
			Step::Join { who } => Registry::become_curator(signed(who)),
			Step::Leave { who } => Registry::leave(signed(who)),
			Step::Attest { who, release } => Registry::attest(signed(who), release),
			Step::Flag { who, release } => {
				Registry::flag(signed(who), release, FlagReason::Other, H256::zero())
			}
			Step::Withdraw { who, release } => Registry::withdraw_verdict(signed(who), release),
			Step::Clear { who, release } => Registry::clear_verdict(signed(STRANGER), release, who),
			Step::Bar { who, is_barred } => {
				Registry::set_barred(RuntimeOrigin::root(), who, is_barred)
			}
			Step::Open { who, release, term } => {
				self.open(who, release, term);
				Ok(())
			}
			Step::Begin { lease } => {
				Hooks::begin(lease);
				if let Some(entry) = self.leases.get_mut(&lease) {
					entry.runs = true;
				}
				Ok(())
			}
			Step::Extend { lease, by, blocks } => {
				self.extend(lease, by, blocks);
				Ok(())
			}
			Step::Close { lease, is_finished } => {
				self.close(lease, is_finished);
				Ok(())
			}
			Step::Pass { blocks, is_there } => {
				self.pass(blocks, is_there);
				Ok(())
			}
		};
	}

	fn open(&mut self, payer: u64, release: ReleaseId, term: u32) {
		let Some(terms) = Hooks::terms(release) else {
			return;
		};
		Hooks::acquire(release).unwrap();
		let until = now() + term;
		open(self.next, release, payer, until).unwrap();
		self.leases.insert(
			self.next,
			Entry {
				release,
				payer,
				price: terms.royalty,
				blocks: term,
				until,
				runs: false,
				open: 0,
				ran: 0,
			},
		);
		self.next += 1;
	}

	fn extend(&mut self, lease: u64, by: u64, blocks: u32) {
		// Leases are closed by whoever keeps them when they are over; only what is open is renewed.
		let Some(entry) = self
			.leases
			.get(&lease)
			.cloned()
			.filter(|one| one.until > now())
		else {
			return;
		};
		let until = entry.until + blocks;
		Hooks::extend(lease, &by, until).unwrap();
		let mut next = entry.clone();
		next.until = until;
		if by == entry.payer {
			next.blocks += blocks;
		} else {
			self.pay(&entry, entry.ran);
			(next.payer, next.blocks, next.ran) = (by, until - now(), 0);
		}
		self.leases.insert(lease, next);
	}

	fn close(&mut self, lease: u64, is_finished: bool) {
		Hooks::close(lease, is_finished);
		let Some(entry) = self.leases.remove(&lease) else {
			return;
		};
		let blocks = match (entry.runs, is_finished) {
			(true, _) => entry.ran,
			(false, true) => entry.open,
			(false, false) => 0,
		};
		self.pay(&entry, blocks);
		Hooks::release(entry.release);
	}

	fn pass(&mut self, blocks: u32, is_there: bool) {
		if !is_there {
			return pass_without(NODE, blocks);
		}
		pass(blocks);
		for entry in self.leases.values_mut() {
			entry.open += blocks;
			if entry.runs {
				entry.ran += blocks;
			}
		}
	}
}

/// What an account has, but for what bonds cost it.
fn balance(who: u64) -> i128 {
	wealth(who) as i128 - ENDOWMENT as i128
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn any_sequence_keeps_the_invariants_and_pays_what_the_model_says(
		steps in prop::collection::vec(step(), 1..120)
	) {
		new_test_ext().execute_with(|| {
			let issuance = Balances::total_issuance();
			let mut model = Model::default();
			let mut lost: BTreeMap<u64, i128> = BTreeMap::new();
			for step in steps {
				if let Step::Bar { who, is_barred: true } = step {
					let bond = Curators::<Test>::get(who).map_or(0, |one| one.bond);
					*lost.entry(who).or_default() += bond as i128;
				}
				model.take(step);
				Registry::do_try_state().unwrap();
				assert_eq!(Balances::total_issuance(), issuance);
				for who in 1..5 {
					let earned = model.earned.get(&who).copied().unwrap_or(0);
					let lost = lost.get(&who).copied().unwrap_or(0);
					assert_eq!(balance(who), earned - lost, "account {who}");
				}
			}
			for lease in 0..model.next {
				model.close(lease, false);
			}
			assert_eq!(Royalties::<Test>::iter().count(), 0);
			for who in 1..5 {
				assert_eq!(held(who, HoldReason::Royalty), 0);
			}
		});
	}
}
