//! Any sequence of calls keeps all money accounted for and agrees with a plain model.
//!
//! `OPERATIONS=1000000 cargo test -p pallet-market model` takes as many.

use std::collections::BTreeMap;

use frame_support::storage::with_storage_layer;
use proptest::prelude::*;
use usufruct_primitives::{traits::ResourceInspect, Balance, BlockNumber, Uid};

use crate::{mock::*, Listings, Purchases, Reservable, Sublets};

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
		/// Whether somebody finds it for the buyer.
		matched: bool,
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
	SetReservable {
		who: u64,
		uid: Uid,
		price: Balance,
	},
	Reserve {
		who: u64,
		uid: Uid,
		wait: BlockNumber,
		term: BlockNumber,
	},
	Sublet {
		who: u64,
		uid: Uid,
		price: Balance,
		blocks: BlockNumber,
	},
	WithdrawSublet {
		who: u64,
		uid: Uid,
	},
	TakeSublet {
		who: u64,
		uid: Uid,
	},
	EndSublet {
		who: u64,
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
		4 => (who(), uid(), 0u32..30, any::<bool>())
			.prop_map(|(who, uid, term, matched)| Step::Buy { who, uid, term, matched }),
		1 => (uid(), who()).prop_map(|(uid, to)| Step::HandOn { uid, to }),
		1 => (who(), uid(), 1u128..2_000, 0u32..30)
			.prop_map(|(who, uid, first_price, blocks)| Step::LeadIn { who, uid, first_price, blocks }),
		2 => (who(), uid(), 0u32..30)
			.prop_map(|(who, uid, blocks)| Step::Renew { who, uid, blocks }),
		1 => (who(), uid()).prop_map(|(who, uid)| Step::Cancel { who, uid }),
		2 => uid().prop_map(|uid| Step::Accrue { uid }),
		2 => (who(), uid(), 0u128..200)
			.prop_map(|(who, uid, price)| Step::SetReservable { who, uid, price }),
		3 => (who(), uid(), 0u32..25, 0u32..30)
			.prop_map(|(who, uid, wait, term)| Step::Reserve { who, uid, wait, term }),
		3 => (who(), uid(), 0u128..200, 0u32..30)
			.prop_map(|(who, uid, price, blocks)| Step::Sublet { who, uid, price, blocks }),
		1 => (who(), uid()).prop_map(|(who, uid)| Step::WithdrawSublet { who, uid }),
		4 => (who(), uid()).prop_map(|(who, uid)| Step::TakeSublet { who, uid }),
		2 => (who(), uid()).prop_map(|(who, uid)| Step::EndSublet { who, uid }),
		2 => uid().prop_map(|uid| Step::Close { uid }),
		2 => (uid(), any::<bool>()).prop_map(|(uid, online)| Step::Online { uid, online }),
		4 => (1u32..15).prop_map(|blocks| Step::Pass { blocks }),
	]
}

/// Blocks of use at a price, told one by one: the machine was there at each of them, or not.
#[derive(Clone, Copy, Debug)]
struct Line {
	price: Balance,
	start: BlockNumber,
	end: BlockNumber,
	/// Of the blocks up to now, those in which the machine was missing.
	missed: BlockNumber,
}

impl Line {
	fn new(price: Balance, start: BlockNumber, end: BlockNumber) -> Self {
		Self {
			price,
			start,
			end,
			missed: 0,
		}
	}

	fn passed(&self, now: BlockNumber) -> BlockNumber {
		now.clamp(self.start, self.end) - self.start
	}

	/// What the machine has earned up to a block.
	fn earned(&self, now: BlockNumber) -> Balance {
		self.price * Balance::from(self.passed(now) - self.missed)
	}

	fn miss(&mut self, before: BlockNumber, now: BlockNumber) {
		self.missed += self.passed(now) - self.passed(before);
	}
}

/// A purchase, or what is sublet of it.
#[derive(Clone, Debug)]
struct Sale {
	/// The term; behind it the time before, if the machine had to wait.
	lines: Vec<Line>,
	/// All that went to escrow for it.
	escrow: Balance,
	/// Whether somebody found it for the buyer.
	matched: bool,
}

impl Sale {
	fn earned(&self, now: BlockNumber) -> Balance {
		self.lines.iter().map(|line| line.earned(now)).sum()
	}

	fn end(&self) -> BlockNumber {
		self.lines[0].end
	}

	/// What was paid is never more than was delivered; where it is known when blocks were missed, neither less.
	fn agrees(&self, left: Balance, is_read: bool) {
		let (paid, earned) = (self.escrow - left, self.earned(now()));
		assert!(paid <= earned, "paid {paid} of {earned}");
		if is_read && now() <= self.end() && self.lines.len() == 1 {
			assert_eq!(paid, earned);
		}
	}
}

/// What is left in escrow for a taken sublet.
fn sublet_escrow(uid: Uid) -> Balance {
	let sublet = Sublets::<Test>::get(uid).expect("it is sublet");
	sublet.taken.expect("it is taken").escrow
}

#[derive(Default)]
struct Model {
	sales: BTreeMap<Uid, Sale>,
	/// What is taken, and by whom it was let.
	sublets: BTreeMap<Uid, (u64, Sale)>,
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
			Step::Buy {
				who,
				uid,
				term,
				matched,
			} => {
				let listing = Listings::<Test>::get(uid);
				let before = escrow();
				let bought = match matched {
					true => buy_for(who, uid, term).map(drop),
					false => buy(who, uid, term),
				};
				if bought.is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let price = listing
					.expect("only what is for sale is sold")
					.price_at(now());
				let line = Line::new(price, now(), now() + term);
				self.sold(uid, vec![line], matched, before);
			}
			Step::SetReservable { who, uid, price } => {
				let reservable = Reservable { ahead: 20, price };
				let _: Result<_, _> = Market::set_reservable(signed(who), uid, Some(reservable));
			}
			Step::Reserve {
				who,
				uid,
				wait,
				term,
			} => {
				let listing = Listings::<Test>::get(uid);
				let (before, start) = (escrow(), now() + wait);
				let reserved = with_storage_layer(|| {
					Market::reserve(signed(who), uid, start, term, Balance::MAX)
				});
				if reserved.is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let listing = listing.expect("only what is for sale is sold");
				let reservable = listing.reservable.expect("only what may be reserved is");
				assert!((1..=reservable.ahead).contains(&wait));
				let lines = vec![
					Line::new(listing.price_at(now()), start, start + term),
					Line::new(reservable.price, now(), start),
				];
				self.sold(uid, lines, false, before);
			}
			Step::Sublet {
				who,
				uid,
				price,
				blocks,
			} => {
				let until = now() + blocks;
				let _: Result<_, _> =
					with_storage_layer(|| Market::sublet(signed(who), uid, price, until));
			}
			Step::WithdrawSublet { who, uid } => {
				let done = Market::withdraw_sublet(signed(who), uid);
				assert!(done.is_err() || !self.sublets.contains_key(&uid));
			}
			Step::TakeSublet { who, uid } => {
				let (before, holder) = (escrow(), World::holder(uid));
				let offer = Sublets::<Test>::get(uid);
				let taken =
					with_storage_layer(|| Market::take_sublet(signed(who), uid, Balance::MAX));
				if taken.is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let offer = offer.expect("only what is offered is taken");
				assert_eq!(holder, Some(offer.landlord));
				assert_eq!(World::holder(uid), Some(who));
				let line = Line::new(offer.price, now(), offer.until);
				let paid = line.price * Balance::from(line.end - line.start);
				assert_eq!(escrow(), before + paid);
				let sale = Sale {
					lines: vec![line],
					escrow: paid,
					matched: false,
				};
				assert!(self.sublets.insert(uid, (offer.landlord, sale)).is_none());
			}
			Step::EndSublet { who, uid } => {
				let may = self.sublets.get(&uid).is_some_and(|(_, sale)| {
					now() >= sale.end() || World::holder(uid) == Some(who)
				});
				assert_eq!(Market::end_sublet(signed(who), uid).is_ok(), may);
				if may {
					let (landlord, _) = self.sublets.remove(&uid).expect("it is sublet");
					assert_eq!(World::holder(uid), Some(landlord));
				}
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
				let renewed = with_storage_layer(|| Market::renew(signed(who), uid, blocks));
				if renewed.is_err() {
					assert_eq!(escrow(), before);
					return;
				}
				let sale = self
					.sales
					.get_mut(&uid)
					.expect("only what is sold is renewed");
				assert!(now() < sale.end() && blocks > 0);
				let term = &mut sale.lines[0];
				let more = term.price * Balance::from(blocks);
				assert_eq!(escrow(), before + more);
				term.end += blocks;
				sale.escrow += more;
			}
			Step::Cancel { who, uid } => {
				if Market::cancel(signed(who), uid).is_ok() {
					assert!(
						!self.sublets.contains_key(&uid),
						"no subtenant ends another's term"
					);
					self.end(uid);
				}
			}
			Step::Accrue { uid } => {
				let before = Paid::now();
				assert_eq!(
					Market::accrue(signed(POOR), uid).is_ok(),
					self.sales.contains_key(&uid)
				);
				if let Some(sale) = self.sales.get(&uid) {
					sale.agrees(purchase(uid).escrow(), true);
					// Each part of several is rounded by itself.
					if sale.lines.len() == 1 && !self.sublets.contains_key(&uid) {
						before.shares_are_right(sale);
					}
				}
				if let Some((_, sale)) = self.sublets.get(&uid) {
					sale.agrees(sublet_escrow(uid), true);
				}
			}
			Step::Close { uid } => {
				let over = self.sales.get(&uid).is_some_and(|sale| now() >= sale.end());
				assert_eq!(Market::close(signed(POOR), uid).is_ok(), over);
				if over {
					self.end(uid);
				}
			}
			Step::Online { uid, online } => {
				set_online(node_of(uid), online);
				self.online.insert(uid, online);
			}
			Step::Pass { blocks } => {
				let before = now();
				pass(blocks);
				let sublets = self.sublets.iter_mut().map(|(uid, (_, sale))| (uid, sale));
				for (uid, sale) in self.sales.iter_mut().chain(sublets) {
					if !self.online.get(uid).copied().unwrap_or(true) {
						sale.lines
							.iter_mut()
							.for_each(|line| line.miss(before, now()));
					}
				}
			}
		}
	}

	/// Notes what was sold, when so much was in escrow.
	fn sold(&mut self, uid: Uid, lines: Vec<Line>, matched: bool, before: Balance) {
		let paid = lines
			.iter()
			.map(|line| line.price * Balance::from(line.end - line.start))
			.sum();
		assert_eq!(escrow(), before + paid);
		let sale = Sale {
			lines,
			escrow: paid,
			matched,
		};
		assert!(self.sales.insert(uid, sale).is_none());
	}

	/// The use right is over. Its resource gets another, so that there is always something to sell.
	fn end(&mut self, uid: Uid) {
		self.sales.remove(&uid).expect("only what is sold ends");
		self.sublets.remove(&uid);
		mint(uid, owner_of(uid));
		self.online.insert(uid, true);
	}

	fn agrees(&self) {
		let deposits = Listings::<Test>::iter().count() + Sublets::<Test>::iter().count();
		assert_eq!(
			PEOPLE.into_iter().map(held).sum::<Balance>(),
			DEPOSIT * Balance::try_from(deposits).expect("few"),
			"what is held is the deposit of each listing and sublet"
		);
		let mut escrows = 0;
		for (uid, sale) in &self.sales {
			let left = purchase(*uid).escrow();
			sale.agrees(left, false);
			escrows += left;
		}
		for (uid, (_, sale)) in &self.sublets {
			let left = sublet_escrow(*uid);
			sale.agrees(left, false);
			escrows += left;
		}
		assert_eq!(Purchases::<Test>::iter().count(), self.sales.len());
		assert_eq!(
			escrow(),
			escrows,
			"the escrow account holds open escrows to the unit"
		);
	}
}

/// Where money that left the escrow for a provider can go.
struct Paid {
	treasury: Balance,
	holders: Balance,
	matcher: Balance,
	issuance: Balance,
}

impl Paid {
	fn now() -> Self {
		Self {
			treasury: fees(),
			holders: income(),
			matcher: matched(),
			issuance: Balances::total_issuance(),
		}
	}

	/// Since then the fee was two percent: a tenth of it to who matched, a quarter burned, the rest to the treasury.
	fn shares_are_right(&self, sale: &Sale) {
		let now = Self::now();
		let matcher = now.matcher - self.matcher;
		let burned = self.issuance - now.issuance;
		let fee = now.treasury - self.treasury + matcher + burned;
		let amount = now.holders - self.holders + fee;
		assert_eq!(fee, amount * 2 / 100);
		assert_eq!(matcher, if sale.matched { fee / 10 } else { 0 });
		assert_eq!(burned, fee / 4);
	}
}

/// All money, wherever it is: free and held of people, in escrow, of the treasury, of holders, of who matched.
fn all_money() -> Balance {
	let of_people: Balance = PEOPLE.into_iter().map(|who| free(who) + held(who)).sum();
	of_people + escrow() + fees() + income() + matched()
}

/// A market that burns a quarter of its fee.
fn burning(test: impl FnOnce()) {
	ExtBuilder::default().build().execute_with(|| {
		Burned::set(sp_runtime::Permill::from_percent(25));
		test();
		Market::do_try_state().expect("the invariants hold after the test");
	});
}

fn owner_of(uid: Uid) -> u64 {
	match uid {
		BOBS_UID => BOB,
		POORS_UID => POOR,
		_ => ALICE,
	}
}

/// The least number of operations in each history.
const LEAST: u32 = 100;

/// Histories for as many operations as are asked for.
fn histories() -> ProptestConfig {
	let operations = std::env::var("OPERATIONS").map_or(10_000, |n| n.parse().expect("a number"));
	ProptestConfig::with_cases(u32::div_ceil(operations, LEAST))
}

proptest! {
	#![proptest_config(histories())]

	#[test]
	fn any_sequence_of_calls_keeps_all_money_to_the_unit_and_pays_no_more_than_was_delivered(
		steps in prop::collection::vec(step(), LEAST as usize..=200)
	) {
		burning(|| {
			let mut model = Model::default();
			let unseen = Balances::total_issuance() - all_money();
			for step in steps {
				model.take(step);
				model.agrees();
				assert_eq!(all_money() + unseen, Balances::total_issuance());
				Market::do_try_state().expect("the invariants hold after each step");
			}
		});
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	#[test]
	fn whatever_happened_every_purchase_can_be_closed_and_every_deposit_returns(
		steps in prop::collection::vec(step(), 1..80)
	) {
		burning(|| {
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
			assert_eq!(Sublets::<Test>::iter().count(), 0);
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
