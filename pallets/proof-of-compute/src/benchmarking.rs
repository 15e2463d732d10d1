//! What each call costs at its worst.

use alloc::{boxed::Box, vec, vec::Vec};

use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get, Hooks},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use usufruct_primitives::{
	traits::{BlockRandomness, NodeInspect, OnHardwareRemoved},
	Balance, BlockNumber, ChallengeId, ClassId, EpochId, HardwareKind, Hid, NodeId, Uid,
};
use usufruct_proof::{
	ClassParams, MemoryParams, Reveal, Speed, Timeline, MAX_K, MAX_MEMORY_SAMPLES, MAX_PASSES,
	MAX_ROUNDS, MAX_SAMPLES, MAX_SIDE, RANDOMNESS_KEPT,
};

mod answer;

use answer::{answer, Sampled};

use crate::*;

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Adds hardware of the class, which exists, to a new machine that is online. The same seed is
	/// used once.
	fn hardware(seed: u32, class: ClassId) -> Hid;
	/// Sells a right to use the hardware's machine, that is in force.
	fn rent(hid: Hid, tenant: &AccountId) -> Uid;
	/// Makes a workspace run on the machine.
	fn occupy(node: NodeId);
}

/// The epoch before the one that is under way.
const EPOCH: EpochId = 8;
/// A class that no chain begins with.
const CLASS: ClassId = ClassId::MAX;
/// A class that nobody can have more work in.
const LARGEST: ClassParams = ClassParams {
	m: MAX_SIDE,
	n: MAX_SIDE,
	k: MAX_K,
	samples: MAX_SAMPLES,
	window: 10,
	first_root: 3,
	reveal: 5,
	min_rounds: 1,
	max_rounds: MAX_ROUNDS,
	reference_ops: 1,
	memory: Some(MemoryParams {
		kept_rounds: 1,
		samples: MAX_MEMORY_SAMPLES,
		window: 3,
		max_passes: MAX_PASSES,
		reference_bytes: 1,
	}),
	version: 1,
};

/// The largest class whose reveals have so many samples of rounds and of passes, and at least `rounds`
/// rounds. As many of those are kept as make a whole tree.
fn sampled_class(rounds: u32, samples: u32, memory_samples: u32) -> ClassParams {
	let kept_rounds = 1u32
		.checked_shl(rounds.checked_ilog2().unwrap_or(0))
		.unwrap_or(1);
	ClassParams {
		samples,
		min_rounds: kept_rounds,
		memory: LARGEST.memory.map(|memory| MemoryParams {
			kept_rounds,
			samples: memory_samples,
			..memory
		}),
		..LARGEST
	}
}

fn class(params: ClassParams) -> ResourceClass {
	ResourceClass {
		name: vec![b'x'; 32].try_into().unwrap_or_default(),
		kind: HardwareKind::Gpu,
		params,
		revenue_weight_ppm: u32::MAX,
	}
}

fn requester<T: Config>() -> T::AccountId {
	let who = account("requester", 0, 0);
	// Whatever the deposit is.
	T::Currency::set_balance(&who, Balance::MAX >> 8);
	who
}

/// Goes to a block. Every block had randomness.
fn go_to<T: Config>(block: BlockNumber) {
	for past in Pallet::<T>::now()..block {
		let slot = past.checked_rem(RANDOMNESS_KEPT).unwrap_or(0);
		Randomness::<T>::insert(slot, (past, [past as u8; 32]));
	}
	frame_system::Pallet::<T>::set_block_number(block.into());
}

/// A full ranking of the class, and what is kept of each. Gives hardware that is its worst.
fn ranked<T: Config>(params: ClassParams) -> Hid {
	Classes::<T>::insert(CLASS, class(params));
	let ranking: Vec<_> = (0..T::MaxRanked::get())
		.map(|seed| {
			let hid = T::BenchmarkHelper::hardware(seed, CLASS);
			Histories::<T>::insert(hid, history(700_000));
			Ranked {
				hid,
				score_ppm: 700_000,
				epoch: EPOCH,
			}
		})
		.collect();
	let last = ranking.last().map_or(0, |ranked| ranked.hid);
	Ranking::<T>::insert(CLASS, BoundedVec::truncate_from(ranking));
	last
}

/// A history that is full.
fn history(ppm: u32) -> History {
	let mut history = History::default();
	(1..=EPOCH).for_each(|epoch| history.note_score(epoch, ppm));
	history
}

/// A challenge of hardware that is the last of a full ranking, with the owner of its machine.
fn challenged<T: Config>(
	params: ClassParams,
) -> Result<(T::AccountId, ChallengeId), BenchmarkError> {
	let hid = ranked::<T>(params);
	let id = NextChallengeId::<T>::get();
	let tenant = requester::<T>();
	let right = T::BenchmarkHelper::rent(hid, &tenant);
	Pallet::<T>::request_proof(RawOrigin::Signed(tenant).into(), hid, Some(right))?;
	let challenge = Challenges::<T>::get(id).ok_or("it was asked for")?;
	let owner = T::Nodes::owner(challenge.node).ok_or("its machine has an owner")?;
	go_to::<T>(challenge.timeline().opens_at());
	Ok((owner, id))
}

/// An epoch under way, the owner of hardware that is the last of a full ranking, and the hardware. All
/// seeds are known.
fn in_epoch<T: Config>(params: ClassParams) -> Result<(T::AccountId, Hid), BenchmarkError> {
	let hid = ranked::<T>(params);
	let rules = EpochRules {
		pause: 1,
		entry: RANDOMNESS_KEPT,
		span: RANDOMNESS_KEPT,
		disputes: 10,
		audits: 1,
	};
	let began_at = Pallet::<T>::now();
	CurrentEpoch::<T>::put(Epoch {
		id: EPOCH.saturating_add(1),
		began_at,
		rules,
	});
	let node = T::Nodes::hardware(hid).ok_or("it was added")?.node;
	let owner = T::Nodes::owner(node).ok_or("its machine has an owner")?;
	let timeline = Timeline {
		issued_at: began_at,
		params,
	};
	go_to::<T>(timeline.opens_at());
	Ok((owner, hid))
}

/// An entry that is committed, of hardware that no audit has seen.
fn committed<T: Config>(params: ClassParams) -> Result<(T::AccountId, Hid), BenchmarkError> {
	let (owner, hid) = in_epoch::<T>(params)?;
	let origin = || RawOrigin::Signed(owner.clone()).into();
	let epoch = EPOCH.saturating_add(1);
	Pallet::<T>::enter(origin(), hid, epoch, [1; 32])?;
	Pallet::<T>::commit_entry(origin(), hid, params.max_rounds, [2; 32])?;
	let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
	go_to::<T>(entry.timeline().memory_opens_at());
	Pallet::<T>::commit_entry_memory(origin(), hid, MAX_PASSES, [3; 32])?;
	Ok((owner, hid))
}

/// Makes an audit see the highest speed there is: from here on the lottery decides.
fn believe<T: Config>(hid: Hid) {
	Histories::<T>::mutate_extant(hid, |history| {
		history.audited = Speed {
			ops_per_second: u64::MAX,
			bytes_per_second: u64::MAX,
		};
	});
}

/// A challenge whose first root is here.
fn started<T: Config>(params: ClassParams) -> Result<(T::AccountId, ChallengeId), BenchmarkError> {
	let (owner, id) = challenged::<T>(params)?;
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::commit_first(origin, id, [1; 32])?;
	Ok((owner, id))
}

/// A challenge that waits for its reveal of so many roots and samples of rounds, roots and samples of passes, and
/// the reveal.
fn revealed<T: Config>(
	[r, s, p, z]: [u32; 4],
) -> Result<(T::AccountId, ChallengeId, Reveal), BenchmarkError> {
	let params = sampled_class(r, s, z);
	let (owner, id) = challenged::<T>(params)?;
	let mut challenge = Challenges::<T>::get(id).ok_or("it runs")?;
	go_to::<T>(challenge.timeline().sampled_at());
	let sampled = Sampled {
		params,
		work: Pallet::<T>::seed(id).ok_or("its window is open")?,
		memory: Pallet::<T>::memory_randomness(&challenge.timeline())?,
		samples: Pallet::<T>::sample_seed(id).ok_or("its positions are known")?,
	};
	// The work is made backwards, from the positions: so the commitment is written, not sent.
	let (commitment, opened) = answer(&sampled, r, p);
	challenge.state = ChallengeState::Committed { commitment };
	Challenges::<T>::insert(id, challenge);
	Ok((owner, id, opened))
}

#[benchmarks(where BlockNumberFor<T>: From<u32>)]
mod benches {
	use super::*;

	#[benchmark]
	fn set_class() -> Result<(), BenchmarkError> {
		let origin =
			T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		Classes::<T>::insert(CLASS, class(LARGEST));
		let changed = class(ClassParams {
			version: 2,
			..LARGEST
		});

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, CLASS, changed.clone());

		assert_eq!(Classes::<T>::get(CLASS), Some(changed));
		Ok(())
	}

	#[benchmark]
	fn request_proof() {
		Classes::<T>::insert(CLASS, class(LARGEST));
		let hid = T::BenchmarkHelper::hardware(0, CLASS);
		let who = requester::<T>();
		let right = T::BenchmarkHelper::rent(hid, &who);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), hid, Some(right));

		assert!(ChallengeOfHid::<T>::contains_key(hid));
	}

	#[benchmark]
	fn commit_first() -> Result<(), BenchmarkError> {
		let (owner, id) = challenged::<T>(LARGEST)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, [1; 32]);

		let state = Challenges::<T>::get(id).map(|challenge| challenge.state);
		assert_eq!(
			state,
			Some(ChallengeState::Started {
				first_root: [1; 32]
			})
		);
		Ok(())
	}

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		let (owner, id) = started::<T>(LARGEST)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, MAX_ROUNDS, [2; 32]);

		let state = Challenges::<T>::get(id).map(|challenge| challenge.state);
		assert!(matches!(state, Some(ChallengeState::Committed { .. })));
		Ok(())
	}

	#[benchmark]
	fn commit_memory() -> Result<(), BenchmarkError> {
		let (owner, id) = started::<T>(LARGEST)?;
		let origin = || RawOrigin::Signed(owner.clone());
		Pallet::<T>::commit(origin().into(), id, MAX_ROUNDS, [2; 32])?;
		let challenge = Challenges::<T>::get(id).ok_or("it runs")?;
		go_to::<T>(challenge.timeline().memory_opens_at());

		#[extrinsic_call]
		_(origin(), id, MAX_PASSES, [3; 32]);

		let state = Challenges::<T>::get(id).map(|challenge| challenge.state);
		let Some(ChallengeState::Committed { commitment }) = state else {
			return Err("it was committed".into());
		};
		assert!(commitment.memory.is_some());
		Ok(())
	}

	/// `s` samples of rounds and `z` of passes, all right: the first wrong one would end the work early. What
	/// roots cost is measured apart: beside many samples it is lost in their noise.
	#[benchmark]
	fn reveal(
		s: Linear<1, MAX_SAMPLES>,
		z: Linear<1, MAX_MEMORY_SAMPLES>,
	) -> Result<(), BenchmarkError> {
		let (owner, id, opened) = revealed::<T>([1, s, 1, z])?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, Box::new(opened));

		assert_eq!(Scores::<T>::iter().count(), 1);
		Ok(())
	}

	/// The same with one sample of each kind, `r` roots of rounds and `p` roots of passes.
	#[benchmark]
	fn roots(r: Linear<1, MAX_ROUNDS>, p: Linear<1, MAX_PASSES>) -> Result<(), BenchmarkError> {
		let (owner, id, opened) = revealed::<T>([r, 1, p, 1])?;

		#[extrinsic_call]
		reveal(RawOrigin::Signed(owner), id, Box::new(opened));

		assert_eq!(Scores::<T>::iter().count(), 1);
		Ok(())
	}

	/// What an audit of a datacenter's GPU costs: 512 rounds of matrices with an inner dimension of 65,536,
	/// 32 samples. No call's weight: to be compared with a budget of 20 ms and 80 KB.
	#[benchmark(extra)]
	fn audit_of_a_datacenter_class() -> Result<(), BenchmarkError> {
		let params = ClassParams {
			k: 65_536,
			samples: 32,
			memory: None,
			..LARGEST
		};
		let sampled = Sampled {
			params,
			work: [7; 32],
			memory: [8; 32],
			samples: [9; 32],
		};
		let (commitment, opened) = answer(&sampled, MAX_ROUNDS, 0);
		assert!(opened.encoded_size() <= 80_000);
		let seeds = sampled.seeds(&commitment);
		let verdict;

		#[block]
		{
			verdict = usufruct_proof::verify(&params, &seeds, &commitment, &opened);
		}

		assert_eq!(verdict, Ok(()));
		Ok(())
	}

	/// What the memory phase of a datacenter's GPU adds to it: 128 GiB kept, 512 passes, 8 samples. No
	/// call's weight.
	#[benchmark(extra)]
	fn audit_of_a_datacenter_class_with_memory() -> Result<(), BenchmarkError> {
		let params = ClassParams {
			k: 65_536,
			..sampled_class(64, 32, 8)
		};
		let sampled = Sampled {
			params,
			work: [7; 32],
			memory: [8; 32],
			samples: [9; 32],
		};
		let (commitment, opened) = answer(&sampled, MAX_ROUNDS, MAX_PASSES);
		let seeds = sampled.seeds(&commitment);
		let verdict;

		#[block]
		{
			verdict = usufruct_proof::verify(&params, &seeds, &commitment, &opened);
		}

		assert_eq!(verdict, Ok(()));
		Ok(())
	}

	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let (owner, id) = started::<T>(LARGEST)?;
		let origin = || RawOrigin::Signed(owner.clone()).into();
		Pallet::<T>::commit(origin(), id, 1, [2; 32])?;
		let mut challenge = Challenges::<T>::get(id).ok_or("it runs")?;
		go_to::<T>(challenge.timeline().memory_opens_at());
		Pallet::<T>::commit_memory(origin(), id, 1, [3; 32])?;
		challenge = Challenges::<T>::get(id).ok_or("it runs")?;
		// Its score is lost, too.
		let score = ScoreRecord {
			speed: Speed::default(),
			score_ppm: 2,
			rounds: 1,
			memory_bytes: 2,
			issued_at: 0,
			committed_at: 0,
			proved_at: 0,
		};
		Scores::<T>::insert(challenge.hid, score);
		go_to::<T>(challenge.due_until().saturating_add(1));

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert!(!Challenges::<T>::contains_key(id) && !Scores::<T>::contains_key(challenge.hid));
		Ok(())
	}

	#[benchmark]
	fn set_epoch_rules() -> Result<(), BenchmarkError> {
		let origin =
			T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let rules = EpochRules {
			pause: 1,
			entry: 10,
			span: 100,
			disputes: 10,
			audits: 1,
		};

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, rules);

		assert_eq!(NextEpochRules::<T>::get(), rules);
		Ok(())
	}

	/// The entry of the epoch before is ended by it, with a fault.
	#[benchmark]
	fn enter() -> Result<(), BenchmarkError> {
		let (owner, hid) = committed::<T>(LARGEST)?;
		let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		go_to::<T>(entry.disputes_until());
		Pallet::<T>::begin_epoch(EpochRules {
			pause: 1,
			entry: RANDOMNESS_KEPT,
			span: RANDOMNESS_KEPT,
			disputes: 10,
			audits: 1,
		});
		let epoch = CurrentEpoch::<T>::get().ok_or("it began")?;
		go_to::<T>(epoch.began_at.saturating_add(3));

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), hid, epoch.id, [1; 32]);

		assert_eq!(
			Entries::<T>::get(hid).map(|entry| entry.epoch.id),
			Some(epoch.id)
		);
		Ok(())
	}

	#[benchmark]
	fn commit_entry() -> Result<(), BenchmarkError> {
		let (owner, hid) = in_epoch::<T>(LARGEST)?;
		let epoch = EPOCH.saturating_add(1);
		Pallet::<T>::enter(RawOrigin::Signed(owner.clone()).into(), hid, epoch, [1; 32])?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), hid, MAX_ROUNDS, [2; 32]);

		let state = Entries::<T>::get(hid).map(|entry| entry.state);
		assert!(matches!(state, Some(EntryState::Committed { .. })));
		Ok(())
	}

	#[benchmark]
	fn commit_entry_memory() -> Result<(), BenchmarkError> {
		let (owner, hid) = in_epoch::<T>(LARGEST)?;
		let origin = || RawOrigin::Signed(owner.clone());
		Pallet::<T>::enter(origin().into(), hid, EPOCH.saturating_add(1), [1; 32])?;
		Pallet::<T>::commit_entry(origin().into(), hid, MAX_ROUNDS, [2; 32])?;
		let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		go_to::<T>(entry.timeline().memory_opens_at());

		#[extrinsic_call]
		_(origin(), hid, MAX_PASSES, [3; 32]);

		let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		let commitment = entry.state.commitment().ok_or("it was committed")?;
		assert!(commitment.memory.is_some());
		Ok(())
	}

	/// `s` samples of rounds and `z` of passes, all right, for somebody who doubted: the bond goes to the owner.
	#[benchmark]
	fn reveal_entry(
		s: Linear<1, MAX_SAMPLES>,
		z: Linear<1, MAX_MEMORY_SAMPLES>,
	) -> Result<(), BenchmarkError> {
		let params = sampled_class(1, s, z);
		let (owner, hid) = committed::<T>(params)?;
		let mut entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		let at = entry.timeline().reveal_until().saturating_add(1);
		go_to::<T>(at);
		believe::<T>(hid);
		CommittedIn::<T>::insert(
			CLASS,
			Pallet::<T>::slot(entry.epoch.id),
			(entry.epoch.id, 1_000_000),
		);
		Pallet::<T>::force_audit(RawOrigin::Signed(requester::<T>()).into(), hid)?;
		entry = Entries::<T>::get(hid).ok_or("it is disputed")?;
		go_to::<T>(entry.forced(at).sampled_at());
		let sampled = Sampled {
			params,
			work: Pallet::<T>::seed_of(&entry.task(hid))?,
			memory: Pallet::<T>::memory_randomness(&entry.timeline())?,
			samples: Pallet::<T>::audit_seed(hid).ok_or("its positions are known")?,
		};
		// The work is made backwards, from the positions: so the commitment is written, not sent.
		let (made, opened) = answer(&sampled, 1, 1);
		if let EntryState::Disputed { commitment, .. } = &mut entry.state {
			*commitment = made;
		}
		Entries::<T>::insert(hid, entry);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), hid, Box::new(opened));

		let state = Entries::<T>::get(hid).map(|entry| entry.state);
		assert!(matches!(
			state,
			Some(EntryState::Committed { audited: true, .. })
		));
		Ok(())
	}

	#[benchmark]
	fn force_audit() -> Result<(), BenchmarkError> {
		let (_, hid) = committed::<T>(LARGEST)?;
		let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		go_to::<T>(entry.timeline().reveal_until().saturating_add(1));
		believe::<T>(hid);
		// So many that none is drawn.
		CommittedIn::<T>::insert(
			CLASS,
			Pallet::<T>::slot(entry.epoch.id),
			(entry.epoch.id, 1_000_000),
		);

		#[extrinsic_call]
		_(RawOrigin::Signed(requester::<T>()), hid);

		let state = Entries::<T>::get(hid).map(|entry| entry.state);
		assert!(matches!(state, Some(EntryState::Disputed { .. })));
		Ok(())
	}

	/// With a score that moves the hardware from the last place of a full ranking to the first.
	#[benchmark]
	fn conclude() -> Result<(), BenchmarkError> {
		let (owner, hid) = committed::<T>(LARGEST)?;
		let entry = Entries::<T>::get(hid).ok_or("it was entered")?;
		go_to::<T>(entry.disputes_until().saturating_add(1));
		Histories::<T>::insert(hid, history(1_000_000));
		believe::<T>(hid);
		CommittedIn::<T>::insert(
			CLASS,
			Pallet::<T>::slot(entry.epoch.id),
			(entry.epoch.id, 1_000_000),
		);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), hid);

		assert!(!Entries::<T>::contains_key(hid));
		assert_eq!(
			Ranking::<T>::get(CLASS).first().map(|ranked| ranked.hid),
			Some(hid)
		);
		Ok(())
	}

	#[benchmark]
	fn excuse() -> Result<(), BenchmarkError> {
		let (owner, hid) = in_epoch::<T>(LARGEST)?;
		let node = T::Nodes::hardware(hid).ok_or("it was added")?.node;
		T::BenchmarkHelper::occupy(node);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), hid);

		let excused = Histories::<T>::get(hid).map(|history| history.excused);
		assert_eq!(excused, Some(1));
		Ok(())
	}

	#[benchmark]
	fn on_hardware_removed() {
		let hid = ranked::<T>(LARGEST);

		#[block]
		{
			<Pallet<T> as OnHardwareRemoved>::on_hardware_removed(hid, CLASS);
		}

		assert!(!Histories::<T>::contains_key(hid));
	}

	/// With an epoch that begins, where the parent carried randomness.
	#[benchmark]
	fn on_initialize() {
		let block = BlockNumberFor::<T>::from(RANDOMNESS_KEPT);
		frame_system::Pallet::<T>::set_block_number(block);
		// What the ring held of an earlier block is overwritten.
		let slot = RANDOMNESS_KEPT.saturating_sub(1);
		Randomness::<T>::insert(slot, (0, [1; 32]));
		let rules = EpochRules {
			pause: 1,
			entry: 1,
			span: 100,
			disputes: 1,
			audits: 1,
		};
		NextEpochRules::<T>::put(rules);
		CurrentEpoch::<T>::put(Epoch {
			id: 1,
			began_at: RANDOMNESS_KEPT.saturating_sub(2),
			rules,
		});

		#[block]
		{
			Pallet::<T>::on_initialize(block);
		}

		let kept = Randomness::<T>::get(slot).map(|(_, output)| output);
		assert_eq!(kept, T::Randomness::parent());
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
