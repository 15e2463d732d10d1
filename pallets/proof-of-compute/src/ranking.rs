//! Scores and the ranking of each class.

use frame_support::traits::Get;
use usufruct_primitives::{traits::ScoreInspect, ClassId, Hid};

use crate::{Classes, Config, Pallet, Ranking, ScoreRecord, Scores};

impl<T: Config> Pallet<T> {
	/// Sets or removes the score of hardware and moves it in its class's ranking. Gives its rank, 1
	/// for the best; 0 = not among the best. Among equals, who was there first stays first.
	pub(crate) fn set_score(class: ClassId, hid: Hid, score: Option<ScoreRecord>) -> u32 {
		Scores::<T>::set(hid, score);
		Ranking::<T>::mutate(class, |ranking| {
			ranking.retain(|(other, _)| *other != hid);
			let Some(score) = score else { return 0 };
			let place = ranking.partition_point(|(_, other)| *other >= score.score_ppm);
			if place >= T::MaxRanked::get() as usize {
				return 0;
			}
			if ranking.is_full() {
				ranking.pop();
			}
			match ranking.try_insert(place, (hid, score.score_ppm)) {
				Ok(()) => u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1),
				Err(_) => 0,
			}
		})
	}
}

impl<T: Config> ScoreInspect for Pallet<T> {
	fn score_ppm(hid: Hid) -> u32 {
		Scores::<T>::get(hid).map_or(0, |score| score.score_ppm)
	}

	fn class_exists(class: ClassId) -> bool {
		Classes::<T>::contains_key(class)
	}
}
