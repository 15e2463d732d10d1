//! Progress: what the owner of a machine may say about a lease, and when.

use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchResult;
use usufruct_primitives::{traits::NodeInspect, LeaseId};

use crate::{Config, EndReason, Error, Event, LeaseState, Leases, Pallet, Progress};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_progress(
		provider: T::AccountId,
		lease: LeaseId,
		generation: u32,
		progress: Progress,
	) -> DispatchResult {
		let mut record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		ensure!(T::Nodes::owner(record.node) == Some(provider), Error::<T>::NotProvider);
		ensure!(generation == record.generation, Error::<T>::WrongGeneration);
		let now = Self::now();
		ensure!(now < record.deadline, Error::<T>::DeadlinePassed);
		match (record.state, &progress) {
			(LeaseState::Bound, Progress::Dispensing { percent }) if *percent <= 100 => {
				record.state = LeaseState::Dispensing { percent: *percent };
				// Once only: a machine cannot win time by reporting percent after percent.
				let timeout = T::DispenseTimeout::get();
				record.deadline = now.saturating_add(timeout).min(record.ends_at);
			},
			(LeaseState::Dispensing { percent: last }, Progress::Dispensing { percent })
				if *percent <= 100 && *percent > last =>
			{
				record.state = LeaseState::Dispensing { percent: *percent };
			},
			(_, Progress::Running { endpoint }) => {
				record.state = LeaseState::Running;
				record.endpoint = endpoint.clone();
				record.deadline = record.ends_at;
			},
			(_, Progress::Failed { reason }) => {
				Self::deposit_event(Event::ProgressReported { lease, progress: progress.clone() });
				return Self::end(lease, record, EndReason::Failed(*reason));
			},
			_ => return Err(Error::<T>::NotProgress.into()),
		}
		Leases::<T>::insert(lease, record);
		Self::deposit_event(Event::ProgressReported { lease, progress });
		Ok(())
	}
}
