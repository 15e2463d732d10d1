//! The state of a chain of the last release: built by today's calls, then given yesterday's layout.

use codec::{DecodeAll, Encode};
use frame_support::{
	storage::unhashed,
	traits::{fungible::Mutate, StorageVersion},
	StoragePrefixedMap,
};
use pallet_market::{migrations::v2 as market, Listing, Listings, PurchaseRecord, Purchases};
use pallet_use_rights::{migrations::v2 as use_rights, UseRightRecord, UseRightState, UseRights};
use pallet_workspaces::{
	migrations::v2 as workspaces, Candidate, CandidateList, Candidates, LeaseRecord, Leases,
	Request, Requests, WorkspaceSpec,
};
use sp_keyring::Sr25519Keyring::{Bob, Charlie};
use sp_runtime::traits::Dispatchable;
use usufruct_runtime::{AccountId, Balances, Market, Runtime, System, Workspaces};

use super::rent;

/// So many machines, of which the first have a right for sale and the next a lease each.
pub(crate) fn build(machines: u32, listings: u32, leases: u32) {
	System::set_block_number(1);
	for who in [Bob, Charlie] {
		Balances::mint_into(&who.to_account_id(), u128::MAX >> 16).unwrap();
	}
	rent::publish();
	for number in 0..machines {
		// Forgetting events looks at each change of the block, and here all is one block: now and then is enough.
		if number.is_multiple_of(1_000) {
			System::reset_events();
		}
		let (_, hid) = rent::machine();
		if number < listings + leases {
			let (_, uid) = rent::minted(hid);
			rent::list(uid).dispatch(rent::signed(Bob)).unwrap();
			if number >= listings {
				rent::lease(uid);
			}
		}
	}
	System::reset_events();
	assert_eq!(Listings::<Runtime>::iter_keys().count(), listings as usize);
	assert_eq!(Leases::<Runtime>::iter_keys().count(), leases as usize);
}

/// Gives every value of a map another layout.
fn rewrite<New: DecodeAll, Old: Encode>(prefix: [u8; 32], change: impl Fn(New) -> Old) {
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(&prefix)) {
		let bytes = unhashed::get_raw(&next).unwrap();
		unhashed::put(&next, &change(New::decode_all(&mut &bytes[..]).unwrap()));
		key = next;
	}
}

fn old_spec(new: WorkspaceSpec<AccountId>) -> workspaces::OldSpec {
	let (asked, workload) = (new.requirement, new.workload);
	workspaces::OldSpec {
		image: workload.image,
		command: workload.command,
		port: workload.port,
		requirement: workspaces::OldRequirement {
			classes: asked.classes.into_inner(),
			gpus: asked.gpus,
			gpu_memory_mib: asked.gpu_memory_mib,
			capacity: asked.capacity,
			isolation: asked.isolation.first().copied(),
			min_score_ppm: u32::from(asked.min_score_percent) * 10_000,
			max_price: asked.max_price,
			preference: workspaces::OldPreference::Balanced,
		},
		replicas: new.replicas,
		term: new.term,
	}
}

/// Takes the state back to version 1 of the pallets that have a version 2.
pub(crate) fn age() {
	rewrite(
		Listings::<Runtime>::final_prefix(),
		|new: Listing<Runtime>| market::OldListing {
			seller: new.seller,
			vid: new.vid,
			price: new.price,
			min_term: new.min_term,
			max_term: new.max_term,
			listed_at: new.listed_at,
			lead_in: new.lead_in,
			deposit: new.deposit,
		},
	);
	rewrite(
		Purchases::<Runtime>::final_prefix(),
		|new: PurchaseRecord<AccountId>| market::OldPurchase {
			buyer: new.buyer,
			seller: new.seller,
			matcher: new.matcher,
			vid: new.vid,
			node: new.node,
			price: new.term.price,
			max_term: new.max_term,
			renewable: new.renewable,
			start: new.start,
			end: new.term.end,
			escrow: new.term.escrow,
			available: new.term.available,
			accrued_at: new.term.accrued_at,
		},
	);
	rewrite(
		UseRights::<Runtime>::final_prefix(),
		|new: UseRightRecord<AccountId>| use_rights::OldRight {
			vid: new.vid,
			holder: new.holder,
			state: match new.state {
				UseRightState::Minted => use_rights::OldState::Minted,
				UseRightState::Offered => use_rights::OldState::Offered,
				UseRightState::Sold { until, .. } => use_rights::OldState::Sold { until },
			},
		},
	);
	rewrite(
		Requests::<Runtime>::final_prefix(),
		|new: Request<Runtime>| workspaces::OldRequest {
			tenant: new.tenant,
			spec: old_spec(new.spec),
			wasm: new.wasm,
			budget: new.budget,
			deposit: new.deposit,
			opened_at: new.opened_at,
			window: new.window,
			lifetime: new.lifetime,
			expires_at: new.expires_at,
			attempt: new.attempt,
			missing: new.missing,
			live: u8::try_from(new.placed.len()).unwrap(),
			terms: new.terms.into_inner(),
			avoid: new.avoid.into_inner(),
		},
	);
	rewrite(
		Candidates::<Runtime>::final_prefix(),
		|new: CandidateList<AccountId>| {
			let old = |new: Candidate<AccountId>| workspaces::OldCandidate {
				rank: workspaces::OldRank {
					score: new.rank.score,
					established: new.rank.established,
					tie: new.rank.tie,
					uid: new.rank.uid,
				},
				node: new.node,
				matcher: new.matcher,
			};
			new.into_iter().map(old).collect::<Vec<_>>()
		},
	);
	rewrite(
		Leases::<Runtime>::final_prefix(),
		|new: LeaseRecord<AccountId>| workspaces::OldLease {
			request: new.request,
			replica: new.replica,
			uid: new.uid,
			vid: new.vid,
			node: new.node,
			tenant: new.tenant,
			provider: new.provider,
			state: new.state,
			endpoint: new.endpoint,
			generation: new.generation,
			opened_at: new.opened_at,
			deadline: new.deadline,
			ends_at: new.ends_at,
		},
	);
	StorageVersion::new(1).put::<Market>();
	StorageVersion::new(1).put::<usufruct_runtime::UseRights>();
	StorageVersion::new(1).put::<Workspaces>();
}
