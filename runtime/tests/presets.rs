//! The states that chains begin with: each can be built, and none but `development` has a master key.

mod chain;

use chain::within;
use sp_runtime::traits::AccountIdConversion;
use usufruct_runtime::{
	configs::pallet_accounts,
	constants::currency::{EXISTENTIAL_DEPOSIT, USU},
	presets, Balances, ProofOfCompute, Runtime, Session, ValidatorSet,
};

#[test]
fn every_preset_that_is_named_can_be_built_and_no_other_exists() {
	assert_eq!(presets::names().len(), 3);
	for name in presets::names() {
		within(name.as_ref(), || {});
	}
	assert!(presets::get(&"production".into()).is_none());
}

#[test]
fn only_a_development_chain_has_a_master_key() {
	within(presets::DEVELOPMENT, || {
		assert!(pallet_sudo::Key::<Runtime>::get().is_some());
	});
	for preset in [presets::LOCAL, presets::STAGING] {
		within(preset, || {
			assert!(pallet_sudo::Key::<Runtime>::get().is_none());
		});
	}
}

#[test]
fn a_chain_begins_with_its_validators_each_admitted_bonded_by_nobody_and_with_keys() {
	for (preset, validators) in [
		(presets::DEVELOPMENT, 1),
		(presets::LOCAL, 4),
		(presets::STAGING, 4),
	] {
		within(preset, || {
			assert_eq!(Session::validators().len(), validators, "{preset}");
			assert_eq!(ValidatorSet::validators().len(), validators, "{preset}");
		});
	}
}

#[test]
fn the_accounts_of_pallets_can_receive_the_smallest_amount_from_the_first_block_on() {
	for name in presets::names() {
		within(name.as_ref(), || {
			for account in pallet_accounts() {
				assert!(
					Balances::free_balance(&account) >= EXISTENTIAL_DEPOSIT,
					"{name:?}"
				);
			}
		});
	}
	let treasury = usufruct_runtime::configs::TREASURY.into_account_truncating();
	assert!(pallet_accounts().contains(&treasury));
}

#[test]
fn nobody_whose_key_is_public_has_money_on_a_real_network() {
	within(presets::STAGING, || {
		for known in sp_keyring::Sr25519Keyring::iter() {
			assert_eq!(
				Balances::free_balance(known.to_account_id()),
				0,
				"{known:?}"
			);
		}
		assert!(Balances::total_issuance() >= USU);
	});
}

#[test]
fn processors_and_a_gpu_have_classes_from_the_first_block_on() {
	use usufruct_primitives::traits::ScoreInspect;
	for name in presets::names() {
		within(name.as_ref(), || {
			for class in [presets::CPU_X86_64, presets::CPU_AARCH64, presets::H200] {
				assert!(
					ProofOfCompute::class_exists(class),
					"{name:?} has no class {class}"
				);
			}
		});
	}
}
