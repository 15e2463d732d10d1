//! What the fuzzer looks for, it finds.

use frame_support::traits::fungible::{Mutate, Unbalanced};
use pallet_node_registry::NextNodeId;
use usufruct_runtime::{Balances, Runtime};

use crate::{blocks, calls::person, in_a_block};

#[test]
fn a_quiet_chain_is_in_order() {
	in_a_block(|| blocks::pass(300, 0));
}

#[test]
fn a_chain_goes_on_after_a_pause_of_several_epochs() {
	in_a_block(|| blocks::pass(3, 1_000));
}

#[test]
#[should_panic = "money was made that no era issued"]
fn money_that_no_era_issued_is_found() {
	in_a_block(|| {
		Balances::mint_into(&person(0), 1).expect("an account can have more");
	});
}

#[test]
#[should_panic = "issuance before"]
fn money_that_is_lost_without_an_event_is_found() {
	in_a_block(|| Balances::set_total_issuance(Balances::total_issuance() - 1));
}

#[test]
#[should_panic = "what accounts hold"]
fn money_that_is_nobodys_is_found() {
	in_a_block(|| {
		Balances::write_balance(&person(0), 1_000_000_000_000).expect("it is enough to exist");
	});
}

#[test]
#[should_panic = "identifier not given out"]
fn books_of_a_pallet_that_are_not_in_order_are_found() {
	in_a_block(|| NextNodeId::<Runtime>::put(0));
}
