//! Progress: what the owner of a machine may say about a lease.

use frame_support::ensure;
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{ApplicationUse, NodeInspect},
	LeaseId,
};

use crate::{Config, EndReason, Error, Event, LeaseState, Leases, Pallet, Progress};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_progress(
		provider: T::AccountId,
		lease: LeaseId,
		generation: u32,
		progress: Progress,
	) -> DispatchResult {
		let mut record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		ensure!(
			T::Nodes::owner(record.node) == Some(provider),
			Error::<T>::NotProvider
		);
		ensure!(record.generation == generation, Error::<T>::WrongGeneration);
		let event = Event::ProgressReported {
			lease,
			progress: progress.clone(),
		};
		match progress {
			Progress::Dispensing { percent } => {
				let least = match record.state {
					LeaseState::Bound => 0,
					LeaseState::Dispensing { percent } => percent,
					LeaseState::Running => return Err(Error::<T>::AlreadyRunning.into()),
				};
				ensure!((least..=100).contains(&percent), Error::<T>::BadProgress);
				record.state = LeaseState::Dispensing { percent };
				Leases::<T>::insert(lease, record);
			}
			Progress::Running { endpoint, revision } => {
				Self::note_revision(&mut record, revision)?;
				T::Applications::begin(lease);
				record.state = LeaseState::Running;
				record.endpoint = endpoint;
				Leases::<T>::insert(lease, record);
			}
			Progress::NotUpdated { revision, reason } => {
				Self::note_refusal(&mut record, revision, reason)?;
				Leases::<T>::insert(lease, record);
			}
			Progress::Finished => Self::end(lease, record, EndReason::Finished)?,
			Progress::Failed { reason } => Self::end(lease, record, EndReason::Failed(reason))?,
		}
		Self::deposit_event(event);
		Ok(())
	}
}
