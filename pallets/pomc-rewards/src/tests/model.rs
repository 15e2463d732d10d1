//! Any sequence of events and calls, against a ledger that is written for clarity.
//!
//! `OPERATIONS=1000000 cargo test -p pallet-pomc-rewards model` takes as many.

use proptest::prelude::*;
use sp_runtime::Permill;

use crate::{mock::*, Points, RewardRules};

#[derive(Clone, Debug)]
enum Step {
	Score {
		node: u32,
		ppm: u32,
	},
	Pay {
		provider: u64,
		tenant: u64,
		fee: u128,
	},
	Author {
		who: u64,
	},
	Claim {
		by: u64,
		who: u64,
	},
	Payee {
		who: u64,
		payee: Option<u64>,
	},
	Rules {
		era: u32,
		claim_eras: u32,
		network: u128,
		tasks: u128,
		rebate: u32,
	},
	Wait {
		blocks: u64,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let who = PEOPLE;
	prop_oneof![
		4 => (0u32..3, 0u32..1_100_000).prop_map(|(node, ppm)| Step::Score { node, ppm }),
		4 => (who.clone(), who.clone(), 0u128..5_000)
			.prop_map(|(provider, tenant, fee)| Step::Pay { provider, tenant, fee }),
		3 => who.clone().prop_map(|who| Step::Author { who }),
		4 => (who.clone(), who.clone()).prop_map(|(by, who)| Step::Claim { by, who }),
		1 => (who.clone(), prop::option::of(who)).prop_map(|(who, payee)| Step::Payee { who, payee }),
		1 => (0u32..8, 0u32..5, 0u128..9_000, 0u128..3_000, 0u32..1_000_001).prop_map(
			|(era, claim_eras, network, tasks, rebate)| Step::Rules {
				era, claim_eras, network, tasks, rebate,
			}
		),
		5 => (1u64..15).prop_map(|blocks| Step::Wait { blocks }),
	]
}

/// What an account was worth in an era, in whole rationals: the sum of its parts of what was issued.
fn fair(points: Points, all: Points, issued: crate::Issued) -> u128 {
	let part = |mine: u128, all: u128, issued: u128| match all {
		0 => 0,
		// Small numbers: the product does not overflow.
		all => mine * issued / all,
	};
	part(points.network, all.network, issued.network)
		+ part(points.validators, all.validators, issued.validators)
		+ part(points.tasks, all.tasks, issued.tasks)
}

/// The least number of operations in each history.
const LEAST: u32 = 100;

/// Histories for as many operations as are asked for.
fn histories() -> ProptestConfig {
	let operations = std::env::var("OPERATIONS").map_or(10_000, |n| n.parse().expect("a number"));
	ProptestConfig::with_cases(u32::div_ceil(operations, LEAST))
}

const PEOPLE: std::ops::Range<u64> = 1..5;

/// All money, wherever it is: free and held of people, kept for who earned it, of the treasury.
fn all_money() -> u128 {
	let of_people: u128 = PEOPLE.map(|who| free(who) + held(who)).sum();
	of_people + free(PomcRewards::account()) + free(TREASURY)
}

proptest! {
	#![proptest_config(histories())]

	#[test]
	fn whatever_happens_issuance_is_what_eras_say_and_everybody_gets_its_part(
		steps in prop::collection::vec(step(), LEAST as usize..=200)
	) {
		ExtBuilder::default().build().execute_with(|| {
			let begun_with = Balances::total_issuance();
			let mut issued = 0;
			let mut expired = 0;
			let mut claimed = 0;
			for step in steps {
				match step {
					Step::Score { node, ppm } => score(node, ppm),
					Step::Pay { provider, tenant, fee } => pay(provider, tenant, fee),
					Step::Author { who } => PomcRewards::note_author(&who),
					Step::Claim { by, who } => {
						let expected: u128 = crate::EarnedBy::<Test>::get(who)
							.iter()
							.filter_map(|earned| {
								let era = crate::Closed::<Test>::get(earned.era)?;
								Some(fair(earned.points, era.points, era.issued))
							})
							.sum();
						prop_assert_eq!(PomcRewards::claimable(who), expected);
						let to = crate::Payees::<Test>::get(who).map_or(who, |(payee, _)| payee);
						let before = free(to);
						match PomcRewards::claim_for(signed(by), who) {
							Ok(()) => prop_assert_eq!(free(to), before + expected),
							Err(_) => prop_assert_eq!(free(to), before),
						}
					}
					Step::Payee { who, payee } => {
						let _: Result<(), _> = PomcRewards::set_payee(signed(who), payee);
					}
					Step::Rules { era, claim_eras, network, tasks, rebate } => {
						let rules = RewardRules {
							era, claim_eras, network, tasks,
							rebate: Permill::from_parts(rebate),
							..RULES
						};
						let _: Result<(), _> = PomcRewards::set_rules(RuntimeOrigin::root(), rules);
					}
					Step::Wait { blocks } => go_to(now() + blocks),
				}
				for event in events() {
					match event {
						crate::Event::EraClosed { issued: of_era, .. } => {
							issued += of_era.total();
							prop_assert!(of_era.total() <= MOST);
						}
						crate::Event::EraExpired { amount, .. } => expired += amount,
						crate::Event::Claimed { amount, .. } => claimed += amount,
						_ => {}
					}
				}
				prop_assert_eq!(Balances::total_issuance(), begun_with + issued);
				prop_assert_eq!(all_money(), Balances::total_issuance());
				// Each beside its existential deposit.
				prop_assert_eq!(free(TREASURY) - 5, expired);
				prop_assert_eq!(free(PomcRewards::account()) - 5, issued - expired - claimed);
				let payees = crate::Payees::<Test>::iter().count() as u128;
				prop_assert_eq!(PEOPLE.map(held).sum::<u128>(), payees * DEPOSIT);
				PomcRewards::do_try_state().expect("the invariants hold");
			}
			Ok(())
		})?;
	}
}
