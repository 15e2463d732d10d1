//! Who earns what, as others tell it. Nothing here fails: whatever happened has happened.

use frame_support::weights::Weight;
use sp_runtime::Permill;
use usufruct_primitives::{
	traits::{NodeInspect, OnIncome, OnScored, QualityInspect},
	Balance, NodeId,
};

use crate::{Config, Current, Earned, EarnedBy, Oldest, Pallet, Points, WeightInfo};

/// What a score is parts of.
const MILLION: u128 = 1_000_000;

impl<T: Config> Pallet<T> {
	/// Adds to what the account earned in the era under way.
	fn earn(who: &T::AccountId, points: Points) {
		if points.is_zero() {
			return;
		}
		Current::<T>::mutate_extant(|current| {
			let oldest = Oldest::<T>::get();
			let added = EarnedBy::<T>::mutate(who, |earnings| {
				// What can be claimed no more makes room.
				earnings.retain(|earned| earned.era >= oldest);
				if let Some(earned) = earnings.last_mut() {
					if earned.era == current.era {
						earned.points = earned.points.plus(&points);
						return true;
					}
				}
				let era = current.era;
				earnings.try_push(Earned { era, points }).is_ok()
			});
			if added {
				current.points = current.points.plus(&points);
			}
		});
	}

	/// A validator authored a block.
	pub fn note_author(author: &T::AccountId) {
		Self::earn(
			author,
			Points {
				validators: 1,
				..Points::default()
			},
		);
	}
}

impl<T: Config> OnScored for Pallet<T> {
	fn on_scored(node: NodeId, score_ppm: u32, weight_ppm: u32) {
		let Some(owner) = T::Nodes::owner(node) else {
			return;
		};
		let part = |points: u128, ppm: u32| {
			points
				.saturating_mul(ppm.into())
				.checked_div(MILLION)
				.unwrap_or(0)
		};
		let weighted = part(score_ppm.into(), weight_ppm);
		Self::earn(
			&owner,
			Points {
				network: part(weighted, T::Quality::quality_ppm(node)),
				..Points::default()
			},
		);
	}

	fn weight() -> Weight {
		T::WeightInfo::earn()
	}
}

impl<T: Config> OnIncome<T::AccountId> for Pallet<T> {
	fn on_income(provider: &T::AccountId, tenant: &T::AccountId, fee: Balance) {
		let Some(current) = Current::<T>::get() else {
			return;
		};
		let rebate = current.rules.rebate.mul_floor(fee);
		let of_provider = current.rules.provider.mul_floor(rebate);
		let earn = |who, tasks| {
			Self::earn(
				who,
				Points {
					tasks,
					..Points::default()
				},
			);
		};
		earn(provider, of_provider);
		earn(tenant, rebate.saturating_sub(of_provider));
		debug_assert!(current.rules.rebate < Permill::one());
	}

	fn weight() -> Weight {
		T::WeightInfo::earn().saturating_mul(2)
	}
}
