//! Each fault, done to the world and undone.

use std::{collections::BTreeSet, time::Duration};

use eyre::{eyre, Result};

use super::{
	disk::Disk,
	fault::{Fault, Kind},
	world::World,
};
use crate::{process::signal, wait, DockerDaemon};

/// Blocks after which a machine is gone that says nothing any more: the chain's own default, until the DAO's
/// vote is in force.
const GONE: Duration = Duration::from_secs(330);
/// A slot.
const SLOT: Duration = Duration::from_secs(3);

impl World {
	/// Lets a fault happen and pass. What it does to leases is left for [`World::settle`] to see.
	pub(super) fn inflict(&mut self, fault: &Fault) -> Result<()> {
		let at = fault.machine;
		match fault.kind {
			Kind::RestartAgent => {
				self.machines[at].stop()?;
				self.last(fault)?;
				self.machines[at].revive()
			}
			Kind::KillAgent => {
				self.machines[at].kill()?;
				self.last(fault)?;
				self.machines[at].revive()
			}
			Kind::LoseAgent => self.lose_agent(fault),
			Kind::KillEngine => self.kill_engine(fault),
			Kind::CutNetwork => {
				self.machines[at].line.cut();
				self.last(fault)?;
				self.machines[at].line.mend();
				Ok(())
			}
			Kind::SilenceNetwork => {
				self.machines[at].line.silence();
				self.last(fault)?;
				self.machines[at].line.mend();
				Ok(())
			}
			Kind::FillDisk => {
				self.disk(fault)?.fill()?;
				self.last(fault)?;
				self.disk(fault)?.free()
			}
			Kind::CorruptJournal => self.corrupt_journal(fault),
			Kind::StopChain => self.stop_chain(fault),
		}
	}

	/// Lets its blocks pass, in which people do what they would do.
	fn last(&mut self, fault: &Fault) -> Result<()> {
		if fault.errand {
			let node = self.machines[fault.machine].node;
			let leases = self.open_leases()?;
			if let Some(lease) = leases.iter().find(|lease| lease.node == node) {
				self.terminate(lease.lease)?;
			}
		}
		let end = self.chain.best_block()?.saturating_add(fault.blocks);
		while self.chain.best_block()? < end {
			self.tend_and_look()?;
			wait::pause(SLOT)?;
		}
		Ok(())
	}

	fn disk(&self, fault: &Fault) -> Result<&Disk> {
		let disk = self.machines[fault.machine].disk.as_ref();
		disk.ok_or_else(|| eyre!("there is no disk to fill"))
	}

	/// The fault with a machine that it means something to: one can lose leases only if it has any.
	pub(super) fn aim(&self, fault: &Fault) -> Result<Fault> {
		let mut aimed = *fault;
		if fault.kind != Kind::LoseAgent {
			return Ok(aimed);
		}
		let leases = self.open_leases()?;
		let count = self.machines.len();
		let mut others = (0..count).map(|step| (fault.machine + step) % count);
		let has_any = |at: &usize| {
			let node = self.machines[*at].node;
			leases.iter().any(|lease| lease.node == node)
		};
		aimed.machine = others.find(has_any).unwrap_or(fault.machine);
		Ok(aimed)
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
		self.last(fault)?;
		let engine = self.engine.as_mut();
		engine.map_or(Ok(()), DockerDaemon::restart)
	}

	fn corrupt_journal(&mut self, fault: &Fault) -> Result<()> {
		let machine = &mut self.machines[fault.machine];
		if machine.damage_journal(fault.damage)? {
			machine.expect_refusal()?;
			self.last(fault)?;
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
