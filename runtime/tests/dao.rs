//! What the DAO can do, by which power, and what it takes: votes on a chain that begins as
//! `development` does.

mod chain;

use chain::within;
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	traits::{schedule::DispatchTime, Bounded, Hooks},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_dao::Power;
use pallet_node_registry::Standing;
use pallet_proof_of_compute::Classes;
use pallet_referenda::{ReferendumInfo, ReferendumInfoFor, TracksInfo};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Ferdie};
use sp_runtime::{
	traits::{AccountIdConversion, BlakeTwo256, Dispatchable, Hash},
	DispatchError, Permill,
};
use usufruct_runtime::{
	configs::{RuntimeParameters, TechnicalCollective, Tracks, TREASURY},
	constants::currency::USU,
	presets::{self, CPU_X86_64},
	AccountId, Balances, BlockNumber, ConvictionVoting, OriginCaller, Referenda, Runtime,
	RuntimeCall, RuntimeOrigin, Scheduler, System, TechnicalCommittee, Whitelist,
};

fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.to_account_id())
}

/// Goes on until block `last`. What was voted for is carried out by the scheduler.
fn go_to(last: BlockNumber) {
	for block in System::block_number() + 1..=last {
		System::set_block_number(block);
		Scheduler::on_initialize(block);
	}
}

/// A block in which every vote that was begun before is over.
fn end() -> BlockNumber {
	System::block_number() + 100
}

/// Proposes that a call be made with a power. Gives the referendum.
fn propose(power: Power, call: RuntimeCall) -> u32 {
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let call = call.encode().try_into().expect("the call is short");
	assert_ok!(Referenda::submit(
		signed(Ferdie),
		Box::new(OriginCaller::Dao(power)),
		Bounded::Inline(call),
		DispatchTime::After(0),
	));
	assert_ok!(Referenda::place_decision_deposit(signed(Ferdie), index));
	index
}

fn vote(who: Sr25519Keyring, index: u32, aye: bool) {
	let vote = AccountVote::Standard {
		vote: Vote {
			aye,
			conviction: Conviction::Locked1x,
		},
		balance: 900_000 * USU,
	};
	assert_ok!(ConvictionVoting::vote(signed(who), index, vote));
}

/// A majority votes for it and the time goes by.
fn carry(index: u32) {
	for who in [Alice, Bob, Charlie] {
		vote(who, index, true);
	}
	go_to(end());
	assert!(
		matches!(
			ReferendumInfoFor::<Runtime>::get(index),
			Some(ReferendumInfo::Approved(..))
		),
		"{:?}",
		ReferendumInfoFor::<Runtime>::get(index)
	);
}

/// Makes the proofs of the processors' class harder.
fn more_samples() -> RuntimeCall {
	let mut class = Classes::<Runtime>::get(CPU_X86_64).expect("it exists from genesis on");
	class.params.samples = 48;
	class.params.version += 1;
	pallet_proof_of_compute::Call::set_class {
		id: CPU_X86_64,
		class,
	}
	.into()
}

fn samples() -> u32 {
	Classes::<Runtime>::get(CPU_X86_64)
		.expect("it exists from genesis on")
		.params
		.samples
}

fn treasury() -> AccountId {
	TREASURY.into_account_truncating()
}

fn fee_share(percent: u32) -> RuntimeCall {
	use usufruct_runtime::configs::dynamic::market;
	let key_value = RuntimeParameters::Market(market::Parameters::FeeShare(
		market::FeeShare,
		Some(Permill::from_percent(percent)),
	));
	pallet_parameters::Call::set_parameter { key_value }.into()
}

fn open_admission(open: bool) -> RuntimeCall {
	use usufruct_runtime::configs::dynamic::node_registry;
	let key_value = RuntimeParameters::NodeRegistry(node_registry::Parameters::OpenAdmission(
		node_registry::OpenAdmission,
		Some(open),
	));
	pallet_parameters::Call::set_parameter { key_value }.into()
}

/// Each call that a power opens, with that power.
fn doors() -> Vec<(Power, RuntimeCall)> {
	use pallet_node_registry::Call as Registry;
	use pallet_validator_set::Call as Validators;
	vec![
		(
			Power::Upgrade,
			pallet_whitelist::Call::<Runtime>::dispatch_whitelisted_call {
				call_hash: Default::default(),
				call_encoded_len: 0,
				call_weight_witness: Default::default(),
			}
			.into(),
		),
		(
			Power::Membership,
			Registry::<Runtime>::force_suspend { node: 0 }.into(),
		),
		(
			Power::Membership,
			Registry::<Runtime>::force_reinstate { node: 0 }.into(),
		),
		(
			Power::Membership,
			Registry::<Runtime>::set_standing {
				provider: Ferdie.to_account_id(),
				standing: Some(Standing::Barred),
			}
			.into(),
		),
		(
			Power::Membership,
			pallet_applications::Call::<Runtime>::set_barred {
				account: Ferdie.to_account_id(),
				is_barred: true,
			}
			.into(),
		),
		(
			Power::Membership,
			Validators::<Runtime>::force_add {
				who: Ferdie.to_account_id(),
			}
			.into(),
		),
		(
			Power::Membership,
			pallet_collective::Call::<Runtime, TechnicalCollective>::set_members {
				new_members: vec![Bob.to_account_id()],
				prime: None,
				old_count: 1,
			}
			.into(),
		),
		(Power::Membership, open_admission(false)),
		(
			Power::Treasury,
			pallet_treasury::Call::<Runtime>::spend {
				asset_kind: Box::new(()),
				amount: USU,
				beneficiary: Box::new(Ferdie.to_account_id()),
				valid_from: None,
			}
			.into(),
		),
		(Power::MarketAdmin, fee_share(3)),
		(Power::ProofParameters, more_samples()),
		(
			Power::Canceller,
			pallet_referenda::Call::<Runtime>::cancel { index: 0 }.into(),
		),
		(
			Power::Canceller,
			pallet_referenda::Call::<Runtime>::kill { index: 0 }.into(),
		),
	]
}

/// Whether a call is refused because of who calls it. Whoever may not dispatch as root may still carry
/// out what both the DAO and the committee have agreed to: nothing, here.
fn is_refused(call: &RuntimeCall, origin: RuntimeOrigin) -> bool {
	type Whitelist = pallet_whitelist::Error<Runtime>;
	let error = call.clone().dispatch(origin).err().map(|error| error.error);
	[
		DispatchError::BadOrigin,
		Whitelist::DeferredDispatchNotFound.into(),
		Whitelist::CallIsNotWhitelisted.into(),
	]
	.map(Some)
	.contains(&error)
}

#[test]
fn a_power_opens_what_is_its_own_and_nothing_else() {
	within(presets::DEVELOPMENT, || {
		for (own, call) in doors() {
			for power in Power::ALL {
				assert_eq!(
					is_refused(&call, power.into()),
					power != own,
					"{power:?}: {call:?}"
				);
			}
			for origin in [signed(Alice), RuntimeOrigin::none()] {
				assert!(is_refused(&call, origin), "{call:?}");
			}
		}
	});
}

#[test]
fn no_power_is_root() {
	within(presets::DEVELOPMENT, || {
		let remark = RuntimeCall::from(frame_system::Call::<Runtime>::set_heap_pages { pages: 1 });
		for power in Power::ALL {
			assert_noop!(
				remark.clone().dispatch(power.into()),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn nobody_can_propose_to_be_root_or_another_account() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let call = Bounded::Inline(more_samples().encode().try_into().expect("short"));
		let others = [
			frame_system::RawOrigin::Root,
			frame_system::RawOrigin::Signed(Bob.to_account_id()),
		];
		for origin in others {
			assert_noop!(
				Referenda::submit(
					signed(Alice),
					Box::new(origin.into()),
					call.clone(),
					DispatchTime::After(0)
				),
				pallet_referenda::Error::<Runtime>::NoTrack
			);
		}
	});
}

#[test]
fn a_vote_that_wins_changes_what_it_was_about() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let before = samples();
		let index = propose(Power::ProofParameters, more_samples());
		carry(index);
		assert_eq!((before, samples()), (32, 48));
	});
}

#[test]
fn a_vote_that_is_lost_changes_nothing() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let index = propose(Power::ProofParameters, more_samples());
		vote(Alice, index, true);
		vote(Bob, index, false);
		vote(Charlie, index, false);
		go_to(end());
		assert!(matches!(
			ReferendumInfoFor::<Runtime>::get(index),
			Some(ReferendumInfo::Rejected(..))
		));
		assert_eq!(samples(), 32);
	});
}

#[test]
fn a_proposal_that_nobody_votes_for_changes_nothing() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		propose(Power::ProofParameters, more_samples());
		go_to(end());
		assert_eq!(samples(), 32);
	});
}

#[test]
fn a_call_with_a_power_that_does_not_open_it_is_approved_in_vain() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let index = propose(Power::Treasury, more_samples());
		carry(index);
		assert_eq!(samples(), 32);
	});
}

#[test]
fn the_market_fee_and_admission_are_set_by_votes() {
	use frame_support::traits::Get;
	use usufruct_runtime::configs::dynamic::{market, node_registry};
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		carry(propose(Power::MarketAdmin, fee_share(5)));
		carry(propose(Power::Membership, open_admission(false)));
		assert_eq!(market::FeeShare::get(), Permill::from_percent(5));
		let open: bool = node_registry::OpenAdmission::get();
		assert!(!open);
	});
}

#[test]
fn the_treasury_pays_what_was_voted_and_anybody_may_ask_for_the_payment() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		assert_ok!(Balances::transfer_keep_alive(
			signed(Alice),
			treasury().into(),
			100 * USU
		));
		let poor = AccountId::new([9; 32]);
		let spend = pallet_treasury::Call::<Runtime>::spend {
			asset_kind: Box::new(()),
			amount: 40 * USU,
			beneficiary: Box::new(poor.clone()),
			valid_from: None,
		};
		carry(propose(Power::Treasury, spend.into()));
		let before = Balances::free_balance(treasury());
		assert_ok!(usufruct_runtime::Treasury::payout(signed(Charlie), 0));
		assert_eq!(Balances::free_balance(&poor), 40 * USU);
		assert_eq!(Balances::free_balance(treasury()), before - 40 * USU);
	});
}

/// Changes something that only root may.
fn for_root() -> RuntimeCall {
	frame_system::Call::<Runtime>::set_storage {
		items: vec![(b"upgraded".to_vec(), b"yes".to_vec())],
	}
	.into()
}

fn dispatch_whitelisted() -> RuntimeCall {
	pallet_whitelist::Call::<Runtime>::dispatch_whitelisted_call_with_preimage {
		call: Box::new(for_root()),
	}
	.into()
}

fn upgraded() -> bool {
	frame_support::storage::unhashed::get_raw(b"upgraded").is_some()
}

/// The committee, which is Alice alone, whitelists the call.
fn whitelist() {
	let call = pallet_whitelist::Call::<Runtime>::whitelist_call {
		call_hash: BlakeTwo256::hash_of(&for_root()),
	};
	let length = RuntimeCall::from(call.clone()).encoded_size() as u32;
	assert_ok!(TechnicalCommittee::propose(
		signed(Alice),
		1,
		Box::new(call.into()),
		length
	));
}

#[test]
fn root_acts_when_the_committee_has_whitelisted_and_the_dao_has_approved() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		whitelist();
		carry(propose(Power::Upgrade, dispatch_whitelisted()));
		assert!(upgraded());
	});
}

#[test]
fn root_does_not_act_on_what_the_committee_has_not_whitelisted() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		carry(propose(Power::Upgrade, dispatch_whitelisted()));
		assert!(!upgraded());
	});
}

#[test]
fn what_was_approved_first_waits_for_the_whitelist_and_then_anybody_dispatches_it() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		carry(propose(Power::Upgrade, dispatch_whitelisted()));
		let dispatch = || {
			Whitelist::dispatch_whitelisted_call_with_preimage(signed(Ferdie), Box::new(for_root()))
		};
		assert_noop!(
			dispatch(),
			pallet_whitelist::Error::<Runtime>::CallIsNotWhitelisted
		);
		whitelist();
		assert_ok!(dispatch());
		assert!(upgraded());
	});
}

#[test]
fn the_committee_alone_dispatches_nothing_and_who_is_not_in_it_whitelists_nothing() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		whitelist();
		assert_noop!(
			Whitelist::dispatch_whitelisted_call_with_preimage(signed(Alice), Box::new(for_root())),
			pallet_whitelist::Error::<Runtime>::DeferredDispatchNotFound
		);
		let whitelist = pallet_whitelist::Call::<Runtime>::whitelist_call {
			call_hash: Default::default(),
		};
		assert_noop!(
			TechnicalCommittee::propose(signed(Bob), 1, Box::new(whitelist.into()), 100),
			pallet_collective::Error::<Runtime, TechnicalCollective>::NotMember
		);
		assert!(!upgraded());
	});
}

#[test]
fn a_committee_is_replaced_by_a_vote_on_membership() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let call = pallet_collective::Call::<Runtime, TechnicalCollective>::set_members {
			new_members: vec![Bob.to_account_id()],
			prime: None,
			old_count: 1,
		};
		carry(propose(Power::Membership, call.into()));
		let members = pallet_collective::Members::<Runtime, TechnicalCollective>::get();
		assert_eq!(members, vec![Bob.to_account_id()]);
	});
}

#[test]
fn a_referendum_that_is_killed_changes_nothing_and_its_deposits_go_to_the_treasury() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let harmful = propose(Power::ProofParameters, more_samples());
		let before = Balances::free_balance(treasury());
		assert_ok!(Referenda::kill(Power::Canceller.into(), harmful));
		go_to(end());
		assert_eq!(samples(), 32);
		// The decision's deposit and the submission's.
		assert_eq!(Balances::free_balance(treasury()), before + 51 * USU);
	});
}

#[test]
fn where_money_is_real_no_decision_is_over_within_three_days() {
	const DAY: BlockNumber = 24 * 60 * 20;
	within(presets::STAGING, || {
		assert_ok!(Tracks::check_integrity());
		for track in Tracks::tracks() {
			assert!(track.info.decision_period >= 3 * DAY, "{track:?}");
			assert!(track.info.prepare_period >= 200, "{track:?}");
		}
	});
	within(presets::DEVELOPMENT, || {
		assert_ok!(Tracks::check_integrity());
		for track in Tracks::tracks() {
			assert!((1..=60).contains(&track.info.decision_period), "{track:?}");
		}
	});
}

#[test]
fn every_power_has_one_track_that_bears_its_name() {
	within(presets::STAGING, || {
		let names: Vec<String> = Tracks::tracks()
			.map(|track| {
				let name = String::from_utf8_lossy(&track.info.name).into_owned();
				name.trim_end_matches('\0').to_string()
			})
			.collect();
		assert_eq!(
			names,
			[
				"upgrade",
				"membership",
				"treasury",
				"market_admin",
				"proof_parameters",
				"canceller"
			]
		);
		for power in Power::ALL {
			assert_eq!(Tracks::track_for(&power.into()), Ok(power.track()));
		}
	});
}
