//! What who looks around is shown.

use frame_support::assert_ok;

use crate::mock::*;

fn find(prefix: &str, author: Option<AccountId>, from: u32, limit: u32) -> (Vec<u32>, Option<u32>) {
	let prefix = prefix.as_bytes().to_vec().try_into().unwrap();
	let page = Registry::find(prefix, author, from, limit);
	let found = page.found.iter().map(|one| one.application).collect();
	(found, page.next)
}

#[test]
fn applications_are_found_by_the_beginning_of_their_names_and_by_author_page_by_page() {
	build_and_execute(|| {
		for text in ["server", "serve-more", "batch", "serve-all"] {
			registered(text);
		}
		assert_ok!(Registry::register(
			signed(TENANT),
			name("serve-mine"),
			Default::default()
		));
		assert_eq!(find("", None, 0, 10), (vec![0, 1, 2, 3, 4], None));
		assert_eq!(find("serve", None, 0, 2), (vec![0, 1], Some(2)));
		assert_eq!(find("serve", None, 2, 2), (vec![3, 4], None));
		assert_eq!(find("serve", Some(TENANT), 0, 10), (vec![4], None));
		assert_eq!(find("x", None, 0, 10), (vec![], None));
		assert_ok!(Registry::remove(signed(AUTHOR), 1));
		assert_eq!(find("serve-", None, 0, 10), (vec![3, 4], None));
		assert_eq!(find("", None, 5, 10), (vec![], None));
	});
}

#[test]
fn what_is_shown_of_an_application_is_its_newest_release_that_can_be_requested() {
	build_and_execute(|| {
		in_office();
		let first = published();
		let second = release(first.application, 0);
		assert_ok!(Registry::attest(signed(CURATOR), first));
		let newest = || {
			let page = Registry::find(Default::default(), None, 0, 1);
			page.found.into_iter().next().unwrap().newest
		};
		assert_eq!(newest().unwrap().number, 2);
		assert_ok!(Registry::retract_release(signed(AUTHOR), second));
		let shown = newest().unwrap();
		assert_eq!((shown.number, shown.attestations, shown.flags), (1, 1, 0));
		assert_eq!(shown.royalty, ROYALTY);
		assert_ok!(Registry::retract_release(signed(AUTHOR), first));
		assert_eq!(newest(), None);
	});
}

#[test]
fn all_verdicts_are_shown_page_by_page() {
	build_and_execute(|| {
		let release = published();
		for who in [CURATOR, STRANGER, TENANT] {
			assert_ok!(Registry::become_curator(signed(who)));
			assert_ok!(Registry::attest(signed(who), release));
		}
		let mut seen = Vec::new();
		let mut after = None;
		loop {
			let page = Registry::verdicts(release, after, 2);
			seen.extend(page.verdicts.into_iter().map(|verdict| verdict.curator));
			after = page.next;
			if after.is_none() {
				break;
			}
		}
		seen.sort_unstable();
		assert_eq!(seen, [TENANT, CURATOR, STRANGER]);
	});
}
