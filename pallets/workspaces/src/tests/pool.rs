//! Which transactions of workers a pool takes.

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	pallet_prelude::{
		InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction,
	},
};
use sp_runtime::traits::{Applyable, Checkable};

use crate::{mock::*, *};

/// One call wrapped with a field that the call does not depend on.
fn wrap(call: Call<Test>, nonce: u32) -> Extrinsic {
	let extension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonce::from(nonce),
	);
	Extrinsic::new_transaction(call.into(), extension)
}

fn validate(
	transaction: Extrinsic,
	source: TransactionSource,
) -> Result<ValidTransaction, TransactionValidityError> {
	let (info, len) = (transaction.get_dispatch_info(), transaction.encoded_size());
	let checked = transaction
		.check(&frame_system::ChainContext::<Test>::default())
		.unwrap();
	checked.validate::<Test>(source, &info, len)
}

fn apply(transaction: Extrinsic) -> Result<bool, TransactionValidityError> {
	let (info, len) = (transaction.get_dispatch_info(), transaction.encoded_size());
	let checked = transaction
		.check(&frame_system::ChainContext::<Test>::default())
		.unwrap();
	checked
		.apply::<Test>(&info, len)
		.map(|outcome| outcome.is_ok())
}

fn proposed(request: u64, uid: u64) -> Call<Test> {
	Call::propose {
		proposal: proposal(request, 0, uid),
	}
}

#[test]
fn ten_thousand_wrappings_of_one_valid_call_leave_one_in_the_pool() {
	build_and_execute(|| {
		list(7, 5);
		let call = proposed(request(), 7);
		let mut sent = BTreeSet::new();
		let mut pool = BTreeMap::new();
		let mut priorities = BTreeSet::new();
		for nonce in 0..10_000 {
			let transaction = wrap(call.clone(), nonce);
			sent.insert(transaction.encode());
			let valid = validate(transaction, TransactionSource::Local).unwrap();
			assert!(!valid.propagate);
			priorities.insert(valid.priority);
			// As a pool: what provides a tag that is there already must have a higher priority.
			pool.insert(valid.provides, nonce);
		}
		assert_eq!((sent.len(), pool.len(), priorities.len()), (10_000, 1, 1));
	});
}

#[test]
fn proposals_computed_at_different_blocks_for_one_replica_provide_one_tag() {
	build_and_execute(|| {
		list(7, 5);
		list(8, 4);
		let request = request();
		let mut tags = BTreeSet::new();
		for (uid, block) in [(7, 1), (7, 2), (8, 3)] {
			run_to(block);
			let valid = validate(wrap(proposed(request, uid), 0), TransactionSource::Local);
			tags.insert(valid.unwrap().provides);
		}
		assert_eq!(tags.len(), 1);
	});
}

#[test]
fn a_better_proposal_has_a_higher_priority() {
	build_and_execute(|| {
		list(7, 5);
		list(8, 4);
		let request = request();
		let priority = |uid| {
			validate(wrap(proposed(request, uid), 0), TransactionSource::Local)
				.unwrap()
				.priority
		};
		assert!(priority(8) > priority(7));
	});
}

#[test]
fn nothing_is_taken_from_the_network() {
	build_and_execute(|| {
		list(7, 5);
		list(8, 5);
		let lease = lease(9);
		let windowed = request_with(5, |_| {});
		assert_ok!(propose(windowed, 0, 8));
		let open = request();
		run_to(11);
		let calls = [
			proposed(open, 7),
			Call::settle { request: windowed },
			Call::expire { lease },
		];
		for call in calls {
			let external = validate(wrap(call.clone(), 0), TransactionSource::External);
			assert_eq!(external, Err(InvalidTransaction::Call.into()));
			for source in [TransactionSource::Local, TransactionSource::InBlock] {
				assert!(validate(wrap(call.clone(), 0), source).is_ok());
			}
		}
		run_to(51);
		let call = Call::expire_request { request: open };
		let external = validate(wrap(call.clone(), 0), TransactionSource::External);
		assert_eq!(external, Err(InvalidTransaction::Call.into()));
		assert!(validate(wrap(call, 0), TransactionSource::Local).is_ok());
	});
}

#[test]
fn what_would_fail_is_not_taken() {
	build_and_execute(|| {
		list(7, 5);
		let lease = lease(8);
		let request = request();
		let stale = Proposal {
			attempt: 1,
			..proposal(request, 0, 7)
		};
		let calls = [
			Call::propose { proposal: stale },
			proposed(request, 99),
			Call::settle { request },
			Call::expire { lease },
			Call::expire_request { request },
		];
		for call in calls {
			for source in [TransactionSource::Local, TransactionSource::InBlock] {
				let taken = validate(wrap(call.clone(), 0), source);
				assert_eq!(taken, Err(InvalidTransaction::Stale.into()));
			}
		}
	});
}

#[test]
fn calls_that_need_an_account_are_not_authorised() {
	build_and_execute(|| {
		list(7, 5);
		let call = Call::propose_signed {
			proposal: proposal(request(), 0, 7),
		};
		assert!(!apply(wrap(call, 0)).unwrap_or(false));
		assert!(Leases::<Test>::iter().next().is_none());
	});
}

#[test]
fn an_included_proposal_opens_a_lease_and_cannot_be_replayed() {
	build_and_execute(|| {
		list(7, 5);
		let transaction = wrap(proposed(request(), 7), 0);
		assert_eq!(apply(transaction.clone()), Ok(true));
		assert_eq!(Leases::<Test>::iter().count(), 1);
		assert_eq!(apply(transaction), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn a_worker_settles_and_expires_by_the_same_calls_as_a_person() {
	build_and_execute(|| {
		list(8, 5);
		let lease = lease(9);
		let windowed = request_with(5, |_| {});
		assert_ok!(propose(windowed, 0, 8));
		let open = request();
		run_to(11);
		assert_eq!(apply(wrap(Call::settle { request: windowed }, 0)), Ok(true));
		assert_eq!(apply(wrap(Call::expire { lease }, 0)), Ok(true));
		run_to(51);
		assert_eq!(
			apply(wrap(Call::expire_request { request: open }, 0)),
			Ok(true)
		);
	});
}
