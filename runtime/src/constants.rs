//! Numbers used in more than one place: money, time.

/// Money.
pub mod currency {
	use usufruct_primitives::Balance;

	/// One USU in its smallest unit.
	pub const USU: Balance = 1_000_000_000_000;
	/// A thousandth of a USU.
	pub const MILLI: Balance = USU / 1_000;
	/// A millionth of a USU.
	pub const MICRO: Balance = USU / 1_000_000;
	/// The least that an account must hold to exist.
	pub const EXISTENTIAL_DEPOSIT: Balance = MILLI;

	/// What storing `items` records of `bytes` bytes in all costs as a deposit: a deposit that is
	/// too small lets anyone fill the state of every validator.
	pub const fn deposit(items: u32, bytes: u32) -> Balance {
		items as Balance * 10 * MILLI + bytes as Balance * 100 * MICRO
	}
}

/// Time.
pub mod time {
	use usufruct_primitives::BlockNumber;

	/// A slot, in milliseconds. Can never be changed on a running chain.
	pub const SLOT_MILLIS: u64 = 3_000;
	/// Blocks in a minute.
	pub const MINUTES: BlockNumber = 60_000 / SLOT_MILLIS as BlockNumber;
	/// Blocks in an hour.
	pub const HOURS: BlockNumber = 60 * MINUTES;
	/// Blocks in a day.
	pub const DAYS: BlockNumber = 24 * HOURS;
	/// A BABE epoch, which is a session: how long a set of validators stays the same.
	pub const EPOCH_BLOCKS: BlockNumber = 10 * MINUTES;
	/// The chance that a slot has a primary author. Secondary authors fill the rest, with a VRF
	/// too: challenges need one in (nearly) every block.
	pub const PRIMARY_PROBABILITY: (u64, u64) = (1, 4);
}
