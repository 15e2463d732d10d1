//! Each fault, done to the world and undone.

use std::{collections::BTreeSet, time::Duration};

use eyre::{eyre, Result};

use super::{
	fault::{Fault, Kind},
	world::World,
};
use crate::{process::signal, wait};

/// Blocks after which a machine is gone that says nothing any more: the chain's own default, until the DAO's
/// vote is in force.
const GONE: Duration = Duration::from_secs(330);
/// A slot.
const SLOT: Duration = Duration::from_secs(3);

impl World {
	/// Lets a fault happen and pass. What it does to leases is left for [`World::settle`] to see.
	pub(super) fn inflict(&mut self, fault: &Fault) -> Result<()> {
		match fault.kind {
			Kind::RestartAgent => {
				self.machines[fault.machine].stop()?;
				self.chain.wait_blocks(fault.blocks)?;
				self.machines[fault.machine].revive()
			}
			Kind::KillAgent => {
				self.machines[fault.machine].kill()?;
				self.chain.wait_blocks(fault.blocks)?;
				self.machines[fault.machine].revive()
			}
			Kind::LoseAgent => self.lose_agent(fault),
			Kind::KillEngine => self.kill_engine(fault),
			Kind::CutNetwork => {
				self.machines[fault.machine].line.cut();
				self.chain.wait_blocks(fault.blocks)?;
				self.machines[fault.machine].line.mend();
				Ok(())
			}
			Kind::SilenceNetwork => {
				self.machines[fault.machine].line.silence();
				self.chain.wait_blocks(fault.blocks)?;
				self.machines[fault.machine].line.mend();
				Ok(())
			}
			Kind::FillDisk => self.fill_disk(fault),
			Kind::CorruptJournal => self.corrupt_journal(fault),
			Kind::StopChain => self.stop_chain(fault),
		}
	}

	/// To whom it happens, in words.
	pub(super) fn whom(&self, fault: &Fault) -> String {
		if fault.kind.is_of_a_machine() {
			format!("{}'s machine", self.machines[fault.machine].name)
		} else {
			"all".into()
		}
	}

	/// Until none of the leases is left that the machine had.
	fn lose_agent(&mut self, fault: &Fault) -> Result<()> {
		let node = self.machines[fault.machine].node;
		let on_it = |world: &Self| -> Result<BTreeSet<u64>> {
			let leases = world.open_leases()?;
			let own = leases.iter().filter(|lease| lease.node == node);
			Ok(own.map(|lease| lease.lease).collect())
		};
		self.machines[fault.machine].kill()?;
		wait::until("the chain to take a lost machine's leases", GONE, || {
			// Whoever is there goes on meanwhile: the leases find other machines.
			self.tend_and_look()?;
			Ok(on_it(self)?.is_empty().then_some(()))
		})?;
		self.machines[fault.machine].revive()
	}

	fn kill_engine(&mut self, fault: &Fault) -> Result<()> {
		let engine = self.engine.as_mut();
		let engine = engine.ok_or_else(|| eyre!("there is no engine to kill"))?;
		engine.kill()?;
		self.chain.wait_blocks(fault.blocks)?;
		engine.restart()
	}

	/// While nothing can be written, one of the machine's leases ends, so that the machine has something to do.
	fn fill_disk(&mut self, fault: &Fault) -> Result<()> {
		let machine = &self.machines[fault.machine];
		let disk = machine.disk.as_ref();
		let disk = disk.ok_or_else(|| eyre!("there is no disk to fill"))?;
		let node = machine.node;
		disk.fill()?;
		let leases = self.open_leases()?;
		if let Some(lease) = leases.iter().find(|lease| lease.node == node) {
			self.terminate(lease.lease)?;
		}
		for _ in 0..fault.blocks {
			self.tend_and_look()?;
			self.chain.wait_blocks(1)?;
		}
		let disk = self.machines[fault.machine].disk.as_ref();
		disk.ok_or_else(|| eyre!("there is no disk to free"))?
			.free()
	}

	fn corrupt_journal(&mut self, fault: &Fault) -> Result<()> {
		let machine = &mut self.machines[fault.machine];
		if machine.damage_journal(fault.damage)? {
			machine.expect_refusal()?;
			self.chain.wait_blocks(fault.blocks)?;
			self.machines[fault.machine].move_journal_away()?;
		}
		self.machines[fault.machine].revive()
	}

	fn stop_chain(&mut self, fault: &Fault) -> Result<()> {
		let node = self.chain.process().id();
		signal(node, "STOP");
		let stopped = wait::pause(SLOT.saturating_mul(fault.blocks));
		signal(node, "CONT");
		stopped
	}
}
