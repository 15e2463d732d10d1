//! Any sequence of calls agrees with a plain model that loops over all holders.
//!
//! `OPERATIONS=1000000 cargo test -p pallet-revenue-rights model` takes as many.

use std::collections::BTreeMap;

use frame_support::{assert_ok, traits::fungible::Inspect};
use proptest::prelude::*;
use usufruct_primitives::{deposit, Balance, Vid};

use crate::{mock::*, NextOrder, OrderId, Orders, Rights, Shares, Side};

const PEOPLE: [u64; 4] = [ALICE, BOB, CAROL, NOBODY];

#[derive(Clone, Debug)]
enum Step {
	Distribute {
		vid: Vid,
		amount: Balance,
	},
	Transfer {
		vid: Vid,
		from: u64,
		to: u64,
		shares: u16,
	},
	Settle {
		vid: Vid,
		who: u64,
	},
	SettleFor {
		vid: Vid,
		who: u64,
	},
	Place {
		vid: Vid,
		who: u64,
		side: Side,
		shares: u16,
		price: Balance,
	},
	Fill {
		who: u64,
		order: usize,
		shares: u16,
	},
	Cancel {
		order: usize,
		by: u64,
	},
	Pass {
		blocks: u64,
	},
}

fn person() -> impl Strategy<Value = u64> {
	(0..PEOPLE.len()).prop_map(|index| PEOPLE[index])
}

fn step() -> impl Strategy<Value = Step> {
	let vid = VID..VID + 2;
	let amount = prop_oneof![0u128..30, 9_990u128..10_010, 0u128..1_000_000];
	let shares = prop_oneof![0u16..5, 4_990u16..5_010, 0u16..=10_001, Just(10_000)];
	prop_oneof![
		3 => (vid.clone(), amount).prop_map(|(vid, amount)| Step::Distribute { vid, amount }),
		4 => (vid.clone(), person(), person(), shares.clone())
			.prop_map(|(vid, from, to, shares)| Step::Transfer { vid, from, to, shares }),
		2 => (vid.clone(), person()).prop_map(|(vid, who)| Step::Settle { vid, who }),
		1 => (vid.clone(), person()).prop_map(|(vid, who)| Step::SettleFor { vid, who }),
		2 => (vid, person(), any::<bool>(), shares.clone(), 1u128..50).prop_map(
			|(vid, who, sells, shares, price)| {
				let side = if sells { Side::Sell } else { Side::Buy };
				Step::Place { vid, who, side, shares, price }
			}
		),
		3 => (person(), 0usize..4, shares)
			.prop_map(|(who, order, shares)| Step::Fill { who, order, shares }),
		1 => (0usize..4, person()).prop_map(|(order, by)| Step::Cancel { order, by }),
		1 => (1u64..40).prop_map(|blocks| Step::Pass { blocks }),
	]
}

fn now() -> u32 {
	System::block_number() as u32
}

/// Free and held.
fn money(who: u64) -> Balance {
	<Balances as Inspect<u64>>::total_balance(&who)
}

/// One right, told without any trick: income is handed to each holder as it comes.
#[derive(Default)]
struct Model {
	shares: BTreeMap<u64, u16>,
	owed: BTreeMap<u64, Balance>,
	remainder: Balance,
	income: Balance,
	paid: Balance,
}

impl Model {
	fn distribute(&mut self, amount: Balance) {
		self.income += amount;
		let divisible = self.remainder + amount;
		self.remainder = divisible % 10_000;
		for (who, shares) in &self.shares {
			*self.owed.entry(*who).or_default() += divisible / 10_000 * Balance::from(*shares);
		}
	}

	fn shares(&self, who: u64) -> u16 {
		self.shares.get(&who).copied().unwrap_or(0)
	}

	fn owed(&self, who: u64) -> Balance {
		self.owed.get(&who).copied().unwrap_or(0)
	}
}

/// An order, as long as it is open.
#[derive(Clone)]
struct Wish {
	vid: Vid,
	id: OrderId,
	maker: u64,
	side: Side,
	shares: u16,
	price: Balance,
	/// The last block in which it can be filled.
	until: u32,
}

struct World {
	rights: BTreeMap<Vid, Model>,
	wishes: Vec<Wish>,
}

impl World {
	fn new() -> Self {
		let one = Model {
			shares: [(ALICE, 10_000)].into(),
			..Default::default()
		};
		let two = Model {
			shares: [(BOB, 3_333), (CAROL, 3_333), (ALICE, 3_334)].into(),
			..Default::default()
		};
		Self {
			rights: [(VID, one), (VID + 1, two)].into(),
			wishes: Vec::new(),
		}
	}

	/// Takes the step on both sides. Both must do it, or both refuse.
	fn take(&mut self, step: Step) {
		match step {
			Step::Distribute { vid, amount } => {
				self.right(vid).distribute(amount);
				assert_ok!(distribute(vid, amount));
			}
			Step::Transfer {
				vid,
				from,
				to,
				shares,
			} => {
				let offered = self.offered(vid, from);
				let right = self.right(vid);
				let possible = from != to && shares > 0 && right.shares(from) >= shares + offered;
				// Those who do not exist cannot pay for a record.
				let pays = from != NOBODY || right.shares(to) > 0 || right.owed(to) > 0;
				// What was settled to an account makes it exist.
				let pays = pays || free(from) > DEPOSIT;
				if possible && pays {
					*right.shares.entry(from).or_default() -= shares;
					*right.shares.entry(to).or_default() += shares;
				}
				let done = RevenueRights::transfer(signed(from), vid, to, shares);
				assert_eq!(done.is_ok(), possible && pays, "{done:?}");
			}
			Step::Settle { vid, who } => self.settle(vid, who, who),
			Step::SettleFor { vid, who } => self.settle(vid, POOR, who),
			Step::Place {
				vid,
				who,
				side,
				shares,
				price,
			} => self.place(vid, who, side, shares, price),
			Step::Fill { who, order, shares } => self.fill(who, order, shares),
			Step::Cancel { order, by } => {
				let Some(wish) = self.wishes.get(order) else {
					return;
				};
				let possible = by == wish.maker || now() > wish.until;
				let done = RevenueRights::cancel_order(signed(by), wish.vid, wish.id);
				assert_eq!(done.is_ok(), possible, "{done:?}");
				if possible {
					self.wishes.swap_remove(order);
				}
			}
			Step::Pass { blocks } => {
				System::set_block_number(System::block_number() + blocks);
				System::reset_events();
			}
		}
	}

	/// Shares of the right that are for sale by orders of the account.
	fn offered(&self, vid: Vid, who: u64) -> u16 {
		self.wishes
			.iter()
			.filter(|wish| wish.vid == vid && wish.maker == who && wish.side == Side::Sell)
			.map(|wish| wish.shares)
			.sum()
	}

	/// The rich pay for whatever it costs.
	fn place(&mut self, vid: Vid, maker: u64, side: Side, shares: u16, price: Balance) {
		let unoffered = self.right(vid).shares(maker) - self.offered(vid, maker);
		let possible = maker != NOBODY
			&& (1..=10_000).contains(&shares)
			&& (side == Side::Buy || shares <= unoffered);
		let id = NextOrder::<Test>::get();
		if maker == NOBODY {
			return;
		}
		let until = now() + MAX_LIFE;
		let done = RevenueRights::place_order(signed(maker), vid, side, shares, price, until);
		assert_eq!(done.is_ok(), possible, "{done:?}");
		if possible {
			self.wishes.push(Wish {
				vid,
				id,
				maker,
				side,
				shares,
				price,
				until,
			});
		}
	}

	fn fill(&mut self, taker: u64, order: usize, shares: u16) {
		let Some(wish) = self.wishes.get(order).cloned() else {
			return;
		};
		if taker == NOBODY {
			return;
		}
		let (seller, buyer) = match wish.side {
			Side::Sell => (wish.maker, taker),
			Side::Buy => (taker, wish.maker),
		};
		let locked = match wish.side {
			Side::Sell => self.offered(wish.vid, seller) - wish.shares,
			Side::Buy => self.offered(wish.vid, seller),
		};
		let right = self.right(wish.vid);
		let possible = (1..=wish.shares).contains(&shares)
			&& now() <= wish.until
			&& taker != wish.maker
			&& right.shares(seller) >= shares + locked;
		let before = (money(seller), money(buyer));
		let done = RevenueRights::fill_order(signed(taker), wish.vid, wish.id, shares);
		assert_eq!(done.is_ok(), possible, "{done:?}");
		if !possible {
			return;
		}
		let amount = wish.price * Balance::from(shares);
		let after = (money(seller), money(buyer));
		assert_eq!((after.0 - before.0, before.1 - after.1), (amount, amount));
		*right.shares.entry(seller).or_default() -= shares;
		*right.shares.entry(buyer).or_default() += shares;
		self.wishes[order].shares -= shares;
		if self.wishes[order].shares == 0 {
			self.wishes.swap_remove(order);
		}
	}

	fn settle(&mut self, vid: Vid, by: u64, who: u64) {
		let right = self.right(vid);
		let amount = right.owed.insert(who, 0).unwrap_or(0);
		right.paid += amount;
		let before = free(who);
		let done = if by == who {
			RevenueRights::settle(signed(who), vid)
		} else {
			RevenueRights::settle_for(signed(by), vid, who)
		};
		assert_eq!(done.is_ok(), amount > 0, "{done:?}");
		// A deposit may come back with it.
		let gained = free(who) - before;
		assert!(
			[0, DEPOSIT].contains(&(gained - amount)),
			"{gained} for {amount}"
		);
	}

	fn right(&mut self, vid: Vid) -> &mut Model {
		self.rights.get_mut(&vid).expect("both rights exist")
	}

	/// Compares all that can be seen.
	fn agrees(&self) {
		let mut unpaid = 0;
		for (vid, model) in &self.rights {
			let sum: u32 = Shares::<Test>::iter_prefix(vid)
				.map(|(_, s)| u32::from(s.shares))
				.sum();
			assert_eq!(sum, 10_000);
			for who in PEOPLE {
				let offered = share(*vid, who).map_or(0, |record| record.offered);
				assert_eq!(offered, self.offered(*vid, who), "offered by {who}");
				assert_eq!(shares(*vid, who), model.shares(who), "shares of {who}");
				assert_eq!(
					RevenueRights::claimable(*vid, who),
					model.owed(who),
					"owed to {who}"
				);
			}
			let right = right(*vid);
			assert_eq!(
				(right.remainder, right.income, right.paid),
				(model.remainder, model.income, model.paid)
			);
			assert_eq!(
				model.owed.values().sum::<Balance>() + model.remainder + model.paid,
				model.income
			);
			unpaid += model.income - model.paid;
		}
		let records = Shares::<Test>::iter().count();
		let deposits: Balance = PEOPLE.into_iter().map(held).sum();
		assert_eq!(deposits, DEPOSIT * Balance::try_from(records).expect("few"));
		let of_order = |wish: &Wish| {
			let order = Orders::<Test>::get(wish.vid, wish.id).expect("it is open");
			match wish.side {
				Side::Sell => deposit::amount(&order.deposit),
				Side::Buy => {
					deposit::amount(&order.deposit) + wish.price * Balance::from(wish.shares)
				}
			}
		};
		for who in PEOPLE {
			let own = self.wishes.iter().filter(|wish| wish.maker == who);
			assert_eq!(held_for_orders(who), own.map(of_order).sum::<Balance>());
		}
		// Its existential deposit, and to the unit what is owed.
		assert_eq!(free(RevenueRights::account()), 1 + unpaid);
	}
}

fn two_rights() -> ExtBuilder {
	ExtBuilder::default().right(&[(ALICE, 10_000)]).right(&[
		(BOB, 3_333),
		(CAROL, 3_333),
		(ALICE, 3_334),
	])
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
	fn any_sequence_of_calls_agrees_with_a_model_that_loops_over_holders(
		steps in prop::collection::vec(step(), LEAST as usize..=200)
	) {
		two_rights().build_and_execute(|| {
			let mut world = World::new();
			let issuance = Balances::total_issuance();
			for step in steps {
				world.take(step);
				world.agrees();
				assert_eq!(Balances::total_issuance(), issuance);
				RevenueRights::do_try_state().expect("the invariants hold after each step");
			}
		});
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn whatever_happened_all_income_but_the_remainders_can_be_paid_and_all_deposits_return(
		steps in prop::collection::vec(step(), 1..60)
	) {
		two_rights().build_and_execute(|| {
			let mut world = World::new();
			steps.into_iter().for_each(|step| world.take(step));
			for wish in world.wishes.drain(..) {
				assert_ok!(RevenueRights::cancel_order(signed(wish.maker), wish.vid, wish.id));
				assert_eq!(held_for_orders(wish.maker) == 0, Orders::<Test>::iter_values().all(|order| order.maker != wish.maker));
			}
			let mut remainders = 0;
			for vid in [VID, VID + 1] {
				for who in PEOPLE {
					let owed = RevenueRights::claimable(vid, who);
					let done = RevenueRights::settle_for(signed(POOR), vid, who);
					assert_eq!(done.is_ok(), owed > 0, "{done:?}");
				}
				for who in PEOPLE.into_iter().filter(|who| *who != CAROL) {
					let all = shares(vid, who);
					if all > 0 {
						// Pays for the record of the receiver, if there is none.
						let _: Result<_, _> = Balances::transfer_allow_death(
							signed(MARKET), who, DEPOSIT + 1,
						);
						assert_ok!(RevenueRights::transfer(signed(who), vid, CAROL, all));
					}
				}
				let right = Rights::<Test>::get(vid).expect("rights are never removed");
				assert_eq!((right.holders, right.income - right.paid), (1, right.remainder));
				remainders += right.remainder;
			}
			assert_eq!(free(RevenueRights::account()), 1 + remainders);
			let deposits: Balance = PEOPLE.into_iter().map(held).sum();
			assert_eq!(deposits, 2 * DEPOSIT);
		});
	}
}
