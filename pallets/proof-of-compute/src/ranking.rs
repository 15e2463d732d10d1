//! What hardware is worth by its epochs, and the ranking of each class.

use frame_support::traits::Get;
use usufruct_primitives::{
	traits::{NodeInspect, OnHardwareRemoved, ScoreInspect},
	ClassId, EpochId, Hid, NodeId,
};

use crate::{
	Classes, Config, Entries, Histories, History, Pallet, Ranked, Ranking, Scores, WeightInfo,
};

/// Epochs in a row that hardware may miss before it leaves the ranking, beside the one under way.
const MISSES: EpochId = 1;

impl<T: Config> Pallet<T> {
	/// The score of hardware with this history: the median of its last epochs, times availability. The
	/// epoch under way counts once the hardware has a score of it.
	pub(crate) fn standing(history: &History, node: NodeId) -> u32 {
		let median = history.median_ppm(Self::last_epoch().saturating_sub(1));
		let available = T::Nodes::availability_ppm(node).min(1_000_000);
		u64::from(median)
			.saturating_mul(available.into())
			.checked_div(1_000_000)
			.and_then(|ppm| ppm.try_into().ok())
			.unwrap_or(0)
	}

	/// Puts hardware with this history at its place in its class's ranking. Gives its score and rank, 1 for
	/// the best; 0 = not among the best. Among equals, who was there first stays first, also when it proves
	/// the same again: an epoch must not cost the place of who masters it.
	///
	/// Who missed two epochs in a row leaves: the score that is ranked was that of another machine's day.
	pub(crate) fn rank(class: ClassId, hid: Hid, node: NodeId, history: &History) -> (u32, u32) {
		let score_ppm = Self::standing(history, node);
		let oldest = Self::last_epoch().saturating_sub(MISSES.saturating_add(1));
		let rank = Ranking::<T>::mutate(class, |ranking| {
			ranking.retain(|other| match other.hid == hid {
				true => other.score_ppm == score_ppm,
				false => other.epoch >= oldest,
			});
			if score_ppm == 0 {
				ranking.retain(|other| other.hid != hid);
				return 0;
			}
			let unchanged = ranking.iter().position(|other| other.hid == hid);
			let place = unchanged
				.unwrap_or_else(|| ranking.partition_point(|other| other.score_ppm >= score_ppm));
			if place >= T::MaxRanked::get() as usize {
				return 0;
			}
			let ranked = Ranked {
				hid,
				score_ppm,
				epoch: history.last,
			};
			if let Some(known) = unchanged.and_then(|at| ranking.get_mut(at)) {
				*known = ranked;
			} else {
				if ranking.is_full() {
					ranking.pop();
				}
				if ranking.try_insert(place, ranked).is_err() {
					return 0;
				}
			}
			u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1)
		});
		(score_ppm, rank)
	}

	/// Notes an epoch that does not exist for the hardware, and that it is not absent. Its next score is
	/// audited where it had other work: it may be another machine's by then.
	pub(crate) fn note_excuse(
		hid: Hid,
		class: ClassId,
		node: NodeId,
		epoch: EpochId,
		had_other_work: bool,
	) {
		let Some(mut history) = Histories::<T>::get(hid) else {
			return;
		};
		history.note_excuse(epoch, had_other_work);
		Self::rank(class, hid, node, &history);
		Histories::<T>::insert(hid, history);
	}

	/// Forgets what hardware proved in epochs.
	pub(crate) fn forget_history(hid: Hid, class: ClassId) {
		Histories::<T>::remove(hid);
		Ranking::<T>::mutate(class, |ranking| ranking.retain(|other| other.hid != hid));
	}
}

impl<T: Config> ScoreInspect for Pallet<T> {
	fn score_ppm(hid: Hid) -> u32 {
		let history = Histories::<T>::get(hid);
		history
			.zip(T::Nodes::hardware(hid))
			.map_or(0, |(history, hardware)| {
				Self::standing(&history, hardware.node)
			})
	}

	fn class_exists(class: ClassId) -> bool {
		Classes::<T>::contains_key(class)
	}
}

impl<T: Config> OnHardwareRemoved for Pallet<T> {
	fn on_hardware_removed(hid: Hid, class: ClassId) {
		// Challenge and entry keep hardware where it is: there is none of them.
		debug_assert!(!Entries::<T>::contains_key(hid));
		Scores::<T>::remove(hid);
		Self::forget_history(hid, class);
	}

	fn weight() -> frame_support::weights::Weight {
		T::WeightInfo::on_hardware_removed()
	}
}
