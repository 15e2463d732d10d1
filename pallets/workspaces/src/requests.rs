//! The life of a request: opened, placed, opened again, ended.

use alloc::vec;

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Consideration, Footprint, Get},
};
use frame_system::{ensure_authorized, ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::{traits::BadOrigin, DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{
	traits::{ApplicationUse, ScoreInspect},
	Balance, BlockNumber, Hash, IsolationClass, Malformed, ReleaseId, RequestId,
};

use crate::{
	Candidates, Config, Error, Event, HoldReason, ImageKind, Images, MalformedWorkload,
	NextRequestId, OpenRequests, Pallet, Request, Requests, WorkspaceSpec, MAX_REPLICAS,
};

impl<T> From<Malformed> for Error<T> {
	fn from(malformed: Malformed) -> Self {
		match malformed {
			Malformed::Unsorted => Self::UnsortedList,
			Malformed::EmptyList => Self::EmptyList,
			Malformed::NoRegion => Self::UnknownRegion,
			Malformed::Availability => Self::BadPercentage,
			Malformed::Contradiction => Self::ContradictoryPlacement,
			Malformed::Weights => Self::BadWeights,
		}
	}
}

impl<T> From<MalformedWorkload> for Error<T> {
	fn from(malformed: MalformedWorkload) -> Self {
		match malformed {
			MalformedWorkload::Health => Self::BadHealthCheck,
			MalformedWorkload::Restart => Self::BadRestart,
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Any signed account, or a worker whose call passed its authorisation.
	pub(crate) fn ensure_anyone(origin: OriginFor<T>) -> Result<(), BadOrigin> {
		ensure_authorized(origin.clone()).or_else(|_| ensure_signed(origin).map(|_| ()))
	}

	pub(crate) fn do_request(
		tenant: T::AccountId,
		spec: WorkspaceSpec<T::AccountId>,
		budget: Balance,
		window: BlockNumber,
		lifetime: BlockNumber,
	) -> DispatchResult {
		Self::ensure_bounds(&spec, window, lifetime)?;
		let (digest, release) = (spec.workload.image, spec.workload.release);
		let image = Images::<T>::get(digest).ok_or(Error::<T>::UnknownImage)?;
		let wasm = image.kind == ImageKind::Wasm;
		let mut asked = spec.requirement.isolation.iter();
		ensure!(
			asked.all(|asked| wasm == (*asked == IsolationClass::Wasm)),
			Error::<T>::IsolationMismatch
		);
		let royalty = Self::royalty(release, digest)?;
		let needed = Self::highest_price(&spec, royalty).ok_or(Error::<T>::Overflow)?;
		ensure!(needed > 0 && budget >= needed, Error::<T>::BudgetTooSmall);
		let request = NextRequestId::<T>::get();
		let next = request.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let terms = vec![spec.term; usize::from(spec.replicas)];
		let terms = terms.try_into().map_err(|_| Error::<T>::BadReplicas)?;
		let deposit = Self::take_request_deposit(&tenant)?;
		if let Some(release) = release {
			T::Applications::acquire(release)?;
		}
		T::Currency::hold(&HoldReason::Budget.into(), &tenant, needed)?;
		let opened_at = Self::now();
		Self::count_use(digest, image)?;
		NextRequestId::<T>::put(next);
		OpenRequests::<T>::insert(request, ());
		let missing = u8::MAX
			.checked_shr(u32::from(MAX_REPLICAS.saturating_sub(spec.replicas)))
			.unwrap_or(0);
		Requests::<T>::insert(
			request,
			Request::<T> {
				tenant: tenant.clone(),
				spec,
				revision: 0,
				wasm,
				budget: needed,
				royalty,
				deposit,
				opened_at,
				window,
				lifetime,
				expires_at: opened_at.saturating_add(lifetime),
				attempt: 0,
				missing,
				placed: Default::default(),
				terms,
				avoid: Default::default(),
			},
		);
		Self::deposit_event(Event::WorkspaceRequested { request, tenant });
		Ok(())
	}

	fn ensure_bounds(
		spec: &WorkspaceSpec<T::AccountId>,
		window: BlockNumber,
		lifetime: BlockNumber,
	) -> DispatchResult {
		ensure!(
			(1..=MAX_REPLICAS).contains(&spec.replicas),
			Error::<T>::BadReplicas
		);
		ensure!(spec.term > 0, Error::<T>::BadTerm);
		ensure!(
			window <= T::MaxWindow::get() && lifetime > window && lifetime <= T::MaxLifetime::get(),
			Error::<T>::BadWindow
		);
		spec.workload.validate().map_err(Error::<T>::from)?;
		spec.requirement.validate().map_err(Error::<T>::from)?;
		let mut classes = spec.requirement.classes.iter();
		ensure!(
			classes.all(|class| T::Scores::class_exists(*class)),
			Error::<T>::UnknownClass
		);
		Ok(())
	}

	/// What the author asks per block; 0 where nothing of an application is asked for.
	pub(crate) fn royalty(release: Option<ReleaseId>, image: Hash) -> Result<Balance, Error<T>> {
		let Some(release) = release else {
			return Ok(0);
		};
		let terms = T::Applications::terms(release).ok_or(Error::UnknownRelease)?;
		ensure!(terms.image == image, Error::AnotherImage);
		Ok(terms.royalty)
	}

	/// Of all replicas for the whole term.
	fn highest_price(spec: &WorkspaceSpec<T::AccountId>, royalty: Balance) -> Option<Balance> {
		let price = spec.requirement.max_price.checked_add(royalty)?;
		price
			.checked_mul(spec.term.into())?
			.checked_mul(spec.replicas.into())
	}

	pub(crate) fn do_cancel_request(tenant: T::AccountId, request: RequestId) -> DispatchResult {
		let record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.tenant == tenant, Error::<T>::NotTenant);
		ensure!(record.missing != 0, Error::<T>::NotOpen);
		let refund = Self::give_up(request, record)?;
		Self::deposit_event(Event::RequestCancelled { request, refund });
		Ok(())
	}

	/// The request, if its lifetime is over.
	pub(crate) fn expired_request(request: RequestId) -> Result<Request<T>, Error<T>> {
		let record = Requests::<T>::get(request).ok_or(Error::UnknownRequest)?;
		ensure!(record.missing != 0, Error::NotOpen);
		ensure!(Self::now() >= record.expires_at, Error::NotExpired);
		Ok(record)
	}

	pub(crate) fn do_expire_request(request: RequestId) -> DispatchResult {
		let record = Self::expired_request(request)?;
		let refund = Self::give_up(request, record)?;
		Self::deposit_event(Event::RequestExpired { request, refund });
		Ok(())
	}

	/// Gives back the budget of what is missing and asks for it no more.
	pub(crate) fn give_up(
		request: RequestId,
		mut record: Request<T>,
	) -> Result<Balance, DispatchError> {
		let refund = record.budget;
		T::Currency::release(
			&HoldReason::Budget.into(),
			&record.tenant,
			refund,
			Precision::Exact,
		)?;
		record.budget = 0;
		record.missing = 0;
		Self::store_request(request, record)?;
		Ok(refund)
	}

	/// Holds what a request's record costs, and its place among the open ones.
	pub(crate) fn take_request_deposit(
		tenant: &T::AccountId,
	) -> Result<T::RequestDeposit, DispatchError> {
		let bytes = Request::<T>::max_encoded_len().saturating_add(RequestId::max_encoded_len());
		T::RequestDeposit::new(tenant, Footprint::from_parts(2, bytes))
	}

	/// Writes the request, or removes it where nothing is missing and nothing runs.
	pub(crate) fn store_request(request: RequestId, record: Request<T>) -> DispatchResult {
		if record.missing == 0 {
			OpenRequests::<T>::remove(request);
			for replica in 0..MAX_REPLICAS {
				Candidates::<T>::remove(request, replica);
			}
		} else {
			OpenRequests::<T>::insert(request, ());
		}
		if record.missing != 0 || record.is_live() {
			Requests::<T>::insert(request, record);
			return Ok(());
		}
		record.deposit.drop(&record.tenant)?;
		Self::uncount_use(record.spec.workload.image);
		if let Some(release) = record.spec.workload.release {
			T::Applications::release(release);
		}
		Requests::<T>::remove(request);
		Self::deposit_event(Event::RequestCompleted { request });
		Ok(())
	}
}
