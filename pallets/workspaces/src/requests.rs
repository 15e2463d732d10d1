//! Requests: what a tenant asks for, and the money that waits for it.

use alloc::vec;

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use frame_system::{ensure_authorized, ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::{traits::BadOrigin, DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{
	traits::ScoreInspect, Balance, BlockNumber, IsolationClass, RequestId,
};

use crate::{
	Candidates, Config, Error, Event, HoldReason, ImageKind, Images, NextRequestId, OpenRequests,
	Pallet, ReplicaState, RequestRecord, Requests, WorkspaceSpec, MAX_REPLICAS,
};

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Any signed account, or a validator's worker whose call passed its authorisation.
	pub(crate) fn ensure_anyone(origin: OriginFor<T>) -> Result<(), BadOrigin> {
		ensure_authorized(origin.clone()).or_else(|_| ensure_signed(origin).map(|_| ()))
	}

	pub(crate) fn do_request(
		tenant: T::AccountId,
		spec: WorkspaceSpec,
		budget: Balance,
		window: BlockNumber,
		lifetime: BlockNumber,
	) -> DispatchResult {
		Self::ensure_bounds(&spec, window, lifetime)?;
		let mut image = Images::<T>::get(spec.image).ok_or(Error::<T>::UnknownImage)?;
		let wasm = image.kind == ImageKind::Wasm;
		let asked = spec.requirement.isolation;
		ensure!(
			asked.is_none_or(|asked| wasm == (asked == IsolationClass::Wasm)),
			Error::<T>::IsolationMismatch
		);
		let cost = Self::highest_cost(&spec).ok_or(Error::<T>::Overflow)?;
		ensure!(cost > 0 && budget >= cost, Error::<T>::BudgetTooSmall);

		let now = Self::now();
		let expires_at = now.checked_add(lifetime).ok_or(Error::<T>::Overflow)?;
		let request = NextRequestId::<T>::get();
		let next = request.checked_add(1).ok_or(Error::<T>::Overflow)?;
		image.users = image.users.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let missing = ReplicaState::Missing { term: spec.term };
		let replicas = vec![missing; usize::from(spec.replicas)];
		let replicas = replicas.try_into().map_err(|_| Error::<T>::BadSpec)?;
		let deposit = T::RequestDeposit::get();
		T::Currency::hold(&HoldReason::Request.into(), &tenant, deposit)?;
		T::Currency::hold(&HoldReason::Budget.into(), &tenant, budget)?;

		NextRequestId::<T>::put(next);
		Images::<T>::insert(spec.image, image);
		OpenRequests::<T>::insert(request, ());
		Requests::<T>::insert(
			request,
			RequestRecord {
				tenant: tenant.clone(),
				spec,
				wasm,
				budget,
				opened_at: now,
				window,
				lifetime,
				expires_at,
				attempt: 0,
				replicas,
				avoid: Default::default(),
				deposit,
			},
		);
		Self::deposit_event(Event::WorkspaceRequested { request, tenant });
		Ok(())
	}

	fn ensure_bounds(
		spec: &WorkspaceSpec,
		window: BlockNumber,
		lifetime: BlockNumber,
	) -> DispatchResult {
		let replicas = u32::from(spec.replicas);
		ensure!(
			replicas > 0 &&
				replicas <= MAX_REPLICAS &&
				spec.term > 0 &&
				window <= T::MaxWindow::get() &&
				lifetime > window &&
				lifetime <= T::MaxLifetime::get(),
			Error::<T>::BadSpec
		);
		let mut classes = spec.requirement.classes.iter();
		ensure!(classes.all(|class| T::Scores::class_exists(*class)), Error::<T>::UnknownClass);
		Ok(())
	}

	/// The highest price for all replicas and the whole term.
	fn highest_cost(spec: &WorkspaceSpec) -> Option<Balance> {
		let blocks = Balance::from(spec.replicas).checked_mul(spec.term.into())?;
		spec.requirement.max_price.checked_mul(blocks)
	}

	pub(crate) fn do_cancel_request(tenant: T::AccountId, request: RequestId) -> DispatchResult {
		let record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.tenant == tenant, Error::<T>::NotTenant);
		ensure!(record.is_open(), Error::<T>::NotOpen);
		let refund = record.budget;
		Self::give_up(request, record, Event::RequestCancelled { request, refund })
	}

	/// The request, if it waited too long.
	pub(crate) fn expired_request(
		request: RequestId,
	) -> Result<RequestRecord<T::AccountId>, Error<T>> {
		let record = Requests::<T>::get(request).ok_or(Error::UnknownRequest)?;
		ensure!(record.is_open(), Error::NotOpen);
		ensure!(Self::now() >= record.expires_at, Error::TooEarly);
		Ok(record)
	}

	pub(crate) fn do_expire_request(request: RequestId) -> DispatchResult {
		let record = Self::expired_request(request)?;
		let refund = record.budget;
		Self::give_up(request, record, Event::RequestExpired { request, refund })
	}

	/// Ends all missing replicas and returns their money.
	fn give_up(
		request: RequestId,
		mut record: RequestRecord<T::AccountId>,
		event: Event<T>,
	) -> DispatchResult {
		for replica in record.replicas.iter_mut() {
			if matches!(replica, ReplicaState::Missing { .. }) {
				*replica = ReplicaState::Over;
			}
		}
		Self::return_budget(request, &mut record)?;
		Self::deposit_event(event);
		Self::store_or_close(request, record)
	}

	/// Returns what is left of the budget of a request that misses nothing any more. Gives the
	/// amount.
	pub(crate) fn return_budget(
		request: RequestId,
		record: &mut RequestRecord<T::AccountId>,
	) -> Result<Balance, DispatchError> {
		let refund = record.budget;
		let reason = HoldReason::Budget.into();
		T::Currency::release(&reason, &record.tenant, refund, Precision::Exact)?;
		record.budget = 0;
		OpenRequests::<T>::remove(request);
		for (replica, _) in (0u8..).zip(&record.replicas) {
			Candidates::<T>::remove(request, replica);
		}
		Ok(refund)
	}

	/// Keeps the record, or removes it and returns its deposit where all replicas are over.
	pub(crate) fn store_or_close(
		request: RequestId,
		record: RequestRecord<T::AccountId>,
	) -> DispatchResult {
		if !record.is_over() {
			Requests::<T>::insert(request, record);
			return Ok(());
		}
		let reason = HoldReason::Request.into();
		T::Currency::release(&reason, &record.tenant, record.deposit, Precision::Exact)?;
		Images::<T>::mutate_extant(record.spec.image, |image| {
			image.users = image.users.saturating_sub(1);
		});
		Requests::<T>::remove(request);
		Self::deposit_event(Event::RequestClosed { request });
		Ok(())
	}
}
