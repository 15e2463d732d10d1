//! When epochs begin, and which parameters hold in them.

use frame_support::ensure;
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{ClassId, EpochId};
use usufruct_proof::{begins_epoch, ClassParams, Hash};

use crate::{
	Classes, Config, CurrentEpoch, Epoch, EpochRules, Error, Event, NextEpochRules, OpenEntries,
	Pallet, ParamsBefore, ResourceClass,
};

impl<T: Config> Pallet<T> {
	/// Begins an epoch where the last one is over and the parent's randomness says so. The author of the
	/// parent knew that; the seed comes from blocks after this one, which it did not know.
	pub(crate) fn maybe_begin_epoch(randomness: Option<Hash>) {
		let last = CurrentEpoch::<T>::get();
		let now = Self::now();
		let is_over = |epoch: &Epoch| {
			let no_entry = || OpenEntries::<T>::get() == 0;
			now >= epoch.over_at() || (now > epoch.entry_until() && no_entry())
		};
		if !last.as_ref().is_none_or(is_over) {
			return;
		}
		let rules = NextEpochRules::<T>::get();
		if !randomness.is_some_and(|output| begins_epoch(&output, rules.pause)) {
			return;
		}
		Self::begin_epoch(rules);
	}

	pub(crate) fn begin_epoch(rules: EpochRules) {
		// After the last number there are no epochs: scores lapse, nothing else.
		let Some(id) = Self::last_epoch().checked_add(1) else {
			return;
		};
		let began_at = Self::now();
		CurrentEpoch::<T>::put(Epoch {
			id,
			began_at,
			rules,
		});
		Self::deposit_event(Event::EpochBegan { epoch: id });
	}

	/// The epoch whose time is not over.
	pub(crate) fn epoch_under_way() -> Option<Epoch> {
		CurrentEpoch::<T>::get().filter(|epoch| Self::now() < epoch.over_at())
	}

	/// The number of the last epoch that began; 0 before the first.
	pub(crate) fn last_epoch() -> EpochId {
		CurrentEpoch::<T>::get().map_or(0, |epoch| epoch.id)
	}

	/// The parameters that a class had when the epoch began.
	pub(crate) fn params_in(epoch: &Epoch, class: ClassId) -> Result<ClassParams, DispatchError> {
		let before =
			ParamsBefore::<T>::get(class).filter(|(changed_in, _)| *changed_in == epoch.id);
		let params = match before {
			Some((_, params)) => params,
			None => Classes::<T>::get(class).map(|class| class.params),
		};
		params.ok_or_else(|| Error::<T>::UnknownClass.into())
	}

	pub(crate) fn do_set_class(id: ClassId, class: ResourceClass) -> DispatchResult {
		ensure!(class.is_sound(), Error::<T>::BadParams);
		let rules = NextEpochRules::<T>::get();
		ensure!(
			rules.pause == 0 || rules.fit(&class.params),
			Error::<T>::TooLongForEpoch
		);
		let known = Classes::<T>::get(id).map(|class| class.params);
		ensure!(
			known.is_none_or(|known| class.params.version > known.version),
			Error::<T>::VersionNotGrown
		);
		if let Some(epoch) = Self::epoch_under_way() {
			let changed_before = ParamsBefore::<T>::get(id).is_some_and(|(at, _)| at == epoch.id);
			if !changed_before {
				ParamsBefore::<T>::insert(id, (epoch.id, known));
			}
		}
		Classes::<T>::insert(id, class);
		Self::deposit_event(Event::ClassSet { class: id });
		Ok(())
	}

	pub(crate) fn do_set_epoch_rules(rules: EpochRules) -> DispatchResult {
		ensure!(rules.is_sound(), Error::<T>::BadEpochRules);
		NextEpochRules::<T>::put(rules);
		Self::deposit_event(Event::EpochRulesSet { rules });
		Ok(())
	}
}
