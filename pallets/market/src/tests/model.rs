//! Any sequence of calls keeps all money accounted for and agrees with a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;
use usufruct_primitives::{Balance, BlockNumber, Uid};

use crate::{mock::*, Listings, Purchases};

const PEOPLE: [u64; 4] = [ALICE, BOB, CAROL, NOBODY];
const UIDS: [Uid; 4] = [UID, OTHER_UID, BOBS_UID, POORS_UID];

#[derive(Clone, Debug)]
enum Step {
	List {
		who: u64,
		uid: Uid,
		price: Balance,
	},
	Delist {
		who: u64,
		uid: Uid,
	},
	Buy {
		who: u64,
		uid: Uid,
		term: BlockNumber,
	},
	HandOn {
		uid: Uid,
		to: u64,
	},
	LeadIn {
		who: u64,
		uid: Uid,
		first_price: Balance,
		blocks: BlockNumber,
	},
	Renew {
		who: u64,
		uid: Uid,
		blocks: BlockNumber,
	},
	Cancel {
		who: u64,
		uid: Uid,
	},
	Accrue {
		uid: Uid,
	},
	Close {
		uid: Uid,
	},
	Online {
		uid: Uid,
		online: bool,
	},
	Pass {
		blocks: BlockNumber,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let who = || (0..PEOPLE.len()).prop_map(|index| PEOPLE[index]);
	let uid = || (0..UIDS.len()).prop_map(|index| UIDS[index]);
	let price = prop_oneof![1u128..10, 90u128..110, Just(1_000_000u128)];
	prop_oneof![
		3 => (who(), uid(), price).prop_map(|(who, uid, price)| Step::List { who, uid, price }),
		1 => (who(), uid()).prop_map(|(who, uid)| Step::Delist { who, uid }),
		4 => (who(), uid(), 0u32..30).prop_map(|(who, uid, term)| Step::Buy { who, uid, term }),
		1 => (uid(), who()).prop_map(|(uid, to)| Step::HandOn { uid, to }),
		1 => (who(), uid(), 1u128..2_000, 0u32..30)
			.prop_map(|(who, uid, first_price, blocks)| Step::LeadIn { who, uid, first_price, blocks }),
		2 => (who(), uid(), 0u32..30)
			.prop_map(|(who, uid, blocks)| Step::Renew { who, uid, blocks }),
		1 => (who(), uid()).prop_map(|(who, uid)| Step::Cancel { who, uid }),
		2 => uid().prop_map(|uid| Step::Accrue { uid }),
		2 => uid().prop_map(|uid| Step::Close { uid }),
		2 => (uid(), any::<bool>()).prop_map(|(uid, online)| Step::Online { uid, online }),
		4 => (1u32..15).prop_map(|blocks| Step::Pass { blocks }),
	]
}

/// A purchase, told block by block: the machine was there at each block of the term, or not.
#[derive(Clone, Copy, Debug)]
struct Sale {
	price: Balance,
	escrow: Balance,
	start: BlockNumber,
	end: BlockNumber,
	/// Of the blocks up to now, those in which the machine was missing.
	missed: BlockNumber,
}

impl Sale {
	/// What the provider has earned up to a block; blocks missed after the end count.
	fn earned(&self, now: BlockNumber) -> Balance {
		let within = now.min(self.end) - self.start;
		self.price * Balance::from(within.saturating_sub(self.missed))
	}
}

#[derive(Default)]
struct Model {
	sales: BTreeMap<Uid, Sale>,
	online: BTreeMap<Uid, bool>,
}

impl Model {
	/// Takes the step on the real side, and on this one if it was taken there. What left the escrow
	/// must be what the model says.
	fn take(&mut self, step: Step) {
		match step {
			Step::List { who, uid, price } => {
				let first = !Revenue::get().contains(&(uid + 100));
				let holders = [(who, 10_000)];
				let named: &[_] = if first { &holders } else { &[] };
				let _: Result<_, _> = list(who, uid, price, named);
			}
			Step::Delist { who, uid } => {
				let _: Result<_, _> = Market::delist(signed(who), uid);
			}
			Step::Buy { who, uid, term } => {
				let listing = Listings::<Test>::get(uid);
				let before = escrow();
				if buy(who, uid, term).is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let price = listing
					.expect("only what is for sale is sold")
					.price_at(now());
				assert_eq!(escrow(), before + price * Balance::from(term));
				let escrow = price * Balance::from(term);
				let (start, end) = (now(), now() + term);
				self.sales.insert(
					uid,
					Sale {
						price,
						escrow,
						start,
						end,
						missed: 0,
					},
				);
			}
			Step::HandOn { uid, to } => {
				if self.sales.contains_key(&uid) {
					hand_on(uid, to);
				}
			}
			Step::LeadIn {
				who,
				uid,
				first_price,
				blocks,
			} => {
				let _: Result<_, _> = Market::lead_in(signed(who), uid, first_price, blocks);
			}
			Step::Renew { who, uid, blocks } => {
				let before = escrow();
				let renewed = frame_support::storage::with_storage_layer(|| {
					Market::renew(signed(who), uid, blocks)
				});
				if renewed.is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let sale = self
					.sales
					.get_mut(&uid)
					.expect("only what is sold is renewed");
				assert!(now() < sale.end && blocks > 0);
				let more = sale.price * Balance::from(blocks);
				assert_eq!(escrow(), before + more);
				sale.end += blocks;
				sale.escrow += more;
			}
			Step::Cancel { who, uid } => {
				if Market::cancel(signed(who), uid).is_ok() {
					self.sales
						.remove(&uid)
						.expect("only what is sold is cancelled");
				}
			}
			Step::Accrue { uid } => {
				assert_eq!(
					Market::accrue(signed(POOR), uid).is_ok(),
					self.sales.contains_key(&uid)
				);
				if let Some(sale) = self.sales.get(&uid).filter(|sale| now() <= sale.end) {
					assert_eq!(sale.escrow - purchase(uid).escrow, sale.earned(now()));
				}
			}
			Step::Close { uid } => {
				let over = self.sales.get(&uid).is_some_and(|sale| now() >= sale.end);
				assert_eq!(Market::close(signed(POOR), uid).is_ok(), over);
				if over {
					self.sales.remove(&uid);
				}
			}
			Step::Online { uid, online } => {
				set_online(node_of(uid), online);
				self.online.insert(uid, online);
			}
			Step::Pass { blocks } => {
				pass(blocks);
				for (uid, sale) in &mut self.sales {
					if !self.online.get(uid).copied().unwrap_or(true) {
						sale.missed += blocks;
					}
				}
			}
		}
	}

	fn agrees(&self) {
		let mut escrows = 0;
		for (uid, sale) in &self.sales {
			let record = purchase(*uid);
			escrows += record.escrow;
			let paid = sale.escrow - record.escrow;
			// What was paid earlier stays paid, though blocks missed after the end count now.
			assert!(paid <= sale.price * Balance::from(sale.end - sale.start));
			if now() <= sale.end {
				assert!(
					paid <= sale.earned(now()),
					"paid {paid} of {:?}",
					sale.earned(now())
				);
			}
		}
		assert_eq!(Purchases::<Test>::iter().count(), self.sales.len());
		assert_eq!(
			escrow(),
			escrows,
			"the escrow account holds open escrows to the unit"
		);
	}
}

/// All money but that of the treasury and the holders, which only grows.
fn at_large() -> Balance {
	PEOPLE
		.into_iter()
		.map(|who| free(who) + held(who))
		.sum::<Balance>()
		+ escrow()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	#[test]
	fn any_sequence_of_calls_keeps_escrow_to_the_unit_and_pays_no_more_than_was_delivered(
		steps in prop::collection::vec(step(), 1..80)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut model = Model::default();
			let begin = at_large();
			for step in steps {
				model.take(step);
				model.agrees();
				assert_eq!(at_large() + fees() + income(), begin);
				Market::do_try_state().expect("the invariants hold after each step");
			}
		});
	}

	#[test]
	fn whatever_happened_every_purchase_can_be_closed_and_every_deposit_returns(
		steps in prop::collection::vec(step(), 1..80)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut model = Model::default();
			steps.into_iter().for_each(|step| model.take(step));
			pass(1_000);
			for uid in model.sales.into_keys() {
				Market::close(signed(POOR), uid).expect("no holder can keep a term from ending");
			}
			for (uid, listing) in Listings::<Test>::iter().collect::<Vec<_>>() {
				Market::delist(signed(listing.seller), uid).expect("the seller may");
			}
			assert_eq!(escrow(), 0);
			assert_eq!(PEOPLE.into_iter().map(held).sum::<Balance>(), 0);
		});
	}

	/// However often anybody accrues, a machine that was there all the time earns the same; only the
	/// fee's rounding differs, in the holders' favour.
	#[test]
	fn how_often_is_accrued_changes_no_sum(pauses in prop::collection::vec(1u32..20, 1..20)) {
		ExtBuilder::default().sold(100).build_and_execute(|| {
			let steps = u32::try_from(pauses.len()).expect("few");
			for blocks in pauses {
				pass(blocks);
				Market::accrue(signed(POOR), UID).expect("it is sold");
			}
			let blocks = (now() - 1).min(100);
			let amount = PRICE * Balance::from(blocks);
			assert_eq!(fees() + income(), amount);
			let at_once = amount * 2 / 100;
			assert!(fees() <= at_once && fees() + Balance::from(steps) > at_once);
		});
	}
}
