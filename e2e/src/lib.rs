//! Does the whole do what its parts promise, as real processes?
//!
//! Starts the real `usufruct-node` and `usufruct-agent`, speaks to them through the real `usufruct`
//! ([`process`], [`node`], [`agent`], [`cli`]), and does the main job with them ([`main_job`]), and does
//! it while things go wrong ([`chaos`]). The tests beside this library assert the story; `make demo` tells it to a
//! person.
//!
//! Invariants: knows no pallet and no metadata, only what the three programs show to anyone. Waits
//! for what it can see, with a deadline ([`wait`]), and never just sleeps. Leaves no process, no
//! container and no folder behind, however it ends.

pub mod agent;
pub mod binaries;
pub mod by_hand;
pub mod chaos;
pub mod cli;
pub mod docker;
pub mod images;
pub mod ledger;
pub mod main_job;
pub mod node;
pub mod process;
pub mod registry;
pub mod rpc;
pub mod wait;

pub use agent::{AgentOptions, AgentProcess};
pub use cli::{Cli, CliError};
pub use docker::DockerDaemon;
pub use node::NodeProcess;
