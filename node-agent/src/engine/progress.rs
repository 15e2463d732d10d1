//! How far the image of each lease is, for whoever may ask.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use usufruct_access::message::{Layer, Progress, Step, MAX_LAYERS};

/// What is told of leases that were started here. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Dispensing(Arc<Mutex<HashMap<u64, (u32, watch::Sender<Progress>)>>>);

/// Tells how far one image is. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tracker(watch::Sender<Progress>);

fn queued() -> Progress {
	Progress {
		step: Step::Queued,
		layers: Vec::new(),
	}
}

impl Dispensing {
	fn map(&self) -> MutexGuard<'_, HashMap<u64, (u32, watch::Sender<Progress>)>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Begins to tell of a lease, from the beginning; those who follow it already go on to.
	pub fn begin(&self, lease: u64, generation: u32) -> Tracker {
		let mut map = self.map();
		let known = map
			.get(&lease)
			.filter(|(known, _)| *known == generation)
			.map(|(_, sender)| sender.clone());
		let sender = known.unwrap_or_else(|| watch::Sender::new(queued()));
		sender.send_replace(queued());
		map.insert(lease, (generation, sender.clone()));
		Tracker(sender)
	}

	/// Follows a lease; one that has not begun is queued.
	pub fn follow(&self, lease: u64, generation: u32) -> watch::Receiver<Progress> {
		let mut map = self.map();
		if let Some((_, sender)) = map.get(&lease).filter(|(known, _)| *known == generation) {
			return sender.subscribe();
		}
		let sender = watch::Sender::new(queued());
		let receiver = sender.subscribe();
		map.insert(lease, (generation, sender));
		receiver
	}

	/// Forgets all leases but these.
	pub fn keep(&self, is_kept: impl Fn(u64, u32) -> bool) {
		self.map()
			.retain(|lease, (generation, _)| is_kept(*lease, *generation));
	}
}

impl Tracker {
	/// One that nobody listens to.
	pub fn silent() -> Self {
		Self(watch::Sender::new(queued()))
	}

	/// The whole is at a step.
	pub fn step(&self, step: Step) {
		self.0.send_modify(|progress| progress.step = step);
	}

	/// A layer is at a step. The whole is at the earliest step of its layers that is under way.
	pub fn layer(&self, layer: Layer) {
		self.0.send_modify(|progress| {
			let layers = &mut progress.layers;
			match layers.iter().position(|known| known.id == layer.id) {
				Some(known) => layers[known] = layer,
				None if layers.len() < MAX_LAYERS => layers.push(layer),
				None => return,
			}
			let is_at = |step: &Step| progress.layers.iter().any(|layer| layer.step == *step);
			let under_way = [
				Step::Pulling,
				Step::Verifying,
				Step::Extracting,
				Step::Queued,
			];
			let earliest = under_way.into_iter().find(|step| is_at(step));
			// All layers are there: what is left is to put them together.
			progress.step = earliest.unwrap_or(Step::Extracting);
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn layer(id: &str, step: Step) -> Layer {
		Layer {
			id: id.into(),
			step,
			current: 3,
			total: 9,
		}
	}

	#[test]
	fn the_whole_is_at_the_earliest_step_of_its_layers_that_is_under_way() {
		let dispensing = Dispensing::default();
		let seen = dispensing.follow(1, 0);
		let tracker = dispensing.begin(1, 0);
		let tell = |id, step| {
			tracker.layer(layer(id, step));
			seen.borrow().step.clone()
		};
		assert_eq!(tell("a", Step::Queued), Step::Queued);
		assert_eq!(tell("b", Step::Pulling), Step::Pulling);
		assert_eq!(tell("b", Step::Extracting), Step::Extracting);
		assert_eq!(tell("a", Step::Pulling), Step::Pulling);
		tell("a", Step::Ready);
		assert_eq!(tell("b", Step::Ready), Step::Extracting);
		tracker.step(Step::Ready);
		assert_eq!(seen.borrow().layers.len(), 2);
		assert!(seen.borrow().step.is_final());
	}

	#[test]
	fn layers_are_bounded_and_another_generation_begins_anew() {
		let dispensing = Dispensing::default();
		let tracker = dispensing.begin(1, 0);
		for number in 0..MAX_LAYERS + 5 {
			tracker.layer(layer(&number.to_string(), Step::Queued));
		}
		assert_eq!(dispensing.follow(1, 0).borrow().layers.len(), MAX_LAYERS);
		assert!(dispensing.follow(1, 1).borrow().layers.is_empty());
		dispensing.keep(|_, _| false);
		assert!(dispensing.map().is_empty());
	}
}
