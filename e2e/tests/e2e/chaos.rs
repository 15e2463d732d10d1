//! Each kind of fault once, to three owners' agents on one chain. `usufruct-e2e chaos` does it for as long as one
//! likes.

use std::time::Duration;

use usufruct_e2e::{
	chaos::{self, Kind, Plan},
	main_job::Plain,
};

#[test]
fn after_any_fault_every_lease_runs_once_or_is_refunded_and_nothing_runs_without_one() {
	let folder = tempfile::tempdir().unwrap();
	let plan = Plan {
		faults: Kind::ALL.len(),
		seed: 7,
		kinds: Kind::ALL.to_vec(),
		containers: true,
		patience: Duration::from_secs(300),
	};
	let report = chaos::run(&plan, folder.path(), &mut Plain).unwrap();
	println!("{}", report.table());
	assert!(report.holds(), "{report:#?}");
	assert!(report.opened > 0 && report.ran > 0, "nothing ran at all");
	// Without root and an engine, others happen in place of the kinds that need them.
	let mut kinds: Vec<Kind> = report.faults.iter().map(|done| done.fault.kind).collect();
	kinds.extend(report.left_out.iter().map(|(kind, _)| *kind));
	for kind in Kind::ALL {
		assert!(kinds.contains(&kind), "no fault of the kind {kind:?}");
	}
}
