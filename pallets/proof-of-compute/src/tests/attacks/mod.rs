//! What a prover who read the source may try, what it gains, what it costs, and why it fails: each
//! attack is carried out at a small size, and the table of `docs/proof-of-compute.md` is written from
//! what was measured.

mod bytes;
mod identity;
mod lies;
mod memory;
mod time;

use std::{fmt::Write, fs, path::Path};

/// An attack that was carried out.
pub(super) struct Attack {
	/// What is tried.
	pub(super) name: &'static str,
	/// What it would gain.
	pub(super) gain: &'static str,
	/// What it costs who tries.
	pub(super) cost: &'static str,
	/// Why it fails, or what bounds it.
	pub(super) why: &'static str,
	/// What was seen when it was carried out.
	pub(super) seen: String,
}

fn attacks() -> Vec<Attack> {
	vec![
		lies::skipping_tiles(),
		lies::hoping_not_to_be_drawn(),
		lies::passing_the_audit_by_luck(),
		lies::forging_a_linear_digest(),
		identity::copying_answers(),
		identity::replaying_elsewhere(),
		identity::answering_for_another(),
		identity::one_device_as_two(),
		memory::keeping_less(),
		memory::compressing_what_is_kept(),
		memory::passing_early(),
		time::precomputing(),
		time::coming_late(),
		time::hiring_after_the_draw(),
		time::grinding_by_a_block_author(),
		time::staying_silent_after_the_draw(),
		bytes::malformed_reveals(),
	]
}

const BEGIN: &str = "<!-- attacks: written by the tests -->\n";
const END: &str = "<!-- attacks: end -->\n";

#[test]
fn every_attack_fails_as_the_document_says() {
	let mut table = String::from(
		"| attack | gains | costs | why it fails | seen |\n| --- | --- | --- | --- | --- |\n",
	);
	for attack in attacks() {
		writeln!(
			table,
			"| {} | {} | {} | {} | {} |",
			attack.name, attack.gain, attack.cost, attack.why, attack.seen
		)
		.expect("a string takes everything");
	}
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proof-of-compute.md");
	let document = fs::read_to_string(&path).expect("the document is there");
	let (before, rest) = document.split_once(BEGIN).expect("the table has a place");
	let (shown, after) = rest.split_once(END).expect("the table ends");
	if std::env::var_os("UPDATE_DOCS").is_some() {
		fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("it can be written");
	} else {
		assert_eq!(
			shown, table,
			"the document is stale: run this test with UPDATE_DOCS=1"
		);
	}
}
