#![doc = include_str!("../README.md")]
//!
//! # Design goals
//!
//! 1. Anybody may match: the chain checks a proposal itself and trusts no matcher.
//! 2. Nobody is stuck: each state that waits for somebody has a block from which anyone may end it.
//! 3. No work in hooks: every step is a call whose cost is bounded by the record that it touches.
//!
//! # Design
//!
//! A request holds the tenant's budget and counts its replicas, each [`ReplicaState::Missing`],
//! [`ReplicaState::Placed`] or [`ReplicaState::Over`]. A proposal names a listing for a missing
//! replica. Check and rank are those of `usufruct-offchain-worker`, computed here again from the
//! state; a proposal has nothing to claim. With a window the best two proposals are kept and the
//! better is bound when the window is over, so the order of arrival does not matter; without one the
//! first valid proposal is bound at once (Goal 1).
//!
//! Binding releases the price of the term from the budget, buys the use right in the tenant's name
//! and opens a lease. The machine's owner reports its progress. A lease that is not acknowledged or
//! not running in time, or whose machine is lost, is expired by anyone: the machine is at fault, the
//! purchase closes, and what returns is held again for the rest of the term on another machine
//! (Goal 2). The validators' off-chain workers propose, settle and expire through authorised
//! transactions that are accepted from the local node or in a block only, and every wrapping of which
//! provides the same tag; the same calls are open to any signed account (Goals 1 and 3).
//!
//! # Invariants
//!
//! What is held of a tenant is the sum of its requests' budgets, to the unit. A lease, its use right,
//! its machine's index and its replica name each other. See `try_state.rs`.
//!
//! # Failure and recovery
//!
//! A request avoids the machines it failed on; after [`MAX_FAILURES`] of them its replica is given up
//! and the money stays with the tenant. A use right that was handed on is refunded to its holder, so
//! its replica is not placed again.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::expect_used)
)]
// FRAME generates storage types without it.
#![allow(missing_debug_implementations)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod binding;
mod images;
mod leases;
#[cfg(test)]
mod mock;
mod progress;
mod proposals;
mod requests;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;
mod worker;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(missing_docs)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, StorageVersion},
	};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use sp_core::H256;
	use usufruct_offchain_worker::Explanation;
	use usufruct_primitives::{
		traits::{Marketplace, NodeInspect, NodeUsage, ResourceInspect, ScoreInspect},
		Balance, BlockNumber, LeaseId, NodeId, RequestId, Uid,
	};

	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config + CreateAuthorizedTransaction<Call<Self>> {
		/// The native token.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Where use rights are bought.
		type Market: Marketplace<Self::AccountId>;
		/// Resources and use rights.
		type Rights: ResourceInspect<Self::AccountId>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId> + NodeUsage;
		/// What hardware proved, and which classes there are.
		type Scores: ScoreInspect;
		/// Held of the author of an image.
		#[pallet::constant]
		type ImageDeposit: Get<Balance>;
		/// Held of the tenant for a request and its leases, beside the budget.
		#[pallet::constant]
		type RequestDeposit: Get<Balance>;
		/// Longest window in blocks during which proposals compete.
		#[pallet::constant]
		type MaxWindow: Get<BlockNumber>;
		/// Longest time in blocks that a request may wait for its machines.
		#[pallet::constant]
		type MaxLifetime: Get<BlockNumber>;
		/// Blocks within which the machine must acknowledge a lease.
		#[pallet::constant]
		type AcknowledgeTimeout: Get<BlockNumber>;
		/// Blocks from the acknowledgement within which the workspace must run.
		#[pallet::constant]
		type DispenseTimeout: Get<BlockNumber>;
		/// Blocks after which a proposal lapses, counted from the block it was computed at.
		#[pallet::constant]
		type ProposalLifetime: Get<BlockNumber>;
		/// Leases that one machine may have at a time.
		#[pallet::constant]
		type MaxLeasesPerNode: Get<u32>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the record of an image.
		#[codec(index = 0)]
		Image,
		/// Pays for the record of a request.
		#[codec(index = 1)]
		Request,
		/// Will pay for machines.
		#[codec(index = 2)]
		Budget,
	}

	/// Images by digest; each is paid for by its deposit.
	#[pallet::storage]
	pub type Images<T: Config> =
		StorageMap<_, Twox64Concat, H256, ImageRecord<T::AccountId>, OptionQuery>;

	/// The identifier of the next request.
	#[pallet::storage]
	pub type NextRequestId<T> = StorageValue<_, RequestId, ValueQuery>;

	/// Requests by identifier; each is paid for by its deposit and removed when all replicas are
	/// over.
	#[pallet::storage]
	pub type Requests<T: Config> =
		StorageMap<_, Twox64Concat, RequestId, RequestRecord<T::AccountId>, OptionQuery>;

	/// Requests that miss a replica: what matchers read.
	#[pallet::storage]
	pub type OpenRequests<T> = StorageMap<_, Twox64Concat, RequestId, (), OptionQuery>;

	/// The best proposals so far for a missing replica: the best, and a runner-up on another machine.
	#[pallet::storage]
	pub type Candidates<T> =
		StorageDoubleMap<_, Twox64Concat, RequestId, Twox64Concat, u8, CandidateList, ValueQuery>;

	/// The identifier of the next lease.
	#[pallet::storage]
	pub type NextLeaseId<T> = StorageValue<_, LeaseId, ValueQuery>;

	/// Leases by identifier; bounded by the replicas of all requests. Removed when they end.
	#[pallet::storage]
	pub type Leases<T: Config> =
		StorageMap<_, Twox64Concat, LeaseId, LeaseRecord<T::AccountId>, OptionQuery>;

	/// The lease on a use right.
	#[pallet::storage]
	pub type LeaseOfUid<T> = StorageMap<_, Twox64Concat, Uid, LeaseId, OptionQuery>;

	/// The leases on a machine: what its agent must run. At most `MaxLeasesPerNode` each.
	#[pallet::storage]
	pub type LeasesOfNode<T> =
		StorageDoubleMap<_, Twox64Concat, NodeId, Twox64Concat, LeaseId, (), OptionQuery>;

	/// How many leases a machine has.
	#[pallet::storage]
	pub type LeaseCount<T> = StorageMap<_, Twox64Concat, NodeId, u32, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An image may be named in requests.
		ImagePublished { digest: H256, author: T::AccountId },
		/// It may not any more; the deposit returned.
		ImageRetracted { digest: H256 },
		/// A tenant asks for machines; the budget is held.
		WorkspaceRequested { request: RequestId, tenant: T::AccountId },
		/// A proposal was accepted: bound at once, or kept until the window is over.
		Proposed { request: RequestId, replica: u8, uid: Uid, score: u32 },
		/// A replica has a machine.
		LeaseOpened { lease: LeaseId, request: RequestId, replica: u8, uid: Uid, node: NodeId },
		/// No replica is missing; the rest of the budget returned.
		RequestCompleted { request: RequestId, refund: Balance },
		/// The machine's owner said how far the workspace is.
		ProgressReported { lease: LeaseId, progress: Progress },
		/// The lease is over: whatever runs for it must stop.
		LeaseEnded { lease: LeaseId, request: RequestId, replica: u8, reason: EndReason },
		/// A replica lost its machine and is missing again; its refund is held for the next.
		ReplicaReopened { request: RequestId, replica: u8, attempt: u32 },
		/// The tenant waits no longer for what is missing.
		RequestCancelled { request: RequestId, refund: Balance },
		/// What was missing was not found in time.
		RequestExpired { request: RequestId, refund: Balance },
		/// All replicas are over; the record is gone.
		RequestClosed { request: RequestId },
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No image has this digest: publish it first.
		UnknownImage,
		/// The image was published before.
		ImageTaken,
		/// Only the author of the image may do this.
		NotAuthor,
		/// Requests name the image.
		ImageInUse,
		/// Replicas, term, window or lifetime are zero or above the chain's limits.
		BadSpec,
		/// A named resource class does not exist.
		UnknownClass,
		/// A WebAssembly image needs the isolation `Wasm`, any other image another one.
		IsolationMismatch,
		/// The budget does not cover all replicas for the whole term at the highest price.
		BudgetTooSmall,
		/// No request has this identifier.
		UnknownRequest,
		/// Only the tenant may do this.
		NotTenant,
		/// Nothing of the request is missing.
		NotOpen,
		/// The block for this has not come.
		TooEarly,
		/// The request waited too long and can only be expired.
		Expired,
		/// The proposal was computed in the future or too long ago.
		StaleProposal,
		/// The request failed or was reopened since the proposal was computed.
		StaleAttempt,
		/// The replica does not exist, has its machine or is over.
		ReplicaNotMissing,
		/// The use right is not for sale.
		NotListed,
		/// The machine is not online.
		NodeOffline,
		/// A tenant is not matched with its own listing.
		OwnListing,
		/// The request failed on this machine before.
		NodeAvoided,
		/// The resource does not satisfy the requirement.
		NotSuitable,
		/// The term is shorter or longer than the listing allows.
		TermOutOfBounds,
		/// The price is above the highest that the request accepts or can pay.
		TooDear,
		/// The machine has as many leases as it may have.
		NodeFull,
		/// A proposal at least as good is known.
		NotBetter,
		/// No proposal waits to be settled.
		NothingToSettle,
		/// No lease has this identifier.
		UnknownLease,
		/// Only the owner of the machine may do this.
		NotProvider,
		/// Only the holder of the use right may do this.
		NotHolder,
		/// The report is about another generation of the lease.
		WrongGeneration,
		/// The deadline is over: the lease can only be expired.
		DeadlinePassed,
		/// Progress only moves forward.
		NotProgress,
		/// An amount, a block or an identifier overflows.
		Overflow,
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Why an open request finds what it finds, over the first 1,000 listings. `None` where it
		/// misses nothing.
		pub fn explain(request: RequestId) -> Option<Explanation> {
			Self::explain_request(request)
		}

		/// What a request would find now if `tenant` opened it with a budget that is large enough,
		/// over the first 1,000 listings. `None` where the image is unknown.
		pub fn explain_spec(tenant: T::AccountId, spec: WorkspaceSpec) -> Option<Explanation> {
			Self::dry_run(tenant, spec)
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Makes an image known by its digest: the SHA-256 of an OCI image, the BLAKE3 of a
		/// WebAssembly module. Agents refuse content with another digest, so `reference` is a hint
		/// where to fetch it and nothing more.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish_image())]
		pub fn publish_image(
			origin: OriginFor<T>,
			digest: H256,
			kind: ImageKind,
			reference: Reference,
			size_bytes: u64,
		) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_publish_image(author, digest, kind, reference, size_bytes)
		}

		/// Takes an image back that no request names.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::retract_image())]
		pub fn retract_image(origin: OriginFor<T>, digest: H256) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_retract_image(author, digest)
		}

		/// Asks for machines. The budget must cover the highest price for all replicas and the whole
		/// term; it is held. Proposals compete for `window` blocks, 0 = the first valid one wins.
		/// What is missing after `lifetime` blocks is given up and its money returns.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::request())]
		pub fn request(
			origin: OriginFor<T>,
			spec: WorkspaceSpec,
			#[pallet::compact] budget: Balance,
			window: BlockNumber,
			lifetime: BlockNumber,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_request(tenant, spec, budget, window, lifetime)
		}

		/// Gives up what is missing of a request. Its leases go on.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::cancel_request())]
		pub fn cancel_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_cancel_request(tenant, request)
		}

		/// Proposes a listing for a replica: from a validator's off-chain worker, in its own block.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::propose())]
		#[pallet::authorize(Self::authorize_propose)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_propose())]
		pub fn propose(origin: OriginFor<T>, proposal: Proposal) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_propose(proposal)
		}

		/// Proposes a listing for a replica: from any matcher, for the fee of the transaction.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::propose())]
		pub fn propose_signed(origin: OriginFor<T>, proposal: Proposal) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_propose(proposal)
		}

		/// Binds the best proposals of a request whose window is over.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::settle())]
		#[pallet::authorize(Self::authorize_settle)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_settle())]
		pub fn settle(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_settle(request)
		}

		/// Says how far a workspace is. By the owner of its machine, through its agent's proxy.
		/// `generation` fences reports about an earlier lease on the same machine.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::report_progress())]
		pub fn report_progress(
			origin: OriginFor<T>,
			lease: LeaseId,
			generation: u32,
			progress: Progress,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_report_progress(provider, lease, generation, progress)
		}

		/// Ends a lease. By the holder of its use right, to whom the unused part of the price
		/// returns.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::terminate())]
		pub fn terminate(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			let holder = ensure_signed(origin)?;
			Self::do_terminate(holder, lease)
		}

		/// Ends a lease whose deadline or term is over or whose machine is lost, and looks for
		/// another machine for the rest of the term.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::expire())]
		#[pallet::authorize(Self::authorize_expire)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_expire())]
		pub fn expire(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_expire(lease)
		}

		/// Gives up what is missing of a request that waited too long.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::expire_request())]
		#[pallet::authorize(Self::authorize_expire_request)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_expire_request())]
		pub fn expire_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_expire_request(request)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn offchain_worker(_: BlockNumberFor<T>) {
			Self::run_worker();
		}

		fn integrity_test() {
			assert!(T::AcknowledgeTimeout::get() > 0, "a lease must be acknowledgeable");
			assert!(T::DispenseTimeout::get() > 0, "a workspace must be dispensable");
			assert!(T::MaxLifetime::get() > T::MaxWindow::get(), "a window must fit a lifetime");
			assert!(T::ProposalLifetime::get() > 0, "a proposal must live until the next block");
			assert!(T::MaxLeasesPerNode::get() > 0, "a machine must take a lease");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
