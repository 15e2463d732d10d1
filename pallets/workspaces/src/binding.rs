//! Binding: from a proposal to a lease.

use frame_support::{
	storage::with_storage_layer,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	application::Use,
	traits::{ApplicationUse, Marketplace, NodeInspect, ResourceInspect},
	BlockNumber, LeaseId, NodeId, ReleaseId, RequestId, Uid, Vid,
};

use crate::{
	Candidate, Candidates, Config, Error, Event, HoldReason, LeaseOfUid, LeaseRecord, LeaseState,
	Leases, LeasesOfNode, NextLeaseId, Pallet, Placed, Request,
};

/// What a lease begins with; see [`LeaseRecord`].
pub(crate) struct Opening<AccountId> {
	pub(crate) request: RequestId,
	pub(crate) release: Option<ReleaseId>,
	pub(crate) replica: u8,
	pub(crate) uid: Uid,
	pub(crate) vid: Vid,
	pub(crate) node: NodeId,
	pub(crate) tenant: AccountId,
	pub(crate) provider: AccountId,
	pub(crate) generation: u32,
	pub(crate) ends_at: BlockNumber,
	pub(crate) keeps_right: bool,
	pub(crate) revision: u32,
}

impl<T: Config> Pallet<T> {
	/// Binds the first candidate that can be bought; gives the first one's error where none can.
	pub(crate) fn bind_best(
		request: RequestId,
		record: &mut Request<T>,
		replica: u8,
		candidates: &[Candidate<T::AccountId>],
	) -> DispatchResult {
		let mut outcome: DispatchResult = Err(Error::<T>::NothingToSettle.into());
		for (index, candidate) in candidates.iter().enumerate() {
			match with_storage_layer(|| Self::bind(request, record.clone(), replica, candidate)) {
				Ok(bound) => {
					*record = bound;
					return Ok(());
				}
				Err(error) if index == 0 => outcome = Err(error),
				Err(_) => {}
			}
		}
		outcome
	}

	/// Buys the use right with the replica's budget and opens the lease. Gives the changed record.
	fn bind(
		request: RequestId,
		mut record: Request<T>,
		replica: u8,
		candidate: &Candidate<T::AccountId>,
	) -> Result<Request<T>, DispatchError> {
		let (uid, node) = (candidate.rank.uid, candidate.node);
		let vid = T::Resources::vid_of(uid).ok_or(Error::<T>::NotListed)?;
		let owner = T::Resources::resource(vid)
			.ok_or(Error::<T>::NotListed)?
			.owner;
		let term = record.term_of(replica).ok_or(Error::<T>::StaleProposal)?;
		let budget = record.price_of(replica).ok_or(Error::<T>::Overflow)?;
		let lease = Self::next_lease(node)?;
		T::Currency::release(
			&HoldReason::Budget.into(),
			&record.tenant,
			budget,
			Precision::Exact,
		)?;
		let ends_at = T::Market::buy(uid, &record.tenant, term, candidate.matcher.as_ref())?;

		let placed = Self::open_lease(
			lease,
			Opening {
				request,
				release: record.spec.workload.release,
				replica,
				uid,
				vid,
				node,
				tenant: record.tenant.clone(),
				provider: owner,
				generation: record.attempt,
				ends_at,
				keeps_right: false,
				revision: record.revision,
			},
		)?;
		Candidates::<T>::remove(request, replica);
		record.budget = record.budget.saturating_sub(budget);
		record.set_missing(replica, false);
		record
			.placed
			.try_push(placed)
			.map_err(|_| Error::<T>::BadReplicas)?;
		Ok(record)
	}

	/// The number of a new lease, which is in its machine's list then.
	pub(crate) fn next_lease(node: NodeId) -> Result<LeaseId, Error<T>> {
		let lease = NextLeaseId::<T>::get();
		NextLeaseId::<T>::put(lease.checked_add(1).ok_or(Error::Overflow)?);
		LeasesOfNode::<T>::try_append(node, lease).map_err(|_| Error::TooManyLeases)?;
		Ok(lease)
	}

	/// Opens a lease, which its machine has to start in time, and holds what its author asks; gives where its
	/// replica is.
	pub(crate) fn open_lease(
		lease: LeaseId,
		of: Opening<T::AccountId>,
	) -> Result<Placed<T::AccountId>, DispatchError> {
		let now = Self::now();
		let (uid, node) = (of.uid, of.node);
		if let Some(release) = of.release {
			let payer = of.tenant.clone();
			let until = of.ends_at;
			T::Applications::open(
				lease,
				Use {
					release,
					payer,
					node,
					until,
				},
			)?;
		}
		let placed = Placed {
			replica: of.replica,
			lease,
			node,
			owner: of.provider.clone(),
			region: T::Nodes::region(node),
		};
		Self::deposit_event(Event::LeaseOpened {
			lease,
			request: of.request,
			replica: of.replica,
			uid,
			node,
		});
		LeaseOfUid::<T>::insert(uid, lease);
		Leases::<T>::insert(
			lease,
			LeaseRecord {
				request: of.request,
				replica: of.replica,
				uid,
				vid: of.vid,
				node,
				tenant: of.tenant,
				provider: of.provider,
				state: LeaseState::Bound,
				endpoint: Default::default(),
				generation: of.generation,
				opened_at: now,
				deadline: now.saturating_add(T::StartTimeout::get()).min(of.ends_at),
				ends_at: of.ends_at,
				keeps_right: of.keeps_right,
				revision: of.revision,
				refused: None,
			},
		);
		Ok(placed)
	}
}
