//! What always holds: money is somebody's, none is made but by the eras that say so, and every pallet's books are in
//! order.

use std::cell::Cell;

use pallet_balances::Event as Money;
use usufruct_runtime::{Balance, Balances, Runtime, RuntimeEvent, System};

thread_local! {
	/// What was issued when the last block ended.
	static ISSUED: Cell<Balance> = const { Cell::new(0) };
}

/// Opens the books, between two blocks.
pub(crate) fn open() {
	ISSUED.set(Balances::total_issuance());
}

/// Counts the money, at the end of every block.
///
/// Issuance is what it was before the block, plus what eras issued in it, minus every burn that an event tells: to
/// the unit.
pub(crate) fn count() {
	let (mut minted, mut burned, mut eras) = (0, 0, 0);
	for record in System::read_events_no_consensus() {
		match record.event {
			RuntimeEvent::Balances(Money::Minted { amount, .. } | Money::Issued { amount }) => {
				minted += amount;
			}
			RuntimeEvent::Balances(
				Money::Burned { amount, .. }
				| Money::BurnedHeld { amount, .. }
				| Money::Rescinded { amount }
				| Money::DustLost { amount, .. },
			) => burned += amount,
			RuntimeEvent::TransactionPayment(
				pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
			) => burned += actual_fee,
			RuntimeEvent::PomcRewards(pallet_pomc_rewards::Event::EraClosed { issued, .. }) => {
				eras += issued.total();
			}
			_ => {}
		}
	}
	assert_eq!(minted, eras, "money was made that no era issued");
	let now = Balances::total_issuance();
	let before = ISSUED.replace(now);
	assert_eq!(
		before + minted,
		now + burned,
		"issuance before, {minted} minted, {burned} burned, issuance now"
	);
	let accounts: Balance = frame_system::Account::<Runtime>::iter_values()
		.map(|account| account.data.free + account.data.reserved)
		.sum();
	assert_eq!(accounts, now, "what accounts hold is what was issued");
}

/// Those of all pallets, the SDK's among them.
#[cfg(feature = "try-runtime")]
pub(crate) fn invariants() {
	use frame_support::traits::{TryState, TryStateSelect};
	usufruct_runtime::AllPalletsWithSystem::try_state(System::block_number(), TryStateSelect::All)
		.expect("the invariants of every pallet hold");
}

/// Those of our own.
#[cfg(not(feature = "try-runtime"))]
pub(crate) fn invariants() {
	use usufruct_runtime::{
		Applications, Dao, Market, NodeRegistry, PomcRewards, ProofOfCompute, RevenueRights,
		UseRights, ValidatorSet, Workspaces,
	};
	Applications::do_try_state().expect("applications");
	Dao::do_try_state().expect("dao");
	Market::do_try_state().expect("market");
	NodeRegistry::do_try_state().expect("node-registry");
	PomcRewards::do_try_state().expect("pomc-rewards");
	ProofOfCompute::do_try_state().expect("proof-of-compute");
	RevenueRights::do_try_state().expect("revenue-rights");
	UseRights::do_try_state().expect("use-rights");
	ValidatorSet::do_try_state().expect("validator-set");
	Workspaces::do_try_state().expect("workspaces");
}
