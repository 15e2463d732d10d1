//! What a validator's worker remembers of the listings from block to block.
//!
//! A run reads a bounded number of listings from the state, the next part each time, and keeps them in the
//! node's off-chain storage, so that it matches against all that it ever read. That storage belongs to
//! the node and not to a block: after a fork it may tell of a block that is gone, and after a crash it may
//! be half written. So nothing in it is believed:
//!
//! - each page has a digest in the directory; one that does not fit is forgotten and read anew;
//! - the directory names a block; where the chain has another at its height, reading begins anew;
//! - what is about to be proposed is read from the state first, and what changed is matched anew;
//! - all of it is read again, part by part, for ever.
//!
//! What is out of date can therefore cost a better match for some blocks, never a wrong one.

use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};

use codec::{Decode, Encode, FullCodec};
use sp_runtime::offchain::storage::StorageValueRef;
use usufruct_offchain_worker::{digest, Index, Offer};
use usufruct_primitives::{BlockNumber, Uid};

/// Use rights in a page, listed or not: what one change makes the node write.
const PAGE: u64 = 128;
/// Pages that are kept; a hundred thousand listings fit if most use rights are for sale.
const MAX_PAGES: usize = 1_024;
/// Changes whenever an [`Offer`] does: what another version wrote is not read.
const VERSION: u8 = 1;
const DIRECTORY: &[u8] = b"usufruct::workspaces::catalogue";

/// What is written besides the pages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Directory<Hash> {
	version: u8,
	/// A block that was on the chain when this was written.
	block: (BlockNumber, Hash),
	/// Where to read on.
	cursor: Uid,
	/// The digest of each page that is not empty.
	pages: BTreeMap<u64, u64>,
}

/// The listings that are known.
#[derive(Debug)]
pub(crate) struct Catalogue<AccountId, Hash> {
	index: Index<AccountId>,
	directory: Directory<Hash>,
	changed: BTreeSet<u64>,
}

impl<AccountId: Clone + FullCodec + PartialEq, Hash: Copy + FullCodec + PartialEq>
	Catalogue<AccountId, Hash>
{
	/// What was stored, as far as it can be used. `hash_of` tells the chain's block at a height.
	pub(crate) fn load(block: (BlockNumber, Hash), hash_of: impl Fn(BlockNumber) -> Hash) -> Self {
		let stored = StorageValueRef::persistent(DIRECTORY)
			.get::<Directory<Hash>>()
			.ok()
			.flatten()
			.filter(|directory| directory.version == VERSION && directory.pages.len() <= MAX_PAGES);
		let mut catalogue = Self {
			index: Index::default(),
			directory: Directory {
				version: VERSION,
				block,
				cursor: 0,
				pages: BTreeMap::new(),
			},
			changed: BTreeSet::new(),
		};
		let Some(stored) = stored else {
			return catalogue;
		};
		let (number, hash) = stored.block;
		if hash_of(number) == hash {
			catalogue.directory.cursor = stored.cursor;
		} else {
			log::debug!(target: "runtime::workspaces", "block {number} is gone: listings are read anew");
		}
		for (page, expected) in stored.pages {
			let offers = StorageValueRef::persistent(&key(page))
				.get::<Vec<Offer<AccountId>>>()
				.ok()
				.flatten()
				.unwrap_or_default();
			if digest(&offers) == expected {
				for offer in offers {
					catalogue.index.insert(offer);
				}
				catalogue.directory.pages.insert(page, expected);
			} else {
				log::warn!(target: "runtime::workspaces", "page {page} of the listings is broken: read anew");
				let begin = page.saturating_mul(PAGE);
				catalogue.directory.cursor = catalogue.directory.cursor.min(begin);
			}
		}
		catalogue
	}

	/// Where to read on.
	pub(crate) fn cursor(&self) -> Uid {
		self.directory.cursor
	}

	/// Notes where to read on.
	pub(crate) fn set_cursor(&mut self, cursor: Uid) {
		self.directory.cursor = cursor;
	}

	/// The use right after the last that is known.
	pub(crate) fn end(&self) -> Uid {
		self.index.last().map_or(0, |uid| uid.saturating_add(1))
	}

	/// What is known of a use right.
	pub(crate) fn get(&self, uid: Uid) -> Option<&Offer<AccountId>> {
		self.index.get(uid)
	}

	/// The listings, for matching; they must be left as they are.
	pub(crate) fn index(&mut self) -> &mut Index<AccountId> {
		&mut self.index
	}

	/// Notes what a use right is now: an offer, or not for sale.
	pub(crate) fn set(&mut self, uid: Uid, now: Option<Offer<AccountId>>) {
		if self.index.get(uid) == now.as_ref() {
			return;
		}
		match now {
			Some(offer) => self.index.insert(offer),
			None => drop(self.index.remove(uid)),
		}
		self.changed.insert(uid / PAGE);
	}

	/// Notes that of the use rights from `from` up to and without `end`, just these are for sale.
	pub(crate) fn set_all(&mut self, from: Uid, end: Option<Uid>, offers: Vec<Offer<AccountId>>) {
		let listed: BTreeSet<Uid> = offers.iter().map(|offer| offer.uid).collect();
		let gone: Vec<Uid> = self
			.index
			.uids_from(from)
			.take_while(|uid| end.is_none_or(|end| *uid < end))
			.filter(|uid| !listed.contains(uid))
			.collect();
		for uid in gone {
			self.set(uid, None);
		}
		for offer in offers {
			self.set(offer.uid, Some(offer));
		}
	}

	/// Writes what changed: the pages first, so that whatever is interrupted shows by its digest.
	pub(crate) fn save(mut self) {
		for page in core::mem::take(&mut self.changed) {
			let begin = page.saturating_mul(PAGE);
			let offers: Vec<_> = self
				.index
				.uids_from(begin)
				.take_while(|uid| uid / PAGE == page)
				.filter_map(|uid| self.index.get(uid).cloned())
				.collect();
			let pages = &mut self.directory.pages;
			if offers.is_empty() {
				pages.remove(&page);
				StorageValueRef::persistent(&key(page)).clear();
			} else if pages.contains_key(&page) || pages.len() < MAX_PAGES {
				pages.insert(page, digest(&offers));
				StorageValueRef::persistent(&key(page)).set(&offers);
			}
		}
		StorageValueRef::persistent(DIRECTORY).set(&self.directory);
	}
}

fn key(page: u64) -> Vec<u8> {
	(DIRECTORY, page).encode()
}
