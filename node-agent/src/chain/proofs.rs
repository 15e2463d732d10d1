//! What the hardware has to prove, and the calls that do it.

use eyre::Result;
use usufruct_client::{api, view, AccountId32, AtBlock};
use usufruct_proof::{
	memory_seed, mix, sample_seed, seed, AuditTimeline, ClassParams, Commitment, Hash,
	MemoryOpening, Occasion, Reveal, SeedContext, Timeline, RANDOMNESS_KEPT, SAMPLE_BLOCKS,
	SEED_BLOCKS,
};

use super::{fetch, unreadable, Chain};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	pallet_proof_of_compute::{
		epoch_types::{Entry, EntryState, Epoch},
		pallet::Call as Proofs,
		types::ChallengeState,
	},
	usufruct_proof::reveal as bytes,
};

/// What is due of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
	/// The rounds, with the root of the first unless the chain has it.
	Work {
		/// Whether the chain has it.
		is_started: bool,
	},
	/// The passes of the memory phase.
	Memory,
	/// The samples, whose positions come from the blocks from this one on.
	Reveal {
		/// The first of the blocks.
		sampled_from: u32,
	},
	/// The end of an entry: it has a score, or none.
	Conclude,
	/// A word that the machine has other work.
	Excuse,
	/// Nothing for now; what was computed has to be kept.
	Nothing,
}

impl Due {
	/// The step that it is: the rounds are one, before and after the first root is on chain.
	pub fn step(&self) -> &'static str {
		match self {
			Self::Work { .. } => "work",
			Self::Memory => "memory",
			Self::Reveal { .. } => "reveal",
			Self::Conclude => "conclude",
			Self::Excuse => "excuse",
			Self::Nothing => "nothing",
		}
	}
}

/// A proof that hardware of this machine owes.
#[derive(Clone, Debug)]
pub struct Task {
	/// What its seed is bound to.
	pub context: SeedContext,
	/// When its steps are due.
	pub timeline: Timeline,
	/// What is due in the block that was looked at.
	pub due: Due,
}

impl Task {
	/// Its name, of which there is one on a chain.
	pub fn name(&self) -> String {
		match self.context.occasion {
			Occasion::Challenge(id) => format!("challenge {id}"),
			Occasion::Epoch(id) => format!("epoch {id}, hardware {}", self.context.hid),
		}
	}

	/// The name of its memory phase.
	pub fn memory_name(&self) -> String {
		format!("{}, memory", self.name())
	}
}

/// Whether the passes of the memory phase are still to be committed.
fn waits_for_memory(timeline: &Timeline, commitment: &Commitment) -> bool {
	!timeline.params.is_met_by(commitment)
}

/// What is due where they are.
fn memory_due(timeline: &Timeline, now: u32) -> Due {
	if now < timeline.memory_until() {
		Due::Memory
	} else {
		Due::Nothing
	}
}

fn memory_opening(opening: MemoryOpening) -> bytes::MemoryOpening {
	bytes::MemoryOpening {
		tiles: opening.tiles,
		tiles_path: BoundedVec(opening.tiles_path.into_inner()),
		sums: opening.sums,
		sums_path: BoundedVec(opening.sums_path.into_inner()),
	}
}

impl Chain {
	fn context(
		&self,
		occasion: Occasion,
		hid: u64,
		node: u32,
		class: u16,
		params: ClassParams,
	) -> SeedContext {
		SeedContext {
			genesis: self.client.online().genesis_hash().0,
			occasion,
			node,
			hid,
			class,
			params,
		}
	}

	/// What the node's hardware, by HID and whether it is busy, owes, and what is due of it. Busy hardware is
	/// excused from epochs that it has not entered.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn tasks(
		&self,
		at: &AtBlock,
		node: u32,
		hardware: &[(u64, bool)],
	) -> Result<Vec<Task>> {
		self.whole(self.read_tasks(at, node, hardware)).await
	}

	async fn read_tasks(
		&self,
		at: &AtBlock,
		node: u32,
		hardware: &[(u64, bool)],
	) -> Result<Vec<Task>> {
		let epoch = api::storage().proof_of_compute().current_epoch();
		let epoch = fetch!(at, epoch, ());
		let mut tasks = Vec::new();
		for (hid, is_busy) in hardware {
			tasks.extend(self.challenge(at, *hid).await?);
			let entries = api::storage().proof_of_compute().entries();
			let entry = fetch!(at, entries, (*hid,));
			if let Some(entry) = &entry {
				tasks.push(self.entry(at, *hid, entry).await?);
			}
			if let Some(epoch) = &epoch {
				let is_in = entry.is_some_and(|entry| entry.epoch.id == epoch.id);
				if !is_in {
					tasks.extend(self.open_epoch(at, node, *hid, epoch, *is_busy).await?);
				}
			}
		}
		Ok(tasks)
	}

	/// The challenge that hardware has to answer.
	async fn challenge(&self, at: &AtBlock, hid: u64) -> Result<Option<Task>> {
		let challenges = api::storage().proof_of_compute().challenge_of_hid();
		let Some(id) = fetch!(at, challenges, (hid,)) else {
			return Ok(None);
		};
		let challenges = api::storage().proof_of_compute().challenges();
		let Some(record) = fetch!(at, challenges, (id,)) else {
			return Ok(None);
		};
		let timeline = Timeline {
			issued_at: record.issued_at,
			params: (&record.params).into(),
		};
		let now = Self::number(at);
		let due = match record.state {
			ChallengeState::Issued if now < timeline.first_root_until() => {
				Due::Work { is_started: false }
			}
			ChallengeState::Started { .. } if now < timeline.commit_until() => {
				Due::Work { is_started: true }
			}
			ChallengeState::Committed { commitment }
				if waits_for_memory(&timeline, &(&commitment).into()) =>
			{
				memory_due(&timeline, now)
			}
			ChallengeState::Committed { .. }
				if (timeline.sampled_at()..timeline.reveal_until()).contains(&now) =>
			{
				Due::Reveal {
					sampled_from: timeline.sampled_from(),
				}
			}
			_ => Due::Nothing,
		};
		Ok(Some(Task {
			context: self.context(
				Occasion::Challenge(id),
				hid,
				record.node,
				record.class,
				timeline.params,
			),
			timeline,
			due,
		}))
	}

	/// The hardware's entry in an epoch.
	async fn entry(&self, at: &AtBlock, hid: u64, entry: &Entry<AccountId32>) -> Result<Task> {
		let timeline = Timeline {
			issued_at: entry.epoch.began_at,
			params: (&entry.params).into(),
		};
		let disputes_until = timeline
			.reveal_until()
			.saturating_add(entry.epoch.rules.disputes);
		let now = Self::number(at);
		let due = match &entry.state {
			EntryState::Started { .. } if now < timeline.commit_until() => {
				Due::Work { is_started: true }
			}
			EntryState::Started { .. } if now > timeline.commit_until() => Due::Conclude,
			EntryState::Disputed { at, .. } => {
				let forced = AuditTimeline {
					forced_at: *at,
					reveal: timeline.params.reveal,
				};
				if now > forced.reveal_until() {
					Due::Conclude
				} else if (forced.sampled_at()..forced.reveal_until()).contains(&now) {
					Due::Reveal {
						sampled_from: forced.sampled_from(),
					}
				} else {
					Due::Nothing
				}
			}
			EntryState::Committed { commitment, .. }
				if waits_for_memory(&timeline, &commitment.into()) =>
			{
				match now > timeline.memory_until() {
					true => Due::Conclude,
					false => memory_due(&timeline, now),
				}
			}
			EntryState::Committed { .. } if now > disputes_until => Due::Conclude,
			EntryState::Committed { audited: false, .. }
				if (timeline.sampled_at()..timeline.reveal_until()).contains(&now)
					&& self.is_audit_due(at, hid).await? =>
			{
				Due::Reveal {
					sampled_from: timeline.sampled_from(),
				}
			}
			_ => Due::Nothing,
		};
		Ok(Task {
			context: self.context(
				Occasion::Epoch(entry.epoch.id),
				hid,
				entry.node,
				entry.class,
				timeline.params,
			),
			timeline,
			due,
		})
	}

	/// Whether the chain wants the entry to be opened.
	async fn is_audit_due(&self, at: &AtBlock, hid: u64) -> Result<bool> {
		let call = api::view_functions().proof_of_compute().audit_due(hid);
		let due: Option<bool> = view(at, call).await?;
		Ok(due == Some(true))
	}

	/// The epoch that hardware can enter; nothing where it is over for it.
	async fn open_epoch(
		&self,
		at: &AtBlock,
		node: u32,
		hid: u64,
		epoch: &Epoch,
		is_busy: bool,
	) -> Result<Option<Task>> {
		// Asked every second: most of the time nobody can enter.
		if Self::number(at) > epoch.began_at.saturating_add(epoch.rules.entry) {
			return Ok(None);
		}
		let histories = api::storage().proof_of_compute().histories();
		let history = fetch!(at, histories, (hid,));
		if history
			.as_ref()
			.is_some_and(|history| history.last == epoch.id)
		{
			return Ok(None);
		}
		let hardware = api::storage().node_registry().hardware();
		let Some(hardware) = fetch!(at, hardware, (hid,)) else {
			return Ok(None);
		};
		let call = api::view_functions()
			.proof_of_compute()
			.params_of_epoch(hardware.class);
		let params: Option<ClassParams> = view(at, call).await?;
		let Some(params) = params else {
			return Ok(None);
		};
		let timeline = Timeline {
			issued_at: epoch.began_at,
			params,
		};
		if Self::number(at) >= timeline.first_root_until() {
			return Ok(None);
		}
		let due = match (is_busy, history) {
			(false, _) => Due::Work { is_started: false },
			(true, Some(_)) => Due::Excuse,
			// Nobody misses what was never there.
			(true, None) => return Ok(None),
		};
		Ok(Some(Task {
			context: self.context(
				Occasion::Epoch(epoch.id),
				hid,
				node,
				hardware.class,
				timeline.params,
			),
			timeline,
			due,
		}))
	}

	async fn outputs(&self, at: &AtBlock, first: u32, count: u32) -> Result<Vec<Hash>> {
		let mut outputs = Vec::new();
		for block in first..first.saturating_add(count) {
			let ring = api::storage().proof_of_compute().randomness();
			if let Some((written, output)) = fetch!(at, ring, (block % RANDOMNESS_KEPT,)) {
				if written == block {
					outputs.push(output);
				}
			}
		}
		Ok(outputs)
	}

	/// The seed of a proof, once its blocks are over; `None` where they carried no randomness.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn seed(&self, at: &AtBlock, task: &Task) -> Result<Option<Hash>> {
		let outputs = self
			.outputs(at, task.timeline.seeded_from(), SEED_BLOCKS)
			.await?;
		Ok((!outputs.is_empty()).then(|| seed(&task.context, &mix(&outputs))))
	}

	/// The seed of the passes over the work of this commitment, once its blocks are over; `None` where they
	/// carried no randomness.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn memory_seed(
		&self,
		at: &AtBlock,
		task: &Task,
		seed: &Hash,
		digest: &Hash,
	) -> Result<Option<Hash>> {
		let outputs = self
			.outputs(at, task.timeline.memory_seeded_from(), SEED_BLOCKS)
			.await?;
		Ok((!outputs.is_empty()).then(|| memory_seed(seed, digest, &mix(&outputs))))
	}

	/// The seed of a proof's positions, once its blocks are over; `None` where they carried too little
	/// randomness.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn sample_seed(
		&self,
		at: &AtBlock,
		seed: &Hash,
		sampled_from: u32,
	) -> Result<Option<Hash>> {
		let outputs = self.outputs(at, sampled_from, SAMPLE_BLOCKS).await?;
		Ok((outputs.len() >= 2).then(|| sample_seed(seed, &mix(&outputs))))
	}

	async fn prove(&self, call: Proofs) -> Result<()> {
		self.submit(api::Call::ProofOfCompute(call)).await
	}

	/// Sends the root of round 0.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn send_first_root(&self, task: &Task, root: Hash) -> Result<()> {
		self.prove(match task.context.occasion {
			Occasion::Challenge(challenge) => Proofs::commit_first { challenge, root },
			Occasion::Epoch(epoch) => Proofs::enter {
				hid: task.context.hid,
				epoch,
				first_root: root,
			},
		})
		.await
	}

	/// Commits to all rounds.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn commit(&self, task: &Task, rounds: u32, digest: Hash) -> Result<()> {
		self.prove(match task.context.occasion {
			Occasion::Challenge(challenge) => Proofs::commit {
				challenge,
				rounds,
				digest,
			},
			Occasion::Epoch(_) => Proofs::commit_entry {
				hid: task.context.hid,
				rounds,
				digest,
			},
		})
		.await
	}

	/// Commits to all passes of the memory phase.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn commit_memory(&self, task: &Task, passes: u32, digest: Hash) -> Result<()> {
		self.prove(match task.context.occasion {
			Occasion::Challenge(challenge) => Proofs::commit_memory {
				challenge,
				passes,
				digest,
			},
			Occasion::Epoch(_) => Proofs::commit_entry_memory {
				hid: task.context.hid,
				passes,
				digest,
			},
		})
		.await
	}

	/// Opens the samples.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn reveal(&self, task: &Task, reveal: Reveal) -> Result<()> {
		let openings = reveal.openings.into_iter().map(|opening| bytes::Opening {
			tile: opening.tile,
			path: BoundedVec(opening.path.into_inner()),
		});
		let memory = reveal.memory.map(|memory| bytes::MemoryReveal {
			roots: BoundedVec(memory.roots.into_inner()),
			openings: BoundedVec(memory.openings.into_iter().map(memory_opening).collect()),
		});
		let reveal = Box::new(bytes::Reveal {
			roots: BoundedVec(reveal.roots.into_inner()),
			openings: BoundedVec(openings.collect()),
			memory,
		});
		self.prove(match task.context.occasion {
			Occasion::Challenge(challenge) => Proofs::reveal { challenge, reveal },
			Occasion::Epoch(_) => Proofs::reveal_entry {
				hid: task.context.hid,
				reveal,
			},
		})
		.await
	}

	/// Ends an entry whose last deadline is over.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn conclude(&self, hid: u64) -> Result<()> {
		self.prove(Proofs::conclude { hid }).await
	}

	/// Says that the machine has other work in this epoch.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn excuse(&self, hid: u64) -> Result<()> {
		self.prove(Proofs::excuse { hid }).await
	}
}
