//! Checking proposals: whoever sends them, the chain computes everything itself.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction, Weight,
	},
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_offchain_worker::{check, score, Demand, Mismatch, Offer};
use usufruct_primitives::{
	traits::{ListingInfo, Marketplace, NodeInspect, ResourceInspect, ScoreInspect},
	RequestId, Uid,
};

use crate::{
	Candidate, Candidates, Config, Error, Event, HoldReason, ImageKind, Images, LeaseOfUid, LeaseRecord, LeaseState,
	Leases, LeasesOfNode, NextLeaseId, Pallet, Proposal, RequestRecord, Requests,
};

impl<T: Config> Pallet<T> {
	/// The listing with all that a match depends on.
	pub(crate) fn offer_of(listing: &ListingInfo<T::AccountId>) -> Option<Offer<T::AccountId>> {
		let resource = T::Resources::resource(listing.vid)?;
		Some(Offer {
			uid: listing.uid,
			vid: listing.vid,
			node: resource.node,
			seller: listing.seller.clone(),
			online: T::Nodes::is_online(resource.node),
			class: resource.class,
			gpus: resource.gpus,
			gpu_memory_mib: resource.gpu_memory_mib,
			capacity: resource.capacity,
			isolation: resource.isolation,
			price: listing.price,
			min_term: listing.min_term,
			max_term: listing.max_term,
			listed_at: listing.listed_at,
			score_ppm: T::Scores::score_ppm(resource.lead),
			availability_ppm: T::Nodes::availability_ppm(resource.node),
		})
	}

	/// What the request still asks for.
	pub(crate) fn demand_of(
		request: RequestId,
		record: &RequestRecord<T::AccountId>,
	) -> Demand<T::AccountId> {
		let kind = Images::<T>::get(record.spec.image).map(|image| image.kind);
		Demand {
			request,
			attempt: record.attempt,
			tenant: record.tenant.clone(),
			requirement: record.spec.requirement.clone(),
			wasm: kind == Some(ImageKind::Wasm),
			term: record.spec.term,
			opened_at: record.opened_at,
			avoid: Vec::new(),
			missing: record.missing_replicas(),
		}
	}

	/// Whether the proposal can be bound now; its request and score if so.
	fn check_proposal(
		proposal: &Proposal,
	) -> Result<(RequestRecord<T::AccountId>, u32), DispatchError> {
		let record = Requests::<T>::get(proposal.request).ok_or(Error::<T>::UnknownRequest)?;
		let now = Self::now();
		ensure!(
			record.attempt == proposal.attempt &&
				record.is_missing(proposal.replica) &&
				proposal.computed_at <= now &&
				now <= proposal.computed_at.saturating_add(T::ProposalLife::get()),
			Error::<T>::StaleProposal
		);
		let score = Self::check_offer(proposal.request, &record, proposal.uid)?;
		Ok((record, score))
	}

	/// Whether the listing satisfies the request; its score if so.
	fn check_offer(
		request: RequestId,
		record: &RequestRecord<T::AccountId>,
		uid: Uid,
	) -> Result<u32, DispatchError> {
		let listing = T::Market::listing(uid).ok_or(Error::<T>::NotListed)?;
		let offer = Self::offer_of(&listing).ok_or(Error::<T>::NotListed)?;
		match check(&Self::demand_of(request, record), &offer) {
			Ok(()) => Ok(score(&record.spec.requirement, &offer)),
			Err(Mismatch::Offline) => Err(Error::<T>::NodeOffline.into()),
			Err(_) => Err(Error::<T>::Unsuitable.into()),
		}
	}

	/// Whether the pool takes a proposal without a signature: from this node's own worker, valid,
	/// and once per replica however it is wrapped.
	pub fn authorize_propose(
		source: TransactionSource,
		proposal: &Proposal,
	) -> Result<(ValidTransaction, Weight), TransactionValidityError> {
		if !matches!(source, TransactionSource::Local | TransactionSource::InBlock) {
			return Err(InvalidTransaction::BadSigner.into());
		}
		let (_, score) =
			Self::check_proposal(proposal).map_err(|_| InvalidTransaction::Stale)?;
		let valid = ValidTransaction::with_tag_prefix("usufruct-propose")
			.priority(score.into())
			.and_provides((proposal.request, proposal.attempt, proposal.replica))
			.longevity(T::ProposalLife::get().into())
			.propagate(false)
			.build()?;
		Ok((valid, Weight::zero()))
	}

	pub(crate) fn do_propose(proposal: Proposal) -> DispatchResult {
		let (record, score) = Self::check_proposal(&proposal)?;
		let Proposal { request, attempt, replica, uid, .. } = proposal;
		if record.window == 0 {
			Self::deposit_event(Event::Proposed { request, replica, uid, score });
			return Self::bind(request, record, replica, uid).map(|_| ());
		}
		let better = Candidates::<T>::get(request, replica)
			.is_none_or(|best| best.attempt != attempt || score > best.score);
		ensure!(better, Error::<T>::NotBetter);
		Candidates::<T>::insert(request, replica, Candidate { attempt, uid, score });
		Self::deposit_event(Event::Proposed { request, replica, uid, score });
		Ok(())
	}

	pub(crate) fn do_settle(request: RequestId) -> DispatchResult {
		let mut record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.missing != 0, Error::<T>::NotOpen);
		ensure!(
			record.window > 0 && Self::now() >= record.opened_at.saturating_add(record.window),
			Error::<T>::WindowOpen
		);
		let replicas: Vec<u8> = record.missing_replicas();
		for replica in replicas {
			let Some(best) = Candidates::<T>::take(request, replica) else { continue };
			// What was the best may be sold or gone by now: the replica stays missing.
			if best.attempt == record.attempt && Self::check_offer(request, &record, best.uid).is_ok() {
				record = Self::bind(request, record, replica, best.uid)?;
			}
		}
		Ok(())
	}

	/// Buys the use right with the replica's budget and opens the lease.
	fn bind(
		request: RequestId,
		mut record: RequestRecord<T::AccountId>,
		replica: u8,
		uid: Uid,
	) -> Result<RequestRecord<T::AccountId>, DispatchError> {
		let vid = T::Resources::vid_of(uid).ok_or(Error::<T>::NotListed)?;
		let resource = T::Resources::resource(vid).ok_or(Error::<T>::NotListed)?;
		let budget = record.price_of_replica().ok_or(Error::<T>::Overflow)?;
		let lease = NextLeaseId::<T>::get();
		let next = lease.checked_add(1).ok_or(Error::<T>::Overflow)?;
		T::Currency::release(&HoldReason::Budget.into(), &record.tenant, budget, Precision::Exact)?;
		let ends_at = T::Market::buy(uid, &record.tenant, record.spec.term)?;
		LeasesOfNode::<T>::try_append(resource.node, lease)
			.map_err(|_| Error::<T>::TooManyLeases)?;
		let now = Self::now();
		NextLeaseId::<T>::put(next);
		LeaseOfUid::<T>::insert(uid, lease);
		Leases::<T>::insert(
			lease,
			LeaseRecord {
				request,
				replica,
				uid,
				vid,
				node: resource.node,
				tenant: record.tenant.clone(),
				provider: resource.owner,
				state: LeaseState::Bound,
				endpoint: Default::default(),
				generation: record.attempt,
				opened_at: now,
				deadline: now.saturating_add(T::StartTimeout::get()),
				ends_at,
			},
		);
		record.budget = record.budget.saturating_sub(budget);
		record.set_missing(replica, false);
		record.live = record.live.saturating_add(1);
		Self::store_request(request, record.clone())?;
		let node = resource.node;
		Self::deposit_event(Event::LeaseOpened { lease, request, replica, uid, node });
		Ok(record)
	}
}
