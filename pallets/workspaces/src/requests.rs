//! The life of a request: opened, placed, opened again, ended.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{Balance, BlockNumber, RequestId};

use crate::{
	Candidates, Config, Error, Event, HoldReason, Images, NextRequestId, OpenRequests, Pallet,
	RequestRecord, Requests, WorkspaceSpec, MAX_REPLICAS,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn do_request(
		tenant: T::AccountId,
		spec: WorkspaceSpec,
		budget: Balance,
		window: BlockNumber,
		lifetime: BlockNumber,
	) -> DispatchResult {
		ensure!((1..=MAX_REPLICAS).contains(&spec.replicas), Error::<T>::BadReplicas);
		ensure!(spec.term > 0, Error::<T>::BadTerm);
		ensure!(
			window <= T::MaxWindow::get() && lifetime > window && lifetime <= T::MaxLifetime::get(),
			Error::<T>::BadWindow
		);
		let mut image = Images::<T>::get(spec.image).ok_or(Error::<T>::UnknownImage)?;
		let needed = spec
			.requirement
			.max_price
			.checked_mul(spec.term.into())
			.and_then(|price| price.checked_mul(spec.replicas.into()))
			.ok_or(Error::<T>::Overflow)?;
		ensure!(needed > 0 && budget >= needed, Error::<T>::BudgetTooSmall);
		let request = NextRequestId::<T>::get();
		let next = request.checked_add(1).ok_or(Error::<T>::Overflow)?;
		image.uses = image.uses.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let deposit = T::RequestDeposit::get();
		T::Currency::hold(&HoldReason::Request.into(), &tenant, deposit)?;
		T::Currency::hold(&HoldReason::Budget.into(), &tenant, needed)?;
		let opened_at = Self::now();
		Images::<T>::insert(spec.image, image);
		NextRequestId::<T>::put(next);
		OpenRequests::<T>::insert(request, ());
		let missing = u8::MAX
			.checked_shr(u32::from(MAX_REPLICAS.saturating_sub(spec.replicas)))
			.unwrap_or(0);
		Requests::<T>::insert(
			request,
			RequestRecord {
				tenant: tenant.clone(),
				spec,
				budget: needed,
				deposit,
				window,
				opened_at,
				expires_at: opened_at.saturating_add(lifetime),
				attempt: 0,
				missing,
				live: 0,
			},
		);
		Self::deposit_event(Event::WorkspaceRequested { request, tenant });
		Ok(())
	}

	pub(crate) fn do_cancel_request(tenant: T::AccountId, request: RequestId) -> DispatchResult {
		let record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.tenant == tenant, Error::<T>::NotTenant);
		ensure!(record.missing != 0, Error::<T>::NotOpen);
		let refund = Self::give_up(request, record)?;
		Self::deposit_event(Event::RequestCancelled { request, refund });
		Ok(())
	}

	pub(crate) fn do_expire_request(request: RequestId) -> DispatchResult {
		let record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.missing != 0, Error::<T>::NotOpen);
		ensure!(Self::now() >= record.expires_at, Error::<T>::NotExpired);
		let refund = Self::give_up(request, record)?;
		Self::deposit_event(Event::RequestExpired { request, refund });
		Ok(())
	}

	/// Gives back the budget of what is missing and asks for it no more.
	pub(crate) fn give_up(
		request: RequestId,
		mut record: RequestRecord<T::AccountId>,
	) -> Result<Balance, DispatchError> {
		let refund = record.budget;
		T::Currency::release(&HoldReason::Budget.into(), &record.tenant, refund, Precision::Exact)?;
		record.budget = 0;
		record.missing = 0;
		Self::store_request(request, record)?;
		Ok(refund)
	}

	/// Writes the request, or removes it where nothing is missing and nothing runs.
	pub(crate) fn store_request(
		request: RequestId,
		record: RequestRecord<T::AccountId>,
	) -> DispatchResult {
		if record.missing == 0 {
			OpenRequests::<T>::remove(request);
			// At most one candidate per replica.
			let _ = Candidates::<T>::clear_prefix(request, MAX_REPLICAS.into(), None);
		} else {
			OpenRequests::<T>::insert(request, ());
		}
		if record.missing != 0 || record.live != 0 {
			Requests::<T>::insert(request, record);
			return Ok(());
		}
		T::Currency::release(
			&HoldReason::Request.into(),
			&record.tenant,
			record.deposit,
			Precision::Exact,
		)?;
		Images::<T>::mutate_extant(record.spec.image, |image| {
			image.uses = image.uses.saturating_sub(1);
		});
		Requests::<T>::remove(request);
		Self::deposit_event(Event::RequestCompleted { request });
		Ok(())
	}
}
