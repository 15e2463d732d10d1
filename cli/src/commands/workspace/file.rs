//! A workspace as a file: what `usufruct workspace deploy` and `plan` read.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use usufruct_client::{amount, AccountId32};

use super::{
	requirement::{provider, weighed, Preset, Scope, Wants},
	upkeep::{Health, Restart, Upkeep},
	Run, Subject,
};
use crate::{
	commands::{application::Named, hardware::Capacity, hash, resource::Isolation},
	output::Failure,
};

/// More bytes than any workspace needs.
const MAX_BYTES: u64 = 64 << 10;

/// A workspace for `usufruct workspace deploy`: what to run, on what, and for how much.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
	/// Digest of a published image, in hexadecimal.
	image: Option<String>,
	/// An application by name, or a release of it as name@number, in place of an image.
	application: Option<Named>,
	/// The command with its arguments; without it, the application's, or the image's own.
	#[serde(default)]
	command: Vec<String>,
	/// The port that it listens on; without it, the application's, or a batch job.
	port: Option<u16>,
	/// How to find out whether it is well; without it, it is while it runs.
	health: Option<Health>,
	/// Whether it is started again on its machine; without it, always:2, and a job never.
	restart: Option<Restart>,
	/// How often it runs at once, 1 to 8.
	#[serde(default = "one")]
	replicas: u8,
	/// For how many blocks.
	term: u32,
	/// Highest price per block and replica for the machine, in USU.
	max_price: String,
	/// Most money to be held, in USU; without it, what is needed.
	budget: Option<String>,
	/// Blocks to wait for better proposals.
	#[serde(default)]
	window: u32,
	/// Blocks after which what is not placed can be taken back.
	#[serde(default = "an_hour")]
	lifetime: u32,
	/// What it needs.
	#[serde(default)]
	requires: Requires,
	/// What counts most among machines that satisfy all of that.
	prefer: Option<Prefer>,
}

/// What a machine must have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Requires {
	/// Any of these resource classes; none = any class.
	classes: Vec<u16>,
	/// GPUs, at least.
	gpus: u8,
	/// Memory of each GPU, in MiB, at least.
	gpu_memory_mib: u32,
	/// Processor, in thousandths of a core, at least.
	cpu_millis: u32,
	/// Memory, in MiB, at least.
	memory_mib: u32,
	/// Disk, in MiB, at least.
	disk_mib: u32,
	/// This isolation, or any of these.
	isolation: OneOrMore<Isolation>,
	/// Where the machine may be, by ISO 3166 number.
	regions: Choice<u16>,
	/// Whose machines it may run on, by account.
	providers: Choice<Account>,
	/// Proved score in per cent of the class's reference, at least.
	min_score_percent: u8,
	/// Availability of the machine in per cent, at least.
	min_availability_percent: u8,
	/// What no two replicas may share.
	apart: OneOrMore<Scope>,
	/// What all replicas must share.
	together: OneOrMore<Scope>,
}

/// A value, or a list of values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
	untagged,
	expecting = "this is none of the words that are known here, and no list of them"
)]
enum OneOrMore<T> {
	/// One.
	One(T),
	/// Any number.
	More(Vec<T>),
}

impl<T> Default for OneOrMore<T> {
	fn default() -> Self {
		Self::More(Vec::new())
	}
}

impl<T> From<OneOrMore<T>> for Vec<T> {
	fn from(values: OneOrMore<T>) -> Self {
		match values {
			OneOrMore::One(value) => vec![value],
			OneOrMore::More(values) => values,
		}
	}
}

/// An account, as wallets write it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Account(AccountId32);

impl TryFrom<String> for Account {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		provider(&text).map(Self)
	}
}

/// What is accepted: all, some, or all but some.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Choice<T> {
	/// These alone.
	only: Vec<T>,
	/// All but these.
	except: Vec<T>,
}

impl<T> Default for Choice<T> {
	fn default() -> Self {
		Self {
			only: Vec::new(),
			except: Vec::new(),
		}
	}
}

impl<T> Choice<T> {
	fn check(&self, name: &str) -> Result<(), String> {
		if self.only.is_empty() || self.except.is_empty() {
			return Ok(());
		}
		Err(format!(
			"{name}: say `only` or `except`; what is left of `only` is a shorter list"
		))
	}
}

/// A preset, or weights in per cent that add up to 100.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
	untagged,
	expecting = "say cheapest, balanced, fastest, steady, or weights such as { price: 70, speed: 30 }"
)]
enum Prefer {
	/// By its name.
	Preset(Preset),
	/// Weight by weight.
	Weights(Shares),
}

/// Weights in per cent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Shares {
	/// How far the price is below the highest accepted.
	price: u8,
	/// How far the proved score is above the lowest accepted.
	speed: u8,
	/// How far the availability is above the lowest accepted.
	reliability: u8,
}

fn one() -> u8 {
	1
}

fn an_hour() -> u32 {
	1_200
}

/// Reads a file. What is wrong is said with its line and column.
pub(super) fn read(path: &Path) -> Result<Run, Failure> {
	let wrong = |why: String| Failure::Configuration(format!("{}: {why}", path.display()));
	let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
	if size.len() > MAX_BYTES {
		return Err(wrong(format!(
			"it has {} bytes, a workspace at most {MAX_BYTES}",
			size.len()
		)));
	}
	let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
	parse(&text).map_err(wrong)
}

fn parse(text: &str) -> Result<Run, String> {
	let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
	let field = |name: &str, error: String| format!("{name}: {error}");
	let wants = wants(file.requires, file.prefer)?;
	let image = file.image.as_deref().map(hash).transpose();
	let image = image.map_err(|error| field("image", error))?;
	match (&image, &file.application) {
		(Some(_), None) | (None, Some(_)) => {}
		(Some(_), Some(_)) => return Err("say `image` or `application`, not both".into()),
		(None, None) => return Err("say what to run: `image` or `application`".into()),
	}
	let upkeep = Upkeep::new(file.health, file.restart);
	// Of an application's port nothing is known here yet.
	if file.application.is_none() || file.port.is_some() {
		upkeep.check(file.port)?;
	}
	Ok(Run {
		subject: Subject {
			image,
			application: file.application,
			port: file.port,
			upkeep,
			command: file.command,
		},
		max_price: amount::parse(&file.max_price).map_err(|error| field("max_price", error))?,
		term: file.term,
		replicas: file.replicas,
		wants,
		budget: file
			.budget
			.map(|budget| amount::parse(&budget))
			.transpose()
			.map_err(|error| field("budget", error))?,
		window: file.window,
		lifetime: file.lifetime,
		wait: false,
	})
}

fn wants(requires: Requires, prefer: Option<Prefer>) -> Result<Wants, String> {
	requires.regions.check("regions")?;
	requires.providers.check("providers")?;
	let accounts = |list: Vec<Account>| list.into_iter().map(|Account(id)| id).collect();
	let wants = Wants {
		classes: requires.classes,
		gpus: requires.gpus,
		gpu_memory: requires.gpu_memory_mib,
		capacity: Capacity {
			cpu: requires.cpu_millis,
			memory: requires.memory_mib,
			disk: requires.disk_mib,
		},
		isolation: requires.isolation.into(),
		regions: requires.regions.only,
		not_regions: requires.regions.except,
		providers: accounts(requires.providers.only),
		not_providers: accounts(requires.providers.except),
		min_score: requires.min_score_percent,
		min_availability: requires.min_availability_percent,
		apart: requires.apart.into(),
		together: requires.together.into(),
		prefer: match prefer.unwrap_or(Prefer::Preset(Preset::Balanced)) {
			Prefer::Preset(preset) => preset.weights(),
			Prefer::Weights(shares) => weighed(shares.price, shares.speed, shares.reliability)
				.map_err(|why| format!("prefer: {why}"))?,
		},
	};
	wants.check().map(|()| wants)
}

/// The JSON schema of such a file, for editors.
pub(super) fn schema() -> serde_json::Value {
	schemars::schema_for!(File).to_value()
}

#[cfg(test)]
mod tests {
	use super::*;

	const WHOLE: &str = r#"
image: "0x0101010101010101010101010101010101010101010101010101010101010101"
command: [serve, --verbose]
port: 8080
health: { path: /well, every: 20 }
restart: on-failure:5
replicas: 2
term: 28800
max_price: 0.01
budget: "600"
window: 20
requires:
  classes: [1, 2]
  memory_mib: 512
  isolation: wasm
  regions: { except: [840] }
  providers: { only: [//Bob] }
  min_score_percent: 90
  min_availability_percent: 99
  apart: node
  together: [owner, region]
prefer: cheapest
"#;

	#[test]
	fn a_file_says_all_that_the_command_line_does() {
		let run = parse(WHOLE).unwrap();
		let subject = run.subject;
		assert_eq!(subject.image.unwrap().0, [1; 32]);
		assert_eq!(subject.command, ["serve", "--verbose"]);
		assert_eq!(subject.port, Some(8_080));
		let health = subject.upkeep.health().unwrap();
		assert_eq!((health.every, health.timeout), (20, 5));
		assert_eq!(subject.upkeep.restart, Some(Restart::OnFailure(5)));
		assert_eq!((run.replicas, run.term), (2, 28_800));
		assert_eq!(run.max_price, 10_000_000_000);
		assert_eq!(run.budget, Some(600_000_000_000_000));
		assert_eq!((run.window, run.lifetime), (20, 1_200));
		let wants = run.wants;
		assert_eq!(wants.classes, [1, 2]);
		assert!(matches!(wants.isolation[..], [Isolation::Wasm]));
		assert_eq!(wants.prefer, Preset::Cheapest.weights());
		assert_eq!(wants.capacity.memory, 512);
		assert_eq!(wants.not_regions, [840]);
		assert_eq!(wants.providers.len(), 1);
		assert_eq!((wants.min_score, wants.min_availability), (90, 99));
		assert_eq!(wants.apart, [Scope::Node]);
		assert_eq!(wants.together, [Scope::Owner, Scope::Region]);
	}

	#[test]
	fn what_is_wrong_is_said_with_its_line() {
		let unknown = WHOLE.replace("window:", "windwo:");
		let missing = WHOLE.replace("term: 28800\n", "");
		let negative = WHOLE.replace("replicas: 2", "replicas: -2");
		let often = WHOLE.replace("on-failure:5", "on-failure");
		let broken = WHOLE.replace("[1, 2]", "[1, 2");
		let nobody = WHOLE.replace("//Bob", "nobody");
		let nowhere = WHOLE.replace("isolation: wasm", "isolation: wood");
		let unlike = WHOLE.replace("prefer: cheapest", "prefer: luck");
		for (text, words) in [
			(unknown, ["windwo", "line 11"]),
			(missing, ["term", "line"]),
			(negative, ["-2", "line 7"]),
			(often, ["from 1 to 100", "line 6"]),
			(broken, ["line", "column"]),
			(nobody, ["nobody", "line 17"]),
			(nowhere, ["none of the words", "line 15"]),
			(unlike, ["cheapest", "line 22"]),
		] {
			let error = parse(&text).unwrap_err();
			for word in words {
				assert!(error.contains(word), "“{word}” is not in: {error}");
			}
		}
	}

	#[test]
	fn an_application_is_named_in_place_of_an_image_and_not_beside_it() {
		let line = WHOLE.lines().nth(1).unwrap();
		let named = |line: &str| WHOLE.replacen(WHOLE.lines().nth(1).unwrap(), line, 1);
		let subject = parse(&named("application: server@2")).unwrap().subject;
		assert_eq!(subject.application.unwrap().to_string(), "server@2");
		assert!(subject.image.is_none());
		let both = format!("{line}\napplication: server");
		let error = parse(&named(&both)).unwrap_err();
		assert!(error.contains("not both"), "{error}");
		let error = parse(&named("")).unwrap_err();
		assert!(error.contains("`image` or `application`"), "{error}");
		let error = parse(&named("application: server@two")).unwrap_err();
		assert!(
			error.contains("“two”") && error.contains("line 2"),
			"{error}"
		);
	}

	#[test]
	fn weights_are_said_one_by_one_where_no_preset_fits() {
		let weights = WHOLE.replace("prefer: cheapest", "prefer: { price: 60, speed: 40 }");
		let prefer = parse(&weights).unwrap().wants.prefer;
		assert_eq!(
			(prefer.price, prefer.speed, prefer.reliability),
			(60, 40, 0)
		);
	}

	#[test]
	fn what_contradicts_itself_is_refused_before_any_money_is_held() {
		let both = WHOLE.replace("except: [840]", "except: [840], only: [276]");
		let unlucky = WHOLE.replace("except: [840]", "except: [0]");
		let light = WHOLE.replace("prefer: cheapest", "prefer: { price: 60 }");
		let stuck = WHOLE.replace("[owner, region]", "[node]");
		let portless = WHOLE.replace("port: 8080\n", "");
		let many = WHOLE.replace("[1, 2]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]");
		for (text, words) in [
			(both, "regions: say `only` or `except`"),
			(unlucky, "regions: 0 is no region"),
			(light, "prefer: the weights add up to 60"),
			(stuck, "share a machine"),
			(portless, "health: say the port"),
			(many, "classes: 9 are named, the chain accepts 8"),
		] {
			let error = parse(&text).unwrap_err();
			assert!(error.contains(words), "“{words}” is not in: {error}");
		}
	}

	#[test]
	fn a_value_of_the_wrong_kind_names_its_field() {
		let image = WHOLE.replace("0x0101", "0x01");
		assert!(parse(&image).unwrap_err().starts_with("image: "));
		let price = WHOLE.replace("max_price: 0.01", "max_price: much");
		assert!(parse(&price).unwrap_err().starts_with("max_price: "));
	}

	#[test]
	fn the_published_schema_is_current() {
		let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/workspace.schema.json");
		let current = format!("{:#}\n", schema());
		if std::env::var_os("UPDATE_DOCS").is_some() {
			std::fs::write(path, &current).unwrap();
		}
		let published = std::fs::read_to_string(path).unwrap();
		assert!(
			published == current,
			"{path} is not current: write it with UPDATE_DOCS=1"
		);
	}
}
