//! What a workspace needs, as words on the command line and in files, and as the chain's normal form.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use usufruct_client::{account_of, AccountId32};

use super::types::{BoundedVec, Filter, Requirement, Scopes, Weights};
use crate::commands::{
	hardware::Capacity,
	resource::{ChainIsolation, Isolation},
};

/// Entries of a list that the chain accepts.
const MAX_LISTED: usize = 8;

/// What a machine must be like.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Wants {
	/// Only on these resource classes
	#[arg(long = "class")]
	pub(super) classes: Vec<u16>,
	/// GPUs, at least
	#[arg(long, default_value_t = 0)]
	pub(super) gpus: u8,
	/// Memory of each GPU in MiB, at least
	#[arg(long, default_value_t = 0)]
	pub(super) gpu_memory: u32,
	#[command(flatten)]
	pub(super) capacity: Capacity,
	/// Only with one of these isolations
	#[arg(long)]
	pub(super) isolation: Vec<Isolation>,
	/// Only in these regions, by ISO 3166 number
	#[arg(long = "region", conflicts_with = "not_regions")]
	pub(super) regions: Vec<u16>,
	/// In none of these regions
	#[arg(long = "not-region")]
	pub(super) not_regions: Vec<u16>,
	/// Only on machines of these accounts
	#[arg(long = "provider", value_parser = provider, conflicts_with = "not_providers")]
	pub(super) providers: Vec<AccountId32>,
	/// On no machine of these accounts
	#[arg(long = "not-provider", value_parser = provider)]
	pub(super) not_providers: Vec<AccountId32>,
	/// Proved score in per cent of the class's reference, at least
	#[arg(long, default_value_t = 0)]
	pub(super) min_score: u8,
	/// Availability of the machine in per cent, at least
	#[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
	pub(super) min_availability: u8,
	/// What no two replicas may share
	#[arg(long)]
	pub(super) apart: Vec<Scope>,
	/// What all replicas must share
	#[arg(long)]
	pub(super) together: Vec<Scope>,
	/// What counts: a preset, or weights in per cent as `price=70,speed=20,reliability=10`
	#[arg(long, default_value = "balanced", value_parser = prefer)]
	pub(super) prefer: Weights,
}

/// What replicas share, or do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
	/// The machine
	Node,
	/// The machine's owner
	Owner,
	/// The machine's region
	Region,
}

/// What counts most among machines that satisfy a request.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Preset {
	/// The lowest price.
	Cheapest,
	/// Price, speed and availability alike: 40, 30, 30.
	Balanced,
	/// The highest proved score: 10, 80, 10.
	Fastest,
	/// The best availability: 10, 10, 80.
	Steady,
}

impl Preset {
	/// The presets of `usufruct_primitives::Weights`.
	pub(super) fn weights(self) -> Weights {
		let (price, speed, reliability) = match self {
			Self::Cheapest => (100, 0, 0),
			Self::Balanced => (40, 30, 30),
			Self::Fastest => (10, 80, 10),
			Self::Steady => (10, 10, 80),
		};
		Weights {
			price,
			speed,
			reliability,
		}
	}
}

/// Weights that count, or why they do not.
pub(super) fn weighed(price: u8, speed: u8, reliability: u8) -> Result<Weights, String> {
	let sum: u32 = [price, speed, reliability].map(u32::from).iter().sum();
	if sum != 100 {
		return Err(format!("the weights add up to {sum}, they must to 100"));
	}
	Ok(Weights {
		price,
		speed,
		reliability,
	})
}

/// A preset or weights, as one word.
fn prefer(text: &str) -> Result<Weights, String> {
	let preset = match text {
		"cheapest" => Some(Preset::Cheapest),
		"balanced" => Some(Preset::Balanced),
		"fastest" => Some(Preset::Fastest),
		"steady" => Some(Preset::Steady),
		_ => None,
	};
	if let Some(preset) = preset {
		return Ok(preset.weights());
	}
	let (mut price, mut speed, mut reliability) = (0, 0, 0);
	for part in text.split(',') {
		let (name, weight) = part.split_once('=').ok_or_else(|| {
			format!(
				"“{part}” is not cheapest, balanced, fastest, steady, or a weight such as price=70"
			)
		})?;
		let weight = weight
			.parse()
			.map_err(|_| format!("{name}: “{weight}” is not 0 to 100"))?;
		match name {
			"price" => price = weight,
			"speed" => speed = weight,
			"reliability" => reliability = weight,
			_ => return Err(format!("“{name}” is not price, speed or reliability")),
		}
	}
	weighed(price, speed, reliability)
}

pub(super) fn provider(text: &str) -> Result<AccountId32, String> {
	account_of(text).map_err(|error| error.to_string())
}

/// The chain's form of a filter: allowed or forbidden values, or neither.
fn filter<T: Ord>(only: Vec<T>, except: Vec<T>) -> Filter<T> {
	match (only.is_empty(), except.is_empty()) {
		(true, true) => Filter::Any,
		(false, _) => Filter::Only(listed(only)),
		(true, false) => Filter::Except(listed(except)),
	}
}

/// Ascending, nothing twice.
fn listed<T: Ord>(items: Vec<T>) -> BoundedVec<T> {
	let items: BTreeSet<T> = items.into_iter().collect();
	BoundedVec(items.into_iter().collect())
}

fn scopes(named: &[Scope]) -> Scopes {
	Scopes {
		node: named.contains(&Scope::Node),
		owner: named.contains(&Scope::Owner),
		region: named.contains(&Scope::Region),
	}
}

impl Wants {
	/// Whether the chain can know it as it is said.
	pub(crate) fn check(&self) -> Result<(), String> {
		let lists = [
			("classes", self.classes.len()),
			("isolation", self.isolation.len()),
			("regions", self.regions.len().max(self.not_regions.len())),
			(
				"providers",
				self.providers.len().max(self.not_providers.len()),
			),
		];
		for (name, entries) in lists {
			if entries > MAX_LISTED {
				return Err(format!(
					"{name}: {entries} are named, the chain accepts {MAX_LISTED}"
				));
			}
		}
		if [&self.regions, &self.not_regions]
			.iter()
			.any(|list| list.contains(&0))
		{
			return Err(
				"regions: 0 is no region; name them by ISO 3166 number, such as 276".into(),
			);
		}
		let same = self
			.apart
			.iter()
			.find(|scope| self.together.contains(scope));
		let narrow = !self.apart.is_empty() && self.together.contains(&Scope::Node);
		if same.is_some() || narrow {
			return Err(
				"apart, together: replicas that share a machine share its owner and region, too"
					.into(),
			);
		}
		Ok(())
	}

	/// The chain's normal form.
	pub(crate) fn into_requirement(self, max_price: u128) -> Requirement<AccountId32> {
		let mut isolation: Vec<Isolation> = self.isolation;
		// In the order of the chain's classes, weakest first.
		isolation.sort_unstable_by_key(|isolation| *isolation as u8);
		isolation.dedup_by_key(|isolation| *isolation as u8);
		Requirement {
			classes: listed(self.classes),
			gpus: self.gpus,
			gpu_memory_mib: self.gpu_memory,
			capacity: self.capacity.into(),
			isolation: BoundedVec(isolation.into_iter().map(ChainIsolation::from).collect()),
			regions: filter(self.regions, self.not_regions),
			providers: filter(self.providers, self.not_providers),
			min_score_percent: self.min_score,
			min_availability_percent: self.min_availability,
			max_price,
			apart: scopes(&self.apart),
			together: scopes(&self.together),
			weights: self.prefer,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_preference_is_a_preset_or_weights_that_add_up_to_100() {
		assert_eq!(prefer("steady").unwrap(), Preset::Steady.weights());
		let weights = prefer("price=70,reliability=30").unwrap();
		assert_eq!(
			(weights.price, weights.speed, weights.reliability),
			(70, 0, 30)
		);
		for (text, words) in [
			("price=70", "add up to 70"),
			("luck=100", "luck"),
			("quick", "quick"),
			("speed=300", "speed"),
		] {
			let error = prefer(text).unwrap_err();
			assert!(error.contains(words), "“{words}” is not in: {error}");
		}
	}

	#[test]
	fn lists_ascend_and_name_nothing_twice() {
		assert_eq!(listed(vec![3, 1, 3]).0, [1, 3]);
		assert_eq!(filter::<u16>(vec![], vec![]), Filter::Any);
		assert_eq!(
			filter(vec![], vec![2, 1]),
			Filter::Except(BoundedVec(vec![1, 2]))
		);
	}
}
