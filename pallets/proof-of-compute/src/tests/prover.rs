//! An honest prover that is written for clarity, and the steps of its machine.

use usufruct_primitives::{traits::NodeInspect, ChallengeId};
use usufruct_proof::{
	commit_digest, element, fill_column, fill_row, kept_row, memory_digest, memory_positions,
	next_pass_seed, next_seed, pass_vectors, row_sums, sample_positions, tile_chaining_value,
	tree_path, tree_root, ClassParams, Commitment, Hash, MemoryCommitment, MemoryOpening,
	MemoryReveal, Occasion, Opening, Reveal, RoundKeys, RowTiles, Seeds, ROW_BYTES, ROW_TILES,
	SUMS_BYTES, TILE, TILE_BYTES,
};

use crate::{mock::*, CurrentEpoch, Entries, Entry, EntryState, Epoch, Pallet, Task};

type Tile = [u8; TILE_BYTES];

/// Rounds that were computed, with all their tiles.
#[derive(Clone)]
pub(crate) struct Work {
	params: ClassParams,
	seeds: Vec<Hash>,
	tiles: Vec<Vec<Tile>>,
	/// The root of each round.
	pub(crate) roots: Vec<Hash>,
}

/// All tiles of one round, row by row.
pub(crate) fn multiply(params: &ClassParams, round_seed: &Hash) -> Vec<Tile> {
	let keys = RoundKeys::new(round_seed);
	let vectors = |count: u32, fill: &dyn Fn(u32, &mut [u8])| -> Vec<Vec<u8>> {
		let vector = |index| {
			let mut vector = vec![0; params.k as usize];
			fill(index, &mut vector);
			vector
		};
		(0..count).map(vector).collect()
	};
	let rows = vectors(params.m, &|i, v| fill_row(&keys, i, v));
	let columns = vectors(params.n, &|j, v| fill_column(&keys, j, v));
	let mut tiles = vec![];
	for block_row in rows.chunks(TILE) {
		for block_column in columns.chunks(TILE) {
			let mut tile = [0u8; TILE_BYTES];
			for (i, row) in block_row.iter().enumerate() {
				for (j, column) in block_column.iter().enumerate() {
					let at = (i * TILE + j) * 4;
					tile[at..at + 4].copy_from_slice(&element(row, column).to_le_bytes());
				}
			}
			tiles.push(tile);
		}
	}
	tiles
}

/// The chaining values of chunks that follow each other.
fn leaves(key: &Hash, chunks: &[[u8; TILE_BYTES]]) -> Vec<Hash> {
	let value = |(index, chunk)| tile_chaining_value(key, index, chunk);
	(0u32..).zip(chunks).map(value).collect()
}

/// The chaining values of leaves of sums.
fn sums_leaves(key: &Hash, sums: &[u8]) -> Vec<Hash> {
	leaves(key, sums.as_chunks::<SUMS_BYTES>().0)
}

impl Work {
	/// Computes so many rounds from the seed.
	pub(crate) fn new(params: ClassParams, seed: Hash, rounds: u32) -> Self {
		Self::skipping(params, seed, rounds, |_, _| false)
	}

	/// The hashes of rounds that were not computed: every element is zero.
	pub(crate) fn invented(params: ClassParams, seed: Hash, rounds: u32) -> Self {
		Self::skipping(params, seed, rounds, |_, _| true)
	}

	/// Work of which some tiles, by round and index, were not computed: their elements are zero.
	pub(crate) fn skipping(
		params: ClassParams,
		seed: Hash,
		rounds: u32,
		is_skipped: impl Fn(u32, u32) -> bool,
	) -> Self {
		let (mut seeds, mut tiles, mut roots) = (vec![seed], vec![], vec![]);
		for round in 0..rounds {
			let current = seeds[round as usize];
			let mut result = multiply(&params, &current);
			for (index, tile) in (0..).zip(&mut result) {
				if is_skipped(round, index) {
					*tile = [0; TILE_BYTES];
				}
			}
			let root = tree_root(&current, leaves(&current, &result)).expect("several tiles");
			seeds.push(next_seed(&current, &root, round));
			tiles.push(result);
			roots.push(root);
		}
		Self {
			params,
			seeds,
			tiles,
			roots,
		}
	}

	pub(crate) fn rounds(&self) -> u32 {
		self.roots.len() as u32
	}

	pub(crate) fn digest(&self) -> Hash {
		commit_digest(&self.roots)
	}

	/// Opens the positions of the sampling seed.
	pub(crate) fn open(&self, sample_seed: &Hash) -> Reveal {
		let positions = sample_positions(&self.params, self.rounds(), sample_seed);
		let openings: Vec<Opening> = positions
			.iter()
			.map(|position| {
				let (round, tile) = (position.round as usize, position.tile(&self.params));
				let (seed, tiles) = (&self.seeds[round], &self.tiles[round]);
				let path = tree_path(seed, &leaves(seed, tiles), tile).expect("it is there");
				Opening {
					tile: tiles[tile as usize],
					path: path.try_into().expect("no deeper than the deepest"),
				}
			})
			.collect();
		Reveal {
			roots: self.roots.clone().try_into().expect("few rounds"),
			openings: openings.try_into().expect("few samples"),
			memory: None,
		}
	}

	/// The commitment to the rounds.
	pub(crate) fn commitment(&self) -> Commitment {
		Commitment {
			first_root: self.roots[0],
			rounds: self.rounds(),
			digest: self.digest(),
			memory: None,
		}
	}

	/// The seeds of work without a memory phase.
	pub(crate) fn seeds(&self, samples: Hash) -> Seeds {
		Seeds {
			work: self.seeds[0],
			memory: None,
			samples,
		}
	}

	/// The tiles of all rows that the memory phase keeps.
	fn kept(&self) -> Vec<RowTiles> {
		let memory = self.params.memory.expect("it has a memory phase");
		let first = self.tiles.len() - memory.kept_rounds as usize;
		let tiles: Vec<Tile> = self.tiles[first..].concat();
		let row = |tiles: &[Tile]| tiles.try_into().expect("four tiles");
		tiles.chunks(ROW_TILES as usize).map(row).collect()
	}

	/// So many passes over what is kept.
	pub(crate) fn pass_over(&self, seed: Hash, passes: u32) -> Passes {
		self.pass_over_what(seed, passes, |_, row| *row)
	}

	/// Passes over something else: `instead` gives what is read in place of each row, by its number.
	pub(crate) fn pass_over_what(
		&self,
		seed: Hash,
		passes: u32,
		instead: impl Fn(u32, &[u8; ROW_BYTES]) -> [u8; ROW_BYTES],
	) -> Passes {
		let rows: Vec<[u8; ROW_BYTES]> = (0u32..)
			.zip(self.kept())
			.map(|(index, tiles)| instead(index, &kept_row(&tiles)))
			.collect();
		let (mut current, mut seeds, mut sums, mut roots) = (seed, vec![], vec![], vec![]);
		for pass in 0..passes {
			let vectors = pass_vectors(&current);
			let made = rows.iter().map(|row| row_sums(row, &vectors));
			let made = made.collect::<Vec<_>>().concat();
			let root = tree_root(&current, sums_leaves(&current, &made)).expect("several leaves");
			seeds.push(current);
			sums.push(made);
			roots.push(root);
			current = next_pass_seed(&current, &root, pass);
		}
		Passes { seeds, sums, roots }
	}

	/// Opens the positions of the sampling seed, and the rows of the memory phase.
	pub(crate) fn open_with(&self, passes: &Passes, sample_seed: &Hash) -> Reveal {
		let rows = self.kept();
		let opening = |position: &usufruct_proof::MemoryPosition| {
			let (round, row) = position
				.in_round(&self.params, self.rounds())
				.expect("it is kept");
			let (key, tiles) = (&self.seeds[round as usize], &self.tiles[round as usize]);
			let path = tree_path(key, &leaves(key, tiles), row * ROW_TILES).expect("it is there");
			let (pass, (leaf, _)) = (position.pass as usize, position.in_sums());
			let key = &passes.seeds[pass];
			let sums = &passes.sums[pass];
			let sums_path = tree_path(key, &sums_leaves(key, sums), leaf).expect("it is there");
			MemoryOpening {
				tiles: rows[position.row as usize],
				tiles_path: path[2..].to_vec().try_into().expect("not deep"),
				sums: sums.as_chunks().0[leaf as usize],
				sums_path: sums_path.try_into().expect("not deep"),
			}
		};
		let positions = memory_positions(&self.params, passes.count(), sample_seed);
		let openings: Vec<MemoryOpening> = positions.iter().map(opening).collect();
		Reveal {
			memory: Some(MemoryReveal {
				roots: passes.roots.clone().try_into().expect("few passes"),
				openings: openings.try_into().expect("few samples"),
			}),
			..self.open(sample_seed)
		}
	}
}

/// Passes over what was kept, with all their sums.
#[derive(Clone)]
pub(crate) struct Passes {
	seeds: Vec<Hash>,
	sums: Vec<Vec<u8>>,
	/// The root of each.
	pub(crate) roots: Vec<Hash>,
}

impl Passes {
	pub(crate) fn count(&self) -> u32 {
		self.roots.len() as u32
	}

	pub(crate) fn commitment(&self) -> MemoryCommitment {
		MemoryCommitment {
			passes: self.count(),
			digest: memory_digest(&self.roots),
		}
	}
}

/// The seed of a challenge, once its window is open.
pub(crate) fn seed_of(id: ChallengeId) -> Hash {
	go_to(challenge(id).timeline().opens_at());
	Pallet::<Test>::seed(id).expect("the seed is known")
}

/// The seed of a challenge's positions, once they are known.
pub(crate) fn sample_seed_of(id: ChallengeId) -> Hash {
	go_to(challenge(id).timeline().sampled_at());
	Pallet::<Test>::sample_seed(id).expect("the positions are known")
}

/// The work that the challenge asks for, when its window opens.
pub(crate) fn work(id: ChallengeId, rounds: u32) -> Work {
	let seed = seed_of(id);
	Work::new(challenge(id).params, seed, rounds)
}

/// Sends the root of round 0.
pub(crate) fn start(id: ChallengeId, work: &Work) {
	ProofOfCompute::commit_first(provider(id), id, work.roots[0]).expect("the first root is due");
}

/// Sends the root of round 0 and the commitment.
pub(crate) fn commit(id: ChallengeId, work: &Work) {
	start(id, work);
	ProofOfCompute::commit(provider(id), id, work.rounds(), work.digest())
		.expect("the commitment is due");
}

/// Challenges the hardware and commits honest work.
pub(crate) fn committed(hid: u64, rounds: u32) -> (ChallengeId, Work) {
	let id = request(hid);
	let work = work(id, rounds);
	commit(id, &work);
	(id, work)
}

/// A committed challenge and its right reveal, when it is due.
pub(crate) fn ready(hid: u64, rounds: u32) -> (ChallengeId, Reveal) {
	let (id, work) = committed(hid, rounds);
	let reveal = work.open(&sample_seed_of(id));
	events();
	(id, reveal)
}

/// Sends a reveal. The call succeeds whether or not the reveal is right.
pub(crate) fn reveal(id: ChallengeId, reveal: Reveal) {
	ProofOfCompute::reveal(provider(id), id, Box::new(reveal)).expect("the reveal is due");
}

/// A challenge from its request to its proof.
pub(crate) fn prove(hid: u64, rounds: u32) -> ChallengeId {
	let (id, opened) = ready(hid, rounds);
	reveal(id, opened);
	id
}

/// The epoch that is under way, in the block in which its seeds are known. Waits for the next where this
/// one can no longer be entered.
pub(crate) fn open_epoch() -> Epoch {
	let open = |epoch: &Epoch| {
		let timeline = epoch.timeline(params_of(CLASS));
		(now() <= timeline.first_root_until()).then(|| timeline.opens_at())
	};
	loop {
		if let Some(epoch) = CurrentEpoch::<Test>::get() {
			if let Some(opens_at) = open(&epoch) {
				go_to(opens_at);
				return epoch;
			}
		}
		go_to(now() + 1);
	}
}

/// Goes to the block in which the next epoch begins.
pub(crate) fn next_epoch() {
	let last = ProofOfCompute::last_epoch();
	while ProofOfCompute::last_epoch() == last {
		go_to(now() + 1);
	}
}

/// An entry that is not over.
pub(crate) fn entry(hid: u64) -> Entry<u64> {
	Entries::<Test>::get(hid).expect("it has entered")
}

/// The account that goes on with an entry.
pub(crate) fn owner_of(hid: u64) -> RuntimeOrigin {
	let (node, _) = Hardware::get().get(&hid).copied().expect("it exists");
	signed(Stub::owner(node).expect("the machine has an owner"))
}

/// The seed of hardware in an epoch, if any of its blocks carried randomness.
pub(crate) fn known_seed(epoch: &Epoch, hid: u64) -> Option<Hash> {
	let (node, class) = Hardware::get().get(&hid).copied()?;
	let task = Task {
		occasion: Occasion::Epoch(epoch.id),
		node,
		hid,
		class,
		timeline: epoch.timeline(ProofOfCompute::params_in(epoch, class).ok()?),
	};
	ProofOfCompute::seed_of(&task).ok()
}

/// The seed of hardware in an epoch.
pub(crate) fn epoch_seed(epoch: &Epoch, hid: u64) -> Hash {
	known_seed(epoch, hid).expect("the seed is known")
}

/// Enters the epoch that is under way with honest work.
pub(crate) fn enter(hid: u64, rounds: u32) -> Work {
	let epoch = open_epoch();
	let params = ProofOfCompute::params_in(&epoch, CLASS).expect("the class exists");
	let work = Work::new(params, epoch_seed(&epoch, hid), rounds);
	ProofOfCompute::enter(owner_of(hid), hid, epoch.id, work.roots[0]).expect("it is due");
	work
}

/// Enters and commits.
pub(crate) fn commit_entry(hid: u64, rounds: u32) -> Work {
	let work = enter(hid, rounds);
	ProofOfCompute::commit_entry(owner_of(hid), hid, work.rounds(), work.digest())
		.expect("it is due");
	work
}

/// The right opening of an entry, when its positions are known.
pub(crate) fn open_entry(hid: u64, work: &Work) -> Reveal {
	let entry = entry(hid);
	go_to(match entry.state {
		EntryState::Disputed { at, .. } => entry.forced(at).sampled_at(),
		_ => entry.timeline().sampled_at(),
	});
	let seed = ProofOfCompute::entry_sample_seed(hid).expect("the positions are known");
	work.open(&seed)
}

/// Sends what was opened.
pub(crate) fn reveal_entry(hid: u64, reveal: Reveal) {
	ProofOfCompute::reveal_entry(owner_of(hid), hid, Box::new(reveal)).expect("it is due");
}

/// An epoch in which this hardware computes so many rounds each, is audited where it has to be, and is
/// scored.
pub(crate) fn score_epoch(entries: &[(u64, u32)]) {
	let works: Vec<_> = entries
		.iter()
		.map(|(hid, rounds)| (*hid, commit_entry(*hid, *rounds)))
		.collect();
	for (hid, work) in &works {
		go_to(entry(*hid).timeline().sampled_at());
		if ProofOfCompute::is_audit_due(*hid) == Some(true) {
			reveal_entry(*hid, open_entry(*hid, work));
		}
	}
	for (hid, _) in works {
		go_to(entry(hid).disputes_until() + 1);
		ProofOfCompute::conclude(signed(POOR), hid).expect("it is over");
	}
}
