//! Blocks as nodes run them, but for signatures and state roots: hooks, inherents, transactions with all their
//! extensions.

use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::{OnFinalize, OnIdle},
	weights::Weight,
};
use frame_system::limits::BlockWeights;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest},
	Slot,
};
use sp_runtime::{
	generic::{CheckedExtrinsic, Era, ExtrinsicFormat},
	traits::{Applyable, Dispatchable, ExtensionVariant, Header as _},
	DigestItem,
};
use usufruct_runtime::{
	constants::time::SLOT_MILLIS, AccountId, AllPalletsWithSystem, Babe, Executive, Hash, Header,
	Runtime, RuntimeCall, RuntimeOrigin, System, TxExtension,
};

use crate::{books, clock};

/// Who makes a call.
pub(crate) enum Caller {
	/// By a transaction that pays.
	Person(AccountId),
	/// By a transaction without a signature, which the call itself must allow.
	Nobody,
	/// As the scheduler does what the DAO voted.
	Origin(RuntimeOrigin),
}

/// The next block.
pub(crate) fn begin_next() {
	begin(System::block_number() + 1, *Babe::current_slot() + 1);
}

/// Ends the block, and runs so many more, of which the last stays open. The first comes after a pause, in slots.
///
/// Pallets' invariants are asked for after the block that ends and after the last of those in which nobody called
/// anything: they take longer than all the rest.
pub(crate) fn pass(count: u32, pause: u64) {
	for at in 0..count {
		end();
		if at == 0 || at + 1 == count {
			books::invariants();
		}
		let pause = if at == 0 { pause } else { 0 };
		begin(
			System::block_number() + 1,
			*Babe::current_slot() + 1 + pause,
		);
	}
}

fn begin(number: u32, slot: u64) {
	let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
		authority_index: number % Babe::authorities().len().max(1) as u32,
		slot: Slot::from(slot),
	});
	let mut header = Header::new(
		number,
		Default::default(),
		Default::default(),
		hash_of(number - 1),
		Default::default(),
	);
	header
		.digest_mut()
		.push(DigestItem::babe_pre_digest(digest));
	clock::judge(
		|| Executive::initialize_block(&header),
		|_| {
			System::block_weight()
				.get(DispatchClass::Mandatory)
				.ref_time()
		},
		|| format!("the beginning of block {number}"),
	);
	let now = pallet_timestamp::Call::set {
		now: slot * SLOT_MILLIS,
	};
	if let Err(error) = RuntimeCall::from(now).dispatch(RuntimeOrigin::none()) {
		panic!("time cannot go on: {error:?}");
	}
	System::note_inherents_applied();
}

/// What happens at the end of a block; then its books are read.
pub(crate) fn end() {
	System::note_finished_extrinsics();
	let number = System::block_number();
	let rest = weights()
		.max_block
		.saturating_sub(System::block_weight().total());
	let used = AllPalletsWithSystem::on_idle(number, rest);
	assert!(used.all_lte(rest), "idle hooks took more than there was");
	AllPalletsWithSystem::on_finalize(number);
	books::count();
	// The output of an author whose randomness nobody knew.
	let random = sp_io::hashing::blake2_256(&number.to_le_bytes());
	pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some(random));
}

fn weights() -> BlockWeights {
	<Runtime as frame_system::Config>::BlockWeights::get()
}

/// What the scheduler counts for a call that it makes, beside the call's own weight.
fn of_scheduler() -> Weight {
	use pallet_scheduler::WeightInfo;
	type Of = <Runtime as pallet_scheduler::Config>::WeightInfo;
	Of::service_task_base().saturating_add(Of::execute_dispatch_unsigned())
}

fn hash_of(number: u32) -> Hash {
	sp_io::hashing::blake2_256(&number.to_be_bytes()).into()
}

/// Applies a call in this block. What is refused is refused.
pub(crate) fn apply(who: Caller, call: RuntimeCall) {
	if std::env::var_os("STORY").is_some() {
		let who = match &who {
			Caller::Person(who) => format!("{who}"),
			Caller::Nobody => "nobody".into(),
			Caller::Origin(origin) => format!("{origin:?}"),
		};
		eprintln!("{}: {who}: {call:?}", System::block_number());
	}
	let mut info = call.get_dispatch_info();
	// What a block makes happen cannot be sent.
	if info.class == DispatchClass::Mandatory {
		return;
	}
	let what = || format!("{call:?}");
	let format = match who {
		Caller::Person(who) => {
			let nonce = System::account_nonce(&who);
			ExtrinsicFormat::Signed(who, extension(nonce))
		}
		Caller::Nobody => ExtrinsicFormat::General(ExtensionVariant::V0(extension(0))),
		Caller::Origin(origin) => {
			let function = call.clone();
			let declared = info.call_weight.saturating_add(of_scheduler()).ref_time();
			return story(&clock::judge(
				|| function.dispatch(origin),
				|_| declared,
				what,
			));
		}
	};
	// The signature and the address.
	let length = call.encoded_size() + 100;
	let extrinsic = CheckedExtrinsic::<_, _, TxExtension> {
		format,
		function: call.clone(),
	};
	info.extension_weight = extrinsic.extension_weight();
	let base = weights().get(info.class).base_extrinsic;
	let declared = info.total_weight().saturating_add(base).ref_time();
	let result = clock::judge(
		|| extrinsic.apply::<Runtime>(&info, length),
		|_| declared,
		what,
	);
	story(&result);
	if let Ok(result) = result {
		System::note_applied_extrinsic(&result, info);
	}
}

fn story(result: &impl std::fmt::Debug) {
	if std::env::var_os("STORY").is_some() {
		eprintln!("\t{result:?}");
	}
}

fn extension(nonce: u32) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}
