//! What each call costs at its worst.

use alloc::{boxed::Box, collections::BTreeMap, vec, vec::Vec};

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get, Hooks},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use usufruct_primitives::{
	traits::{BlockRandomness, NodeInspect, ScoreInspect},
	Balance, BlockNumber, ChallengeId, ClassId, HardwareKind, Hid,
};
use usufruct_proof::{
	commit_digest, element, fill_column, fill_row, next_seed, opening_root, parent,
	sample_positions, tile_chaining_value, ClassParams, Hash, Opening, Position, Reveal, RoundKeys,
	MAX_K, MAX_ROUNDS, MAX_SAMPLES, MAX_SIDE, TILE_BYTES,
};

use crate::*;

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper {
	/// Adds hardware of the class, which exists, to a new machine that is online. The same seed is
	/// used once.
	fn hardware(seed: u32, class: ClassId) -> Hid;
}

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
	version: 1,
};

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

/// A challenge of hardware that is the best of a full ranking, with the owner of its machine.
fn challenged<T: Config>(
	params: ClassParams,
) -> Result<(T::AccountId, ChallengeId), BenchmarkError> {
	Classes::<T>::insert(CLASS, class(params));
	let ranked: Vec<_> = (0..T::MaxRanked::get())
		.map(|seed| (T::BenchmarkHelper::hardware(seed, CLASS), 1))
		.collect();
	let score = ScoreRecord {
		ops_per_second: 1,
		score_ppm: 1,
		rounds: 1,
		proved_at: 0,
	};
	ranked
		.iter()
		.for_each(|(hid, _)| Scores::<T>::insert(hid, score));
	let hid = T::BenchmarkHelper::hardware(T::MaxRanked::get(), CLASS);
	Ranking::<T>::insert(CLASS, BoundedVec::truncate_from(ranked));
	let id = NextChallengeId::<T>::get();
	Pallet::<T>::request_proof(RawOrigin::Signed(requester::<T>()).into(), hid)?;
	let challenge = Challenges::<T>::get(id).ok_or("it was asked for")?;
	let owner = T::Nodes::owner(challenge.node).ok_or("its machine has an owner")?;
	go_to::<T>(challenge.opens_at());
	Ok((owner, id))
}

/// A challenge whose first root is here.
fn started<T: Config>(params: ClassParams) -> Result<(T::AccountId, ChallengeId), BenchmarkError> {
	let (owner, id) = challenged::<T>(params)?;
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::commit_first(origin, id, [1; 32])?;
	Ok((owner, id))
}

/// A tile whose only element that is not zero is the sampled one.
fn tile(params: &ClassParams, round_seed: &Hash, position: &Position) -> [u8; TILE_BYTES] {
	let keys = RoundKeys::new(round_seed);
	let (mut row, mut column) = (vec![0; params.k as usize], vec![0; params.k as usize]);
	fill_row(&keys, position.i, &mut row);
	fill_column(&keys, position.j, &mut column);
	let mut tile = [0; TILE_BYTES];
	let bytes = element(&row, &column).to_le_bytes();
	let at = position.offset();
	if let Some(place) = tile.get_mut(at..at.saturating_add(4)) {
		place.copy_from_slice(&bytes);
	}
	tile
}

/// The root of a round and the openings of its samples. Tiles that nobody asks for have no content:
/// the chaining values above them are zeros. That takes as long to check as an honest round.
fn round(
	params: &ClassParams,
	round_seed: &Hash,
	positions: &[(usize, Position)],
) -> (Hash, Vec<(usize, Opening)>) {
	let mut openings: Vec<(usize, u32, Opening)> = positions
		.iter()
		.map(|(at, position)| {
			let tile = tile(params, round_seed, position);
			(
				*at,
				position.tile(params),
				Opening {
					tile,
					path: Default::default(),
				},
			)
		})
		.collect();
	let mut level: BTreeMap<u32, Hash> = openings
		.iter()
		.map(|(_, index, opening)| {
			(
				*index,
				tile_chaining_value(round_seed, *index, &opening.tile),
			)
		})
		.collect();
	let value = |level: &BTreeMap<u32, Hash>, index| level.get(&index).copied().unwrap_or_default();
	for depth in 0..params.depth() {
		for (_, index, opening) in &mut openings {
			// There is room: the deepest tree bounds the path.
			let _: Result<(), Hash> = opening.path.try_push(value(&level, (*index >> depth) ^ 1));
		}
		let above = |index: &u32| {
			let left = index & !1;
			let (left, right) = (value(&level, left), value(&level, left | 1));
			(index >> 1, parent(round_seed, &left, &right))
		};
		level = level.keys().map(above).collect();
	}
	let root = openings
		.first()
		.and_then(|(_, index, o)| opening_root(round_seed, *index, &o.tile, &o.path))
		.unwrap_or_default();
	(
		root,
		openings
			.into_iter()
			.map(|(at, _, opening)| (at, opening))
			.collect(),
	)
}

/// A right reveal, made with the positions known.
fn answer(params: &ClassParams, seed: Hash, rounds: u32, sample_seed: &Hash) -> Reveal {
	let positions: Vec<(usize, Position)> = sample_positions(params, rounds, sample_seed)
		.into_iter()
		.enumerate()
		.collect();
	let (mut current, mut roots, mut openings) = (seed, vec![], vec![]);
	for number in 0..rounds {
		let here: Vec<_> = positions
			.iter()
			.filter(|(_, position)| position.round == number)
			.copied()
			.collect();
		let (root, opened) = round(params, &current, &here);
		current = next_seed(&current, &root, number);
		roots.push(root);
		openings.extend(opened);
	}
	openings.sort_by_key(|(at, _)| *at);
	Reveal {
		roots: BoundedVec::truncate_from(roots),
		openings: BoundedVec::truncate_from(openings.into_iter().map(|(_, o)| o).collect()),
	}
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

		#[extrinsic_call]
		_(RawOrigin::Signed(who), hid);

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

	/// `r` roots and `s` samples, all right: the first wrong one would end the work early.
	#[benchmark]
	fn reveal(r: Linear<1, MAX_ROUNDS>, s: Linear<1, MAX_SAMPLES>) -> Result<(), BenchmarkError> {
		let params = ClassParams {
			samples: s,
			..LARGEST
		};
		let (owner, id) = challenged::<T>(params)?;
		let origin = || RawOrigin::Signed(owner.clone());
		let seed = Pallet::<T>::seed(id).ok_or("its window is open")?;
		let mut challenge = Challenges::<T>::get(id).ok_or("it runs")?;
		go_to::<T>(challenge.sampled_at());
		let sample_seed = Pallet::<T>::sample_seed(id).ok_or("its positions are known")?;
		let opened = answer(&params, seed, r, &sample_seed);
		// The work is made backwards, from the positions: so the commitment is written, not sent.
		challenge.state = ChallengeState::Committed {
			first_root: opened.roots.first().copied().unwrap_or_default(),
			rounds: r,
			digest: commit_digest(&opened.roots),
		};
		let hid = challenge.hid;
		Challenges::<T>::insert(id, challenge);

		#[extrinsic_call]
		_(origin(), id, Box::new(opened));

		assert!(Pallet::<T>::score_ppm(hid) > 1);
		assert_eq!(
			Ranking::<T>::get(CLASS).first().map(|(first, _)| *first),
			Some(hid)
		);
		Ok(())
	}

	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let (owner, id) = started::<T>(LARGEST)?;
		Pallet::<T>::commit(RawOrigin::Signed(owner.clone()).into(), id, 1, [2; 32])?;
		let challenge = Challenges::<T>::get(id).ok_or("it runs")?;
		// Its score is lost, too.
		let score = ScoreRecord {
			ops_per_second: 2,
			score_ppm: 2,
			rounds: 1,
			proved_at: 0,
		};
		Pallet::<T>::set_score(CLASS, challenge.hid, Some(score));
		go_to::<T>(challenge.due_until().saturating_add(1));

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert!(!Challenges::<T>::contains_key(id) && !Scores::<T>::contains_key(challenge.hid));
		Ok(())
	}

	#[benchmark]
	fn on_initialize() {
		let block = BlockNumberFor::<T>::from(RANDOMNESS_KEPT);
		frame_system::Pallet::<T>::set_block_number(block);
		// What the ring held of an earlier block is overwritten.
		let slot = RANDOMNESS_KEPT.saturating_sub(1);
		Randomness::<T>::insert(slot, (0, [1; 32]));

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
