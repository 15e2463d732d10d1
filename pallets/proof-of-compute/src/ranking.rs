//! Scores and the ranking of each class.

use frame_support::traits::Get;
use usufruct_primitives::{
	traits::{NodeInspect, ScoreInspect},
	ClassId, Hid,
};

use crate::{Classes, Config, Pallet, Ranking, ScoreRecord, Scores};

impl<T: Config> Pallet<T> {
	/// Sets or removes the score of hardware and moves it in its class's ranking. Gives its rank, 1
	/// for the best; 0 = not among the best. Among equals, who was there first stays first, also
	/// when it proves the same again: a challenge must not cost the place of who masters it.
	///
	/// Hardware that was taken out of its machine has no score and leaves the ranking: otherwise one
	/// device could fill it under ever new identifiers.
	pub(crate) fn set_score(class: ClassId, hid: Hid, score: Option<ScoreRecord>) -> u32 {
		let exists = |hid| T::Nodes::hardware(hid).is_some();
		let score = score.filter(|_| exists(hid));
		let ppm = score.map(|score| score.score_ppm);
		Scores::<T>::set(hid, score);
		Ranking::<T>::mutate(class, |ranking| {
			ranking.retain(|(other, known)| match *other == hid {
				true => ppm == Some(*known),
				false => exists(*other),
			});
			let Some(ppm) = ppm else { return 0 };
			let unchanged = ranking.iter().position(|(other, _)| *other == hid);
			let place =
				unchanged.unwrap_or_else(|| ranking.partition_point(|(_, other)| *other >= ppm));
			if place >= T::MaxRanked::get() as usize {
				return 0;
			}
			if unchanged.is_none() {
				if ranking.is_full() {
					ranking.pop();
				}
				if ranking.try_insert(place, (hid, ppm)).is_err() {
					return 0;
				}
			}
			u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1)
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
