#![doc = include_str!("../README.md")]
//!
//! # Design goals
//!
//! 1. Anybody may match: the chain checks a proposal itself and trusts no matcher.
//! 2. Nobody is stuck: each state that waits for somebody has a block from which anyone may end it.
//! 3. No work in hooks: each step is a call whose cost is bounded by the record that it touches.
//!
//! # Design
//!
//! Check and rank are those of `usufruct-offchain-worker`, computed here again from the state; a
//! proposal has nothing to claim. Within a request's window the best two proposals for a replica are
//! kept and the better is bound when it is over, so their order of arrival does not matter; without
//! a window, or after it, a valid proposal is bound at once (Goal 1).
//!
//! Binding releases the replica's part of the budget, buys the use right in the tenant's name and
//! opens a lease, of which the applications take what the author of a release asks (`ApplicationUse`). A lease that does not run in time, or whose machine is gone, is expired by anyone:
//! the machine is at fault, the purchase closes, and another machine, none that failed before, is
//! looked for with the money for the rest of the term (Goal 2). Validators' workers propose, settle
//! and expire by authorised transactions, so that no step waits for a person; the same calls are open
//! to any signed account (Goals 1 and 3).
//!
//! # Invariants
//!
//! What is held of a tenant is the highest price of what its requests miss, with the author's, and their deposits. A
//! tenant never pays more than the budget it agreed to, however often machines fail. A lease has a
//! use right that was sold, and each use right one lease at most.
//!
//! # Failure and recovery
//!
//! A proposal that is wrong or late is refused and costs its sender alone. A worker that stops costs
//! nobody money: any other, or anybody, sends the same calls. A use right that was handed on belongs
//! to its holder, as does what it refunds, so its replica is not asked for again.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]
// FRAME generates storage types without it.
#![allow(missing_debug_implementations)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod binding;
mod catalogue;
mod held;
mod images;
mod leases;
pub mod migrations;
#[cfg(test)]
mod mock;
pub mod plan;
mod progress;
mod proposals;
mod requests;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod updates;
pub mod weights;
mod worker;
mod workload;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use plan::{Plan, Planned, Seat, MAX_PLANNED};
pub use types::*;
pub use weights::WeightInfo;
pub use workload::*;

/// An image and the ticket of its deposit.
pub type Image<T> =
	ImageRecord<<T as frame_system::Config>::AccountId, <T as Config>::ImageDeposit>;
/// A request and the ticket of its deposit.
pub type Request<T> =
	RequestRecord<<T as frame_system::Config>::AccountId, <T as Config>::RequestDeposit>;

// Fields of events speak for themselves; FRAME's macros expect where they are certain.
#[frame_support::pallet]
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
	};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use usufruct_offchain_worker::Explanation;
	use usufruct_primitives::{
		traits::{
			ApplicationUse, Marketplace, NodeInspect, NodeUsage, ResourceInspect, ScoreInspect,
		},
		Balance, BlockNumber, Hash, LeaseId, NodeId, RequestId, Uid,
	};

	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(4);

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
		/// Held of an author for an image.
		type ImageDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of a tenant for a request.
		type RequestDeposit: Consideration<Self::AccountId, Footprint>;
		/// Longest window for better proposals, in blocks.
		#[pallet::constant]
		type MaxWindow: Get<BlockNumber>;
		/// Longest life of an open request, in blocks.
		#[pallet::constant]
		type MaxLifetime: Get<BlockNumber>;
		/// Blocks from the opening of a lease until it must run.
		#[pallet::constant]
		type StartTimeout: Get<BlockNumber>;
		/// Blocks after which a proposal lapses.
		#[pallet::constant]
		type ProposalLife: Get<BlockNumber>;
		/// Most leases of one machine.
		#[pallet::constant]
		type MaxLeasesPerNode: Get<u32>;
		/// Most requests that the worker looks at per block.
		#[pallet::constant]
		type WorkerRequests: Get<u32>;
		/// Most listings that the worker looks at per block.
		#[pallet::constant]
		type WorkerListings: Get<u32>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId> + NodeUsage;
		/// Resources and use rights.
		type Resources: ResourceInspect<Self::AccountId>;
		/// Where use rights are bought.
		type Market: Marketplace<Self::AccountId>;
		/// What was proved.
		type Scores: ScoreInspect;
		/// Whose applications run, and what they ask.
		type Applications: ApplicationUse<Self::AccountId>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for an image's record.
		#[codec(index = 0)]
		Image,
		/// Pays for a request's record.
		#[codec(index = 1)]
		Request,
		/// Will buy the use rights of the replicas that are missing.
		#[codec(index = 2)]
		Budget,
	}

	/// Published images by digest; each is paid for by its deposit.
	#[pallet::storage]
	pub type Images<T: Config> = StorageMap<_, Blake2_128Concat, Hash, Image<T>, OptionQuery>;

	/// The identifier of the next request.
	#[pallet::storage]
	pub type NextRequestId<T> = StorageValue<_, RequestId, ValueQuery>;

	/// Requests that miss replicas or have leases; each is paid for by its deposit.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Twox64Concat, RequestId, Request<T>, OptionQuery>;

	/// Requests that miss replicas, for matchers.
	#[pallet::storage]
	pub type OpenRequests<T> = StorageMap<_, Twox64Concat, RequestId, (), OptionQuery>;

	/// The best proposals so far for a missing replica of a request with a window.
	#[pallet::storage]
	pub type Candidates<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		RequestId,
		Twox64Concat,
		u8,
		CandidateList<T::AccountId>,
		ValueQuery,
	>;

	/// The identifier of the next lease.
	#[pallet::storage]
	pub type NextLeaseId<T> = StorageValue<_, LeaseId, ValueQuery>;

	/// Leases; bounded by the use rights that were sold.
	#[pallet::storage]
	pub type Leases<T: Config> =
		StorageMap<_, Twox64Concat, LeaseId, LeaseRecord<T::AccountId>, OptionQuery>;

	/// The lease on a use right.
	#[pallet::storage]
	pub type LeaseOfUid<T> = StorageMap<_, Twox64Concat, Uid, LeaseId, OptionQuery>;

	/// The leases of a machine, for its agent.
	#[pallet::storage]
	pub type LeasesOfNode<T: Config> =
		StorageMap<_, Twox64Concat, NodeId, BoundedVec<LeaseId, T::MaxLeasesPerNode>, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An image can be requested.
		ImagePublished { digest: Hash, author: T::AccountId },
		/// It cannot any more.
		ImageRetracted { digest: Hash },
		/// A tenant asks for a workspace.
		WorkspaceRequested {
			request: RequestId,
			tenant: T::AccountId,
		},
		/// A proposal is valid and the best so far.
		Proposed {
			request: RequestId,
			replica: u8,
			uid: Uid,
			score: u32,
		},
		/// A replica has its use right; the machine must run it.
		LeaseOpened {
			lease: LeaseId,
			request: RequestId,
			replica: u8,
			uid: Uid,
			node: NodeId,
		},
		/// The machine told how far it is.
		ProgressReported { lease: LeaseId, progress: Progress },
		/// A lease is over; whatever runs for it must stop.
		LeaseEnded { lease: LeaseId, reason: EndReason },
		/// A lease failed and its replica is asked for again.
		RequestReopened { request: RequestId, attempt: u32 },
		/// The tenant took back what was not placed.
		RequestCancelled { request: RequestId, refund: Balance },
		/// What was not placed in time was taken back.
		RequestExpired { request: RequestId, refund: Balance },
		/// The tenant gave the replicas another workload; their machines take it in turns.
		WorkspaceUpdated { request: RequestId, revision: u32 },
		/// All leases of a request are over.
		RequestCompleted { request: RequestId },
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No image with this digest is published.
		UnknownImage,
		/// An image with this digest is published already.
		ImageExists,
		/// Only the image's author may do this.
		NotAuthor,
		/// Requests use the image.
		ImageInUse,
		/// No request has this identifier.
		UnknownRequest,
		/// No lease has this identifier: it ended.
		UnknownLease,
		/// Only the tenant may do this.
		NotTenant,
		/// Only the owner of the lease's machine may do this.
		NotProvider,
		/// A workspace has 1 to 8 replicas.
		BadReplicas,
		/// The term must be at least one block.
		BadTerm,
		/// The budget must cover the highest price, and the author's, × term × replicas.
		BudgetTooSmall,
		/// The window or the lifetime is longer than the chain allows, or the lifetime is zero.
		BadWindow,
		/// The request misses no replica.
		NotOpen,
		/// The proposal is for another attempt, or its replica is placed, or it is too old.
		StaleProposal,
		/// The use right is not for sale: it was sold, or taken off the market.
		NotListed,
		/// The offer does not satisfy the request: the machine is offline.
		NodeOffline,
		/// The offer does not satisfy the request's requirements.
		Unsuitable,
		/// A better or equal proposal is known.
		NotBetter,
		/// The request's window is not over.
		WindowOpen,
		/// The report is for another generation of the lease.
		WrongGeneration,
		/// Progress never goes back: the lease runs already.
		AlreadyRunning,
		/// A percentage is at most 100.
		BadProgress,
		/// The lease keeps its promises and its term is not over.
		NotExpired,
		/// The machine has as many leases as it may have.
		TooManyLeases,
		/// An amount overflows or all identifiers are used up.
		Overflow,
		/// A named resource class does not exist.
		UnknownClass,
		/// A WebAssembly image needs the isolation `Wasm`, and no other image can have it.
		IsolationMismatch,
		/// The request's lifetime is over: it can only be expired.
		LifetimeOver,
		/// No proposal waits to be settled.
		NothingToSettle,
		/// The use right's term has not begun or is over.
		NotInForce,
		/// A workspace runs on the use right: end it first.
		RightInUse,
		/// The right is sublet, and its term is not the subtenant's to end: let the sublet end.
		Sublet,
		/// The lists of a requirement ascend and name nothing twice: sort them.
		UnsortedList,
		/// A list that allows or forbids names something; leave it out to accept anything.
		EmptyList,
		/// Region 0 is no region. Name regions by their ISO 3166 numbers.
		UnknownRegion,
		/// At most 100 per cent availability can be asked for.
		BadPercentage,
		/// Replicas cannot be apart and together in the same sense.
		ContradictoryPlacement,
		/// The weights of price, speed and reliability must add up to 100.
		BadWeights,
		/// No such release is there, or it was retracted: choose another.
		UnknownRelease,
		/// The release is of another image than the one that is asked for.
		AnotherImage,
		/// A health check needs a port, a path that begins with `/`, and times within its bounds.
		BadHealthCheck,
		/// Between 1 and 100 restarts can be asked for, and a job cannot be started again when it is done.
		BadRestart,
		/// The workspace has this workload already, and no machine refused it.
		SameWorkload,
		/// Jobs are not updated, and no service becomes one: request it anew.
		NotAService,
		/// A container cannot become a module, nor the other way round: request it anew.
		AnotherKind,
		/// A replica's use right was handed on: what runs there is its holder's.
		HandedOn,
		/// An update stays with its application: request it anew.
		AnotherApplication,
		/// An update stays at the author's price: request it anew.
		AnotherPrice,
		/// The revision is not between the one that runs and the newest.
		WrongRevision,
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Why a request finds what it finds, by the first reason against each of the listings that
		/// the worker looks at. `None` where it misses no replica.
		pub fn explain(request: RequestId) -> Option<Explanation> {
			Self::explain_request(request)
		}

		/// The listings from `from` on as a request that `tenant` did not make yet would see them, at most
		/// `limit`, with where to go on. `None` where the image is unknown.
		pub fn plan(
			tenant: T::AccountId,
			spec: WorkspaceSpec<T::AccountId>,
			from: Uid,
			limit: u32,
		) -> Option<Plan> {
			Self::plan_for(tenant, spec, from, limit)
		}

		/// Where the replicas of a request that `tenant` did not make yet would go if nothing else were for sale
		/// than `among`, of which the first 500 count. `None` where the image is unknown.
		pub fn seats(
			tenant: T::AccountId,
			spec: WorkspaceSpec<T::AccountId>,
			among: alloc::vec::Vec<Uid>,
		) -> Option<alloc::vec::Vec<Seat>> {
			Self::seats_for(tenant, spec, among)
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Makes an image known by its digest.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish_image())]
		pub fn publish_image(
			origin: OriginFor<T>,
			digest: Hash,
			kind: ImageKind,
			reference: Text,
			size_bytes: u64,
		) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_publish_image(author, digest, kind, reference, size_bytes)
		}

		/// Forgets an image that no request uses.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::retract_image())]
		pub fn retract_image(origin: OriginFor<T>, digest: Hash) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_retract_image(author, digest)
		}

		/// Asks for a workspace. The highest price, and what the author of a release asks, × term × replicas is
		/// held; `budget` is the most that the caller accepts to be held.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::request().saturating_add(T::Applications::weight()))]
		pub fn request(
			origin: OriginFor<T>,
			spec: WorkspaceSpec<T::AccountId>,
			#[pallet::compact] budget: Balance,
			window: BlockNumber,
			lifetime: BlockNumber,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_request(tenant, spec, budget, window, lifetime)
		}

		/// Takes back what is not placed. Leases go on.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::cancel_request().saturating_add(T::Applications::weight()))]
		pub fn cancel_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_cancel_request(tenant, request)
		}

		/// Proposes a use right for a replica, from a validator's own off-chain worker.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::propose().saturating_add(T::Applications::weight()))]
		#[pallet::authorize(Pallet::<T>::authorize_propose)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_propose())]
		pub fn propose(origin: OriginFor<T>, proposal: Proposal) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_propose(proposal, None)
		}

		/// Proposes a use right for a replica. Where it is bound, the caller gets a part of the market's fee.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::propose().saturating_add(T::Applications::weight()))]
		pub fn propose_signed(origin: OriginFor<T>, proposal: Proposal) -> DispatchResult {
			let matcher = ensure_signed(origin)?;
			Self::do_propose(proposal, Some(matcher))
		}

		/// Binds the best proposals of a request whose window is over.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::settle().saturating_add(T::Applications::weight().saturating_mul(MAX_REPLICAS.into())))]
		#[pallet::authorize(Pallet::<T>::authorize_settle)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_settle())]
		pub fn settle(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_settle(request)
		}

		/// Tells how far the machine is with a lease.
		#[pallet::call_index(7)]
		#[pallet::weight(
			T::WeightInfo::report_progress()
				.saturating_add(T::Market::weight_of_telling())
				.saturating_add(T::Applications::weight())
		)]
		pub fn report_progress(
			origin: OriginFor<T>,
			lease: LeaseId,
			generation: u32,
			progress: Progress,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_report_progress(provider, lease, generation, progress)
		}

		/// Ends a lease. What is unused returns.
		#[pallet::call_index(8)]
		#[pallet::weight(
			T::WeightInfo::terminate()
				.saturating_add(T::Market::weight_of_telling())
				.saturating_add(T::Applications::weight())
		)]
		pub fn terminate(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_terminate(tenant, lease)
		}

		/// Ends a lease that broke its deadline, whose machine is gone, or whose term is over.
		#[pallet::call_index(9)]
		#[pallet::weight(
			T::WeightInfo::expire()
				.saturating_add(T::Market::weight_of_telling())
				.saturating_add(T::Applications::weight())
		)]
		#[pallet::authorize(Pallet::<T>::authorize_expire)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_expire())]
		pub fn expire(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_expire(lease)
		}

		/// Gives back what a request did not place in its lifetime.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::expire_request().saturating_add(T::Applications::weight()))]
		#[pallet::authorize(Pallet::<T>::authorize_expire_request)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_expire_request())]
		pub fn expire_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
			Self::ensure_anyone(origin)?;
			Self::do_expire_request(request)
		}

		/// Runs an image on a use right in force that the caller holds and on which nothing runs. The right
		/// stays the caller's when the workspace ends. What the author of a release asks for the term is held.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::run().saturating_add(T::Applications::weight()))]
		pub fn run(origin: OriginFor<T>, uid: Uid, workload: Workload) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_run(tenant, uid, workload)
		}

		/// Gives the replicas of a service another workload of the same kind of image, application and price. Machines
		/// replace what runs one after the other.
		#[pallet::call_index(12)]
		#[pallet::weight(
			T::WeightInfo::update()
				// Each replica's, and the two releases.
				.saturating_add(T::Applications::weight().saturating_mul(u64::from(MAX_REPLICAS).saturating_add(2)))
		)]
		pub fn update(
			origin: OriginFor<T>,
			request: RequestId,
			workload: Workload,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_update(tenant, request, workload)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn offchain_worker(_: BlockNumberFor<T>) {
			Self::run_worker();
		}

		fn integrity_test() {
			assert!(
				T::StartTimeout::get() > 0,
				"a machine must have time to start a workspace"
			);
			assert!(
				T::MaxLifetime::get() > T::MaxWindow::get(),
				"a lifetime must hold its window"
			);
			assert!(
				T::ProposalLife::get() > 0,
				"a proposal must live until the next block"
			);
			assert!(
				T::MaxLeasesPerNode::get() > 0,
				"a machine must take a lease"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
