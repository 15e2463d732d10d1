//! What must be true of revenue rights at any time.

use frame_support::{ensure, traits::fungible::Inspect};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{Balance, REVENUE_SHARES};

use crate::{Config, Pallet, Rights, Shares};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut unpaid: Balance = 0;
		for (vid, right) in Rights::<T>::iter() {
			let (mut shares, mut owed, mut holders) = (0u32, 0 as Balance, 0u32);
			for (_, mut record) in Shares::<T>::iter_prefix(vid) {
				record.accrue(right.per_share).ok_or("a share's income overflows")?;
				shares = shares.saturating_add(record.shares.into());
				owed = owed.saturating_add(record.owed);
				holders = holders.saturating_add(1);
			}
			ensure!(shares == u32::from(REVENUE_SHARES), "shares do not add up to 10,000");
			ensure!(holders == right.holders, "the number of holders is wrong");
			ensure!(right.paid <= right.income, "more was paid than came in");
			let open = right.income.saturating_sub(right.paid);
			ensure!(owed.saturating_add(right.remainder) == open, "income is not accounted for");
			unpaid = unpaid.saturating_add(open);
		}
		ensure!(
			T::Currency::balance(&Self::account()) >= unpaid,
			"the account holds less than is owed"
		);
		Ok(())
	}
}
