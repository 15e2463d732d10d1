//! What must be true of applications, verdicts and royalties at any time.

use alloc::collections::BTreeMap;

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance, Hash, ReleaseId};

use crate::{
	is_name, Applications, Config, Curators, FlaggedImages, HoldReason, Judgement,
	NamedApplication, NextApplicationId, Pallet, Releases, Royalties, Verdicts,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::names_lead_to_their_applications()?;
		Self::releases_are_counted()?;
		Self::verdicts_are_counted()?;
		Self::royalties_are_of_releases_in_use()?;
		Self::all_that_is_held_is_owed()
	}

	/// Each application has its name for itself, and each name is of an application.
	fn names_lead_to_their_applications() -> Result<(), TryRuntimeError> {
		for (application, record) in Applications::<T>::iter() {
			ensure!(
				application < NextApplicationId::<T>::get(),
				"an identifier that was not given out"
			);
			ensure!(is_name(&record.name), "a name that cannot be given");
			ensure!(
				NamedApplication::<T>::get(&record.name) == Some(application),
				"a name leads elsewhere"
			);
		}
		ensure!(
			NamedApplication::<T>::iter().count() == Applications::<T>::iter().count(),
			"a name of nothing"
		);
		Ok(())
	}

	/// Applications know how many releases they have; what is over is gone.
	fn releases_are_counted() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<_, u32>::new();
		for (application, number, record) in Releases::<T>::iter() {
			let owner = Applications::<T>::get(application).ok_or("a release of nothing")?;
			ensure!(
				(1..owner.next_release).contains(&number),
				"a number that was not given out"
			);
			ensure!(!record.is_over(), "a release that nothing keeps");
			let count = counts.entry(application).or_default();
			*count = count.saturating_add(1);
		}
		for (application, record) in Applications::<T>::iter() {
			ensure!(
				counts.remove(&application).unwrap_or(0) == record.releases,
				"an application has another number of releases"
			);
		}
		Ok(())
	}

	/// Releases, images and curators know how many verdicts there are.
	fn verdicts_are_counted() -> Result<(), TryRuntimeError> {
		let mut of_releases = BTreeMap::<ReleaseId, (u32, u32)>::new();
		let mut of_images = BTreeMap::<(Hash, T::AccountId), u32>::new();
		let mut of_curators = BTreeMap::<T::AccountId, u32>::new();
		let count = |number: &mut u32| *number = number.saturating_add(1);
		for (release, curator, verdict) in Verdicts::<T>::iter() {
			let record = Self::known(release).map_err(|_| "a verdict on nothing")?;
			let counts = of_releases.entry(release).or_default();
			match verdict.judgement {
				Judgement::Attested => count(&mut counts.0),
				Judgement::Flagged { .. } => {
					count(&mut counts.1);
					let key = (record.spec.image, curator.clone());
					count(of_images.entry(key).or_default());
				}
			}
			count(of_curators.entry(curator).or_default());
		}
		for (application, number, record) in Releases::<T>::iter() {
			let release = ReleaseId {
				application,
				number,
			};
			ensure!(
				of_releases.remove(&release).unwrap_or_default()
					== (record.attestations, record.flags),
				"a release has other verdicts"
			);
		}
		for (image, curator, flags) in FlaggedImages::<T>::iter() {
			ensure!(
				of_images.remove(&(image, curator)) == Some(flags),
				"an image has other flags"
			);
		}
		ensure!(of_images.is_empty(), "a flag without its image");
		for (curator, record) in Curators::<T>::iter() {
			ensure!(
				of_curators.remove(&curator).unwrap_or(0) == record.verdicts,
				"a curator has another number of verdicts"
			);
			ensure!(
				!record.is_barred || record.bond == 0,
				"a curator is in office and barred"
			);
		}
		ensure!(of_curators.is_empty(), "a verdict of nobody");
		Ok(())
	}

	/// What pays an author is of a release that stays, at its price, and holds no more than its term costs.
	fn royalties_are_of_releases_in_use() -> Result<(), TryRuntimeError> {
		for (_, record) in Royalties::<T>::iter() {
			let release = Self::known(record.release).map_err(|_| "a royalty of nothing")?;
			ensure!(release.uses > 0, "a royalty of a release that nobody uses");
			ensure!(
				release.spec.royalty == record.price && record.price > 0,
				"a royalty at another price"
			);
			ensure!(
				record.held.checked_rem(record.price) == Some(0),
				"a part of a block's price is held"
			);
		}
		Ok(())
	}

	/// What is held of each account is what the records say, reason by reason.
	fn all_that_is_held_is_owed() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, [Balance; 4]>::new();
		let mut owe = |who: T::AccountId, reason: usize, amount: Balance| {
			if let Some(sum) = owed.entry(who).or_default().get_mut(reason) {
				*sum = sum.saturating_add(amount);
			}
		};
		for (_, record) in Applications::<T>::iter() {
			owe(record.author, 0, deposit::amount(&record.deposit));
		}
		for (_, _, record) in Releases::<T>::iter() {
			owe(record.publisher, 0, deposit::amount(&record.deposit));
		}
		for (_, curator, record) in Verdicts::<T>::iter() {
			owe(curator, 1, deposit::amount(&record.deposit));
		}
		for (curator, record) in Curators::<T>::iter() {
			owe(curator, 2, record.bond);
		}
		for (_, record) in Royalties::<T>::iter() {
			owe(record.payer, 3, record.held);
		}
		for (who, sums) in owed {
			let reasons = [
				HoldReason::Application,
				HoldReason::Verdict,
				HoldReason::Curator,
				HoldReason::Royalty,
			];
			let held = reasons.map(|reason| T::Currency::balance_on_hold(&reason.into(), &who));
			ensure!(held == sums, "what is held differs from what is recorded");
		}
		Ok(())
	}
}
