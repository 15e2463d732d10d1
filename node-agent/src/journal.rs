//! What must survive a crash: what was begun and how it ended.
//!
//! A row is written before each side effect and completed after it. `synchronous = FULL`: a row that
//! was written is there after a power cut.

use std::{
	path::Path,
	sync::{Mutex, MutexGuard, PoisonError},
};

use eyre::{ensure, Result, WrapErr};
use rusqlite::OptionalExtension;
use usufruct_proof::Hash;

/// The places at which a crash is tested: the environment's `USUFRUCT_CRASH_AT` names one, and the
/// process aborts there.
pub const CRASH_POINTS: [&str; 9] = [
	"before-intent",
	"after-intent",
	"after-start",
	"after-outcome",
	"after-report",
	"work-kept",
	"work-committed",
	"passes-kept",
	"passes-committed",
];

/// Aborts if the environment names this point. For tests; does nothing else.
pub fn crash_point(name: &str) {
	debug_assert!(CRASH_POINTS.contains(&name), "{name} is not listed");
	if std::env::var("USUFRUCT_CRASH_AT").is_ok_and(|at| at == name) {
		tracing::error!(name, "crashing as told");
		std::process::abort();
	}
}

/// A workspace that ran so many seconds is not one that cannot start.
pub const LONG_RUN: u64 = 600;

/// How the last start of a lease went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
	/// It was begun; nobody knows how it went.
	Intended,
	/// It ran.
	Started,
	/// A batch job came to its end: it must not run again.
	Finished,
	/// It failed.
	Failed,
}

/// The work of a proof: from it, every reveal can be computed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
	/// The seed of round 0.
	pub seed: Hash,
	/// The root of each round.
	pub roots: Vec<Hash>,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
	database: Mutex<rusqlite::Connection>,
}

impl Journal {
	/// Opens or creates the journal.
	///
	/// # Errors
	///
	/// Where the file cannot be written, or is no journal or a damaged one.
	pub fn open(data_dir: &Path) -> Result<Self> {
		let path = data_dir.join("journal.sqlite");
		let open = || {
			let database = rusqlite::Connection::open(&path)?;
			database.execute_batch(
				"PRAGMA journal_mode = WAL;
				 PRAGMA synchronous = FULL;
				 CREATE TABLE IF NOT EXISTS starts (
					lease INTEGER NOT NULL,
					generation INTEGER NOT NULL,
					outcome TEXT NOT NULL,
					ends INTEGER NOT NULL DEFAULT 0,
					ended_at INTEGER NOT NULL DEFAULT 0,
					PRIMARY KEY (lease, generation)
				 ) STRICT;
				 CREATE TABLE IF NOT EXISTS proofs (
					task TEXT PRIMARY KEY,
					seed BLOB NOT NULL,
					roots BLOB NOT NULL
				 ) STRICT;",
			)?;
			// Damage behind its beginning would else be met in the middle of work, again and again.
			let found: String =
				database.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
			ensure!(found == "ok", "it is damaged: {found}");
			// Of an agent that counted ends without a time.
			let is_known =
				"SELECT COUNT(*) FROM pragma_table_info('starts') WHERE name = 'ended_at'";
			if database.query_row(is_known, (), |row| row.get::<_, u32>(0))? == 0 {
				let add = "ALTER TABLE starts ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0";
				database.execute_batch(add)?;
			}
			Ok::<_, eyre::Report>(database)
		};
		let database = open().wrap_err_with(|| {
			format!("open the journal {}; if it is damaged, move it away: running leases are found again", path.display())
		})?;
		Ok(Self {
			database: Mutex::new(database),
		})
	}

	fn database(&self) -> MutexGuard<'_, rusqlite::Connection> {
		self.database.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Writes how a start of a lease goes.
	///
	/// # Errors
	///
	/// Where the disk does not take it.
	pub fn write(&self, lease: u64, generation: u32, outcome: Outcome) -> Result<()> {
		self.database()
			.execute(
				"INSERT INTO starts (lease, generation, outcome) VALUES (?1, ?2, ?3)
				 ON CONFLICT (lease, generation) DO UPDATE SET outcome = ?3",
				(lease.cast_signed(), generation, format!("{outcome:?}")),
			)
			.wrap_err("write the journal")?;
		Ok(())
	}

	/// Counts one more time that a started workspace came to an end at `now`, in seconds since 1970; gives how often
	/// in a row. A run of [`LONG_RUN`] seconds or more begins the count anew.
	///
	/// # Errors
	///
	/// Where the disk does not take it.
	pub fn count_end(&self, lease: u64, generation: u32, now: u64) -> Result<u32> {
		self.database()
			.query_row(
				"INSERT INTO starts (lease, generation, outcome, ends, ended_at)
				 VALUES (?1, ?2, 'Started', 1, ?3)
				 ON CONFLICT (lease, generation) DO UPDATE SET
					ends = CASE WHEN ?3 - ended_at >= ?4 THEN 1 ELSE ends + 1 END,
					ended_at = ?3
				 RETURNING ends",
				(
					lease.cast_signed(),
					generation,
					now.cast_signed(),
					LONG_RUN.cast_signed(),
				),
				|row| row.get(0),
			)
			.wrap_err("write the journal")
	}

	/// How the last start of a lease went; `None` where there was none.
	///
	/// # Errors
	///
	/// Where the journal cannot be read.
	pub fn read(&self, lease: u64, generation: u32) -> Result<Option<Outcome>> {
		let found = self
			.database()
			.query_row(
				"SELECT outcome FROM starts WHERE lease = ?1 AND generation = ?2",
				(lease.cast_signed(), generation),
				|row| row.get::<_, String>(0),
			)
			.optional()
			.wrap_err("read the journal")?;
		Ok(match found.as_deref() {
			Some("Intended") => Some(Outcome::Intended),
			Some("Started") => Some(Outcome::Started),
			Some("Finished") => Some(Outcome::Finished),
			Some("Failed") => Some(Outcome::Failed),
			_ => None,
		})
	}

	/// Keeps the work of a proof: before it is committed, since a commitment without a reveal is a fault.
	///
	/// # Errors
	///
	/// Where the disk does not take it.
	pub fn keep_work(&self, task: &str, work: &Work) -> Result<()> {
		self.database()
			.execute(
				"INSERT OR REPLACE INTO proofs (task, seed, roots) VALUES (?1, ?2, ?3)",
				(task, work.seed, work.roots.concat()),
			)
			.wrap_err("write the journal")?;
		Ok(())
	}

	/// The work of a proof; `None` where none was kept.
	///
	/// # Errors
	///
	/// Where the journal cannot be read.
	pub fn work(&self, task: &str) -> Result<Option<Work>> {
		self.database()
			.query_row(
				"SELECT seed, roots FROM proofs WHERE task = ?1",
				(task,),
				|row| {
					let roots: Vec<u8> = row.get(1)?;
					Ok(Work {
						seed: row.get(0)?,
						roots: roots.as_chunks().0.to_vec(),
					})
				},
			)
			.optional()
			.wrap_err("read the journal")
	}

	/// Forgets the work of proofs that are over: of all but these.
	///
	/// # Errors
	///
	/// Where the disk does not take it.
	pub fn forget_other_work(&self, tasks: &[String]) -> Result<()> {
		let database = self.database();
		let mut statement = database.prepare("SELECT task FROM proofs")?;
		let kept: Vec<String> = statement
			.query_map((), |row| row.get(0))?
			.collect::<Result<_, _>>()?;
		for task in kept {
			if !tasks.contains(&task) {
				database.execute("DELETE FROM proofs WHERE task = ?1", (task,))?;
			}
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_was_written_is_there_after_opening_again() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path()).unwrap();
		journal.write(1, 0, Outcome::Intended).unwrap();
		journal.write(1, 0, Outcome::Finished).unwrap();
		drop(journal);
		let journal = Journal::open(folder.path()).unwrap();
		assert_eq!(journal.read(1, 0).unwrap(), Some(Outcome::Finished));
		assert_eq!(journal.read(1, 1).unwrap(), None);
	}

	#[test]
	fn ends_are_counted_per_lease_and_generation_and_survive() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path()).unwrap();
		journal.write(1, 0, Outcome::Started).unwrap();
		assert_eq!(journal.count_end(1, 0, 50).unwrap(), 1);
		journal.write(1, 0, Outcome::Intended).unwrap();
		drop(journal);
		let journal = Journal::open(folder.path()).unwrap();
		assert_eq!(journal.count_end(1, 0, 60).unwrap(), 2);
		assert_eq!(journal.count_end(1, 1, 60).unwrap(), 1);
		assert_eq!(journal.count_end(2, 0, 60).unwrap(), 1);
	}

	#[test]
	fn ends_are_counted_anew_after_a_long_run() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path()).unwrap();
		let end = |now| journal.count_end(1, 0, now).unwrap();
		assert_eq!([end(1_000), end(1_001)], [1, 2]);
		assert_eq!([end(1_001 + LONG_RUN - 1), end(1_600 + LONG_RUN)], [3, 1]);
		// A clock that was set back.
		assert_eq!(end(5), 2);
	}

	#[test]
	fn the_journal_of_an_older_agent_is_gone_on_with() {
		let folder = tempfile::tempdir().unwrap();
		let old = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
		old.execute_batch(
			"CREATE TABLE starts (
				lease INTEGER NOT NULL,
				generation INTEGER NOT NULL,
				outcome TEXT NOT NULL,
				ends INTEGER NOT NULL DEFAULT 0,
				PRIMARY KEY (lease, generation)
			 ) STRICT;
			 INSERT INTO starts VALUES (7, 0, 'Started', 1);",
		)
		.unwrap();
		drop(old);
		let journal = Journal::open(folder.path()).unwrap();
		assert_eq!(journal.read(7, 0).unwrap(), Some(Outcome::Started));
		assert_eq!(journal.count_end(7, 0, 50).unwrap(), 2);
	}

	#[test]
	fn work_is_there_after_opening_again_until_its_proof_is_over() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path()).unwrap();
		let work = |byte: u8, rounds| Work {
			seed: [byte; 32],
			roots: vec![[byte + 1; 32]; rounds],
		};
		journal.keep_work("1", &work(1, 3)).unwrap();
		journal.keep_work("2", &work(5, 512)).unwrap();
		journal.keep_work("2", &work(2, 4)).unwrap();
		drop(journal);
		let journal = Journal::open(folder.path()).unwrap();
		assert_eq!(journal.work("1").unwrap(), Some(work(1, 3)));
		assert_eq!(journal.work("2").unwrap(), Some(work(2, 4)));
		journal
			.forget_other_work(&["2".into(), "9".into()])
			.unwrap();
		assert_eq!(journal.work("1").unwrap(), None);
		assert_eq!(journal.work("2").unwrap(), Some(work(2, 4)));
	}

	#[test]
	fn a_damaged_journal_is_refused_with_a_way_out() {
		let folder = tempfile::tempdir().unwrap();
		std::fs::write(folder.path().join("journal.sqlite"), [7u8; 4096]).unwrap();
		let error = Journal::open(folder.path()).unwrap_err().to_string();
		assert!(error.contains("move it away"), "{error}");
	}

	#[test]
	fn a_journal_that_is_damaged_behind_its_beginning_is_refused_before_any_work() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path()).unwrap();
		journal.write(1, 0, Outcome::Started).unwrap();
		drop(journal);
		let path = folder.path().join("journal.sqlite");
		let mut bytes = std::fs::read(&path).unwrap();
		let page = 4_096;
		assert!(bytes.len() > page, "more than its first page");
		for (at, byte) in bytes.iter_mut().enumerate().skip(page) {
			if at % page < 512 {
				*byte = 0x55;
			}
		}
		std::fs::write(&path, bytes).unwrap();
		let error = Journal::open(folder.path()).unwrap_err().to_string();
		assert!(error.contains("move it away"), "{error}");
	}
}
