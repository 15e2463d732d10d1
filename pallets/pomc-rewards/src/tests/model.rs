//! Any sequence of events and calls, against a ledger that is written for clarity.

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
	let who = 1u64..5;
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

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn whatever_happens_issuance_is_what_eras_say_and_everybody_gets_its_part(
		steps in prop::collection::vec(step(), 1..150)
	) {
		ExtBuilder::default().build().execute_with(|| {
			let begun_with = Balances::total_issuance();
			let mut issued = 0;
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
						prop_assert_eq!(PomcRewards::owed_to(&who), expected);
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
					if let crate::Event::EraClosed { issued: of_era, .. } = event {
						issued += of_era.total();
						prop_assert!(of_era.total() <= MOST);
					}
				}
				prop_assert_eq!(Balances::total_issuance(), begun_with + issued);
				PomcRewards::do_try_state().expect("the invariants hold");
			}
			Ok(())
		})?;
	}
}
