//! What is called: a kind and five small numbers say it, so that what is made by one call is met by the next.

use pallet_market::{Holders, Reservable};
use pallet_revenue_rights::Side;
use pallet_workspaces::{
	FailureReason, HealthCheck, HealthProbe, ImageKind, Progress, Proposal, Restart, Workload,
	WorkspaceSpec,
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};
use sp_runtime::traits::Dispatchable;
use usufruct_primitives::{Capacity, HardwareKind, IsolationClass, ReleaseId, Requirement};
use usufruct_proof::Reveal;
use usufruct_runtime::{
	AccountId, Balance, BlockNumber, Hash, NodeRegistry, Runtime, RuntimeCall, RuntimeOrigin,
	System, UseRights,
};

/// What names, amounts and blocks are made of.
pub(crate) type Numbers = [u16; 5];

pub(crate) fn person(number: u16) -> AccountId {
	[Alice, Bob, Charlie, Dave][usize::from(number) % 4].to_account_id()
}

/// One of a few.
fn id<T: From<u8>>(number: u16) -> T {
	(number as u8 % 5).into()
}

pub(crate) fn hash(number: u16) -> Hash {
	Hash::repeat_byte(number as u8 % 6)
}

/// From nothing to more than anybody has.
pub(crate) fn amount(number: u16) -> Balance {
	match number % 8 {
		0 => 0,
		1 => number.into(),
		7 => Balance::MAX >> (number >> 9),
		more => 10u128.pow(u32::from(more) * 3) + Balance::from(number),
	}
}

fn capacity(number: u16) -> Capacity {
	Capacity {
		cpu_millis: u32::from(number) % 9_000,
		memory_mib: u32::from(number) % 2_000,
		disk_mib: u32::from(number) % 1_000,
	}
}

fn isolation(number: u16) -> IsolationClass {
	use IsolationClass::{Container, Gvisor, Vm, Wasm};
	[Wasm, Wasm, Container, Gvisor, Vm][usize::from(number) % 5]
}

pub(crate) fn blocks(number: u16) -> BlockNumber {
	u32::from(number) % 64
}

/// Shares that add up, or nearly.
fn holders(numbers: [u16; 2]) -> Holders<AccountId> {
	let first = (person(numbers[0]), 10_000 - numbers[1] % 3);
	let second = (person(numbers[0] + 1), numbers[1] % 3);
	match numbers[1] % 3 {
		0 => Holders::truncate_from(vec![first]),
		_ => Holders::truncate_from(vec![first, second]),
	}
}

fn spec(n: Numbers) -> WorkspaceSpec<AccountId> {
	WorkspaceSpec {
		workload: Workload {
			release: n[4].is_multiple_of(3).then(|| release(n[3])),
			..workload(n)
		},
		requirement: Requirement {
			capacity: capacity(n[2] % 300),
			max_price: amount(2 + n[3] % 3),
			..Default::default()
		},
		replicas: 1 + n[4] as u8 % 2,
		term: 1 + blocks(n[1]) / 4,
	}
}

fn workload(n: Numbers) -> Workload {
	Workload {
		image: known(pallet_workspaces::Images::<Runtime>::iter_keys(), n[0]),
		port: Some(n[1]),
		health: n[2].is_multiple_of(3).then_some(HealthCheck {
			probe: HealthProbe::Tcp,
			every: n[2] % 4_000,
			timeout: 5,
			failures: 3,
			grace: 0,
		}),
		restart: match n[3] % 4 {
			0 => Restart::Never,
			1 => Restart::OnFailure { most: n[4] as u8 },
			_ => Restart::OF_SERVICES,
		},
		..Default::default()
	}
}

fn progress(n: Numbers) -> Progress {
	match n[2] % 6 {
		0 => Progress::Dispensing {
			percent: n[3] as u8 % 120,
		},
		1 | 2 => Progress::Running {
			endpoint: Default::default(),
			revision: u32::from(n[4] % 3),
		},
		3 => Progress::Finished,
		4 => Progress::NotUpdated {
			revision: u32::from(n[4] % 3),
			reason: FailureReason::NoSpace,
		},
		_ => Progress::Failed {
			reason: FailureReason::Crashed,
		},
	}
}

fn no_proof() -> Box<Reveal> {
	Box::new(Reveal {
		roots: Default::default(),
		openings: Default::default(),
		memory: None,
	})
}

/// One of those that there are; the first number where there are none.
fn known<K: Default>(keys: impl Iterator<Item = K>, number: u16) -> K {
	let keys: Vec<K> = keys.take(16).collect();
	let at = usize::from(number) % keys.len().max(1);
	keys.into_iter().nth(at).unwrap_or_default()
}

/// One of those that there are.
fn release(number: u16) -> ReleaseId {
	let keys = pallet_applications::Releases::<Runtime>::iter_keys();
	let (application, number) = known(keys, number);
	ReleaseId {
		application,
		number,
	}
}

fn request(number: u16) -> u64 {
	known(pallet_workspaces::Requests::<Runtime>::iter_keys(), number)
}

fn lease(number: u16) -> u64 {
	known(pallet_workspaces::Leases::<Runtime>::iter_keys(), number)
}

fn listed(number: u16) -> u64 {
	known(pallet_market::Listings::<Runtime>::iter_keys(), number)
}

fn ordered(number: u16) -> (u64, u64) {
	let orders = pallet_revenue_rights::Orders::<Runtime>::iter_keys();
	known(orders, number)
}

fn sold(number: u16) -> u64 {
	known(pallet_market::Purchases::<Runtime>::iter_keys(), number)
}

/// Who may make the call, as far as its pallet says: of calls by anybody nearly all would be refused.
pub(crate) fn fitting(call: &RuntimeCall) -> Option<AccountId> {
	use pallet_applications::Call as A;
	use pallet_market::Call as M;
	use pallet_node_registry::Call as N;
	use pallet_use_rights::Call as U;
	use pallet_workspaces::Call as W;
	use usufruct_primitives::traits::{NodeInspect, ResourceInspect};
	let owner = |node: &u32| NodeRegistry::owner(*node);
	match call {
		RuntimeCall::NodeRegistry(
			N::add_hardware { node, .. }
			| N::heartbeat { node }
			| N::go_offline { node }
			| N::retire { node }
			| N::withdraw_bond { node }
			| N::remove_hardware { node, .. },
		) => owner(node),
		RuntimeCall::UseRights(U::create_resource { parts, .. }) => {
			let hardware = NodeRegistry::hardware(*parts.first()?)?;
			owner(&hardware.node)
		}
		RuntimeCall::UseRights(U::remove_resource { vid } | U::mint { vid }) => {
			UseRights::resource(*vid).map(|resource| resource.owner)
		}
		RuntimeCall::UseRights(U::burn { uid } | U::transfer { uid, .. })
		| RuntimeCall::Market(
			M::list { uid, .. }
			| M::delist { uid }
			| M::edit { uid, .. }
			| M::lead_in { uid, .. }
			| M::cancel { uid }
			| M::renew { uid, .. }
			| M::set_reservable { uid, .. }
			| M::sublet { uid, .. }
			| M::withdraw_sublet { uid }
			| M::end_sublet { uid },
		)
		| RuntimeCall::Workspaces(W::run { uid, .. }) => UseRights::holder(*uid),
		RuntimeCall::RevenueRights(
			pallet_revenue_rights::Call::transfer { vid, .. }
			| pallet_revenue_rights::Call::settle { vid }
			| pallet_revenue_rights::Call::place_order { vid, .. },
		) => pallet_revenue_rights::Shares::<Runtime>::iter_key_prefix(*vid).next(),
		RuntimeCall::Applications(
			A::publish_release { application, .. }
			| A::transfer_application { application, .. }
			| A::remove { application },
		) => pallet_applications::Applications::<Runtime>::get(application).map(|one| one.author),
		RuntimeCall::Applications(A::retract_release { release }) => {
			let one = pallet_applications::Applications::<Runtime>::get(release.application);
			one.map(|one| one.author)
		}
		RuntimeCall::Applications(A::attest { .. } | A::flag { .. }) => {
			pallet_applications::Curators::<Runtime>::iter_keys().next()
		}
		RuntimeCall::Workspaces(W::report_progress { lease, .. }) => {
			pallet_workspaces::Leases::<Runtime>::get(lease).map(|lease| lease.provider)
		}
		RuntimeCall::Workspaces(W::terminate { lease }) => {
			pallet_workspaces::Leases::<Runtime>::get(lease).map(|lease| lease.tenant)
		}
		RuntimeCall::Workspaces(W::cancel_request { request } | W::update { request, .. }) => {
			pallet_workspaces::Requests::<Runtime>::get(request).map(|request| request.tenant)
		}
		_ => None,
	}
}

/// How many kinds of calls [`call`] makes.
pub(crate) const KINDS: u8 = 66;

pub(crate) fn call(kind: u8, n: Numbers) -> RuntimeCall {
	use pallet_market::Call as M;
	use pallet_node_registry::Call as N;
	use pallet_pomc_rewards::Call as R;
	use pallet_proof_of_compute::Call as P;
	use pallet_revenue_rights::Call as S;
	use pallet_use_rights::Call as U;
	use pallet_validator_set::Call as V;
	use pallet_workspaces::Call as W;
	let side = if n[3].is_multiple_of(2) {
		Side::Sell
	} else {
		Side::Buy
	};
	let now = System::block_number();
	match kind {
		0 | 1 => N::register {
			machine: hash(n[0]),
			endpoint: Default::default(),
			region: n[1],
		}
		.into(),
		2 | 3 => N::add_hardware {
			node: id(n[0]),
			class: [1, 1, 2, 100, 9][usize::from(n[1]) % 5],
			kind: [HardwareKind::Cpu, HardwareKind::Gpu][usize::from(n[1]) % 5 / 3],
			device: hash(n[2]),
			capacity: Capacity {
				cpu_millis: 8_000,
				memory_mib: 8_192,
				disk_mib: 8_192,
			},
		}
		.into(),
		4 | 5 => N::heartbeat { node: id(n[0]) }.into(),
		6 => N::go_offline { node: id(n[0]) }.into(),
		7 => N::retire { node: id(n[0]) }.into(),
		8 => N::withdraw_bond { node: id(n[0]) }.into(),
		9 => N::remove_hardware {
			node: id(n[0]),
			hid: id(n[1]),
		}
		.into(),
		10 => N::top_up_bond {
			node: id(n[0]),
			amount: amount(n[1]),
		}
		.into(),
		11 | 12 => U::create_resource {
			parts: vec![id(n[0])].try_into().unwrap_or_default(),
			capacity: capacity(n[1]),
			isolation: isolation(n[2]),
		}
		.into(),
		13 => U::remove_resource { vid: id(n[0]) }.into(),
		14 | 15 => U::mint { vid: id(n[0]) }.into(),
		16 => U::burn { uid: id(n[0]) }.into(),
		17 => U::transfer {
			uid: id(n[0]),
			to: person(n[1]),
		}
		.into(),
		18 => S::transfer {
			vid: id(n[0]),
			to: person(n[1]),
			shares: n[2] % 10_002,
		}
		.into(),
		19 => S::settle { vid: id(n[0]) }.into(),
		20 => S::settle_for {
			vid: id(n[0]),
			who: person(n[1]),
		}
		.into(),
		21 | 22 => S::place_order {
			vid: id(n[0]),
			side,
			shares: n[1] % 10_002,
			price: amount(1 + n[2] % 3),
			expires_at: now + blocks(n[4]),
		}
		.into(),
		23 | 24 => {
			let (vid, order) = ordered(n[0]);
			let shares = n[2] % 64;
			S::fill_order { vid, order, shares }.into()
		}
		25 => {
			let (vid, order) = ordered(n[0]);
			S::cancel_order { vid, order }.into()
		}
		26..=28 => M::list {
			uid: id(n[0]),
			price: amount(2 + n[1] % 4),
			min_term: 1,
			max_term: blocks(n[2]) + 8,
			holders: if n[3].is_multiple_of(2) {
				holders([n[0] % 5 / 2, n[4]])
			} else {
				Default::default()
			},
		}
		.into(),
		29 => M::delist { uid: id(n[0]) }.into(),
		30 | 31 => M::buy {
			uid: listed(n[0]),
			term: blocks(n[1]),
			max_price: Balance::MAX,
		}
		.into(),
		32 => M::cancel { uid: sold(n[0]) }.into(),
		33 => M::accrue { uid: sold(n[0]) }.into(),
		34 => M::close { uid: sold(n[0]) }.into(),
		35 => M::edit {
			uid: id(n[0]),
			price: amount(n[1]),
			min_term: 1,
			max_term: blocks(n[2]),
		}
		.into(),
		36 => M::renew {
			uid: sold(n[0]),
			blocks: blocks(n[1]),
		}
		.into(),
		37 => match n[2] % 2 {
			0 => M::set_renewable {
				uid: id(n[0]),
				renewable: n[1].is_multiple_of(2),
			},
			_ => M::lead_in {
				uid: id(n[0]),
				first_price: amount(n[1]),
				blocks: blocks(n[3]),
			},
		}
		.into(),
		38 => W::publish_image {
			digest: hash(n[0]),
			kind: ImageKind::Wasm,
			reference: Default::default(),
			size_bytes: n[1].into(),
		}
		.into(),
		39 => W::retract_image { digest: hash(n[0]) }.into(),
		40 | 41 => W::request {
			spec: spec(n),
			budget: Balance::MAX,
			window: blocks(n[0]) / 48,
			lifetime: 8 + blocks(n[1]),
		}
		.into(),
		42 => W::cancel_request {
			request: request(n[0]),
		}
		.into(),
		43 | 44 => W::propose_signed {
			proposal: Proposal {
				request: request(n[0]),
				attempt: u32::from(n[1] % 8 / 7),
				replica: n[2] as u8 % 4 / 3,
				uid: listed(n[3]),
				computed_at: now.saturating_sub(u32::from(n[4] % 3)),
			},
		}
		.into(),
		45 => W::settle {
			request: request(n[0]),
		}
		.into(),
		46 => W::report_progress {
			lease: lease(n[0]),
			generation: u32::from(n[1] % 8 / 7),
			progress: progress(n),
		}
		.into(),
		47 => W::terminate { lease: lease(n[0]) }.into(),
		48 => W::expire { lease: lease(n[0]) }.into(),
		49 => W::expire_request {
			request: request(n[0]),
		}
		.into(),
		50 => proofs(n),
		51 => P::enter {
			hid: id(n[0]),
			epoch: id(n[1]),
			first_root: hash(n[2]).0,
		}
		.into(),
		52 => R::claim {}.into(),
		53 => R::set_payee {
			payee: Some(person(n[0])).filter(|_| n[1].is_multiple_of(2)),
		}
		.into(),
		56..=59 => terms(kind, n),
		61..=64 => applications(n),
		60 => W::run {
			uid: sold(n[0]),
			workload: Workload {
				release: n[3].is_multiple_of(2).then(|| release(n[4])),
				..workload([n[1], n[2], n[3], n[4], n[0]])
			},
		}
		.into(),
		65 => W::update {
			request: request(n[0]),
			workload: workload([n[1], n[2], n[3], n[4], n[0]]),
		}
		.into(),
		54 => pallet_balances::Call::transfer_allow_death {
			dest: person(n[0]).into(),
			value: amount(n[1]),
		}
		.into(),
		_ => match n[0] % 3 {
			0 => V::join { bond: amount(n[1]) }.into(),
			1 => V::leave {}.into(),
			_ => V::bond_more {
				amount: amount(n[1]),
			}
			.into(),
		},
	}
}

fn proofs(n: Numbers) -> RuntimeCall {
	use pallet_proof_of_compute::Call as P;
	let (challenge, hid, digest) = (id(n[1]), id(n[1]), hash(n[2]).0);
	let rounds = u32::from(n[3]) % 600;
	match n[0] % 10 {
		0 => P::request_proof {
			hid,
			right: Some(id(n[2])).filter(|_| n[3].is_multiple_of(2)),
		},
		1 => P::commit_first {
			challenge,
			root: digest,
		},
		2 => P::commit {
			challenge,
			rounds,
			digest,
		},
		3 => P::reveal {
			challenge,
			reveal: no_proof(),
		},
		4 => P::expire { challenge },
		5 => P::commit_entry {
			hid,
			rounds,
			digest,
		},
		6 => P::reveal_entry {
			hid,
			reveal: no_proof(),
		},
		7 => P::force_audit { hid },
		8 => P::conclude { hid },
		_ => P::excuse { hid },
	}
	.into()
}

/// A name, what can be run of it, and what is thought of it.
fn applications(n: Numbers) -> RuntimeCall {
	use pallet_applications::{Call as A, FlagReason, Needs, ReleaseSpec};
	let images = || pallet_workspaces::Images::<Runtime>::iter_keys();
	match n[0] % 14 {
		0 => A::register {
			name: format!("name-{}", n[1] % 5)
				.into_bytes()
				.try_into()
				.unwrap_or_default(),
			description: Default::default(),
		},
		1..=3 => A::publish_release {
			application: id::<u8>(n[1]).into(),
			spec: ReleaseSpec {
				image: known(images(), n[2]),
				command: Default::default(),
				port: Some(n[3]),
				licence: b"MIT".to_vec().try_into().unwrap_or_default(),
				royalty: amount(n[3] % 4),
				needs: Needs::default(),
			},
		},
		4 => A::retract_release {
			release: release(n[1]),
		},
		5 => A::transfer_application {
			application: release(n[1]).application,
			successor: Some(person(n[2])),
		},
		6 => A::accept_application {
			application: release(n[1]).application,
		},
		7 => A::remove {
			application: id::<u8>(n[1]).into(),
		},
		8 => A::become_curator {},
		9 => A::leave {},
		10 => A::attest {
			release: release(n[1]),
		},
		11 => A::flag {
			release: release(n[1]),
			reason: FlagReason::Other,
			text: hash(n[2]),
		},
		12 => A::withdraw_verdict {
			release: release(n[1]),
		},
		_ => A::clear_verdict {
			release: release(n[1]),
			curator: person(n[2]),
		},
	}
	.into()
}

/// Terms that begin later, and parts of terms.
fn terms(kind: u8, n: Numbers) -> RuntimeCall {
	use pallet_market::Call as M;
	let now = System::block_number();
	match (kind, n[4] % 2) {
		(56, 0) => M::set_reservable {
			uid: listed(n[0]),
			reservable: (!n[1].is_multiple_of(4)).then(|| Reservable {
				ahead: blocks(n[1]),
				price: amount(n[2]),
			}),
		},
		(56, _) => M::reserve {
			uid: listed(n[0]),
			start: now.saturating_add(blocks(n[1])),
			term: 1 + blocks(n[2]),
			max_escrow: Balance::MAX,
		},
		(57, _) => M::sublet {
			uid: sold(n[0]),
			price: amount(n[1]),
			until: now.saturating_add(blocks(n[2])),
		},
		(58, _) => M::take_sublet {
			uid: sold(n[0]),
			max_price: Balance::MAX,
		},
		(_, 0) => M::withdraw_sublet { uid: sold(n[0]) },
		(_, _) => M::end_sublet { uid: sold(n[0]) },
	}
	.into()
}

/// Two machines with two resources each, of which the second and fourth are for sale, and an image: so that
/// what follows has something to meet.
pub(crate) fn populate() {
	let must = |who: u16, call: RuntimeCall| {
		if let Err(error) = call.clone().dispatch(RuntimeOrigin::signed(person(who))) {
			panic!("{call:?}: {error:?}");
		}
	};
	for (who, node) in [(0, 0), (1, 1)] {
		must(who, call(0, [node, 276, 0, 0, 0]));
		must(who, call(4, [node, 0, 0, 0, 0]));
		must(who, call(2, [node, 0, node, 0, 0]));
		for resource in [0, 1] {
			let number = 2 * node + resource;
			must(who, call(11, [node, 250, 0, 0, 0]));
			must(who, call(14, [number, 0, 0, 0, 0]));
			if resource == 1 {
				// At a thousandth of a thousandth of a USU a block.
				must(who, call(26, [number, 2, 40, 0, 0]));
			}
		}
	}
	must(0, call(38, [1, 1, 0, 0, 0]));
	// An application of it, free and with a price, and a curator.
	must(0, call(61, [0, 1, 0, 0, 0]));
	must(0, call(61, [1, 0, 0, 0, 0]));
	must(0, call(61, [1, 0, 0, 2, 0]));
	must(2, call(61, [8, 0, 0, 0, 0]));
}
