//! The little JSON-RPC that the tests need beside the command line: health, blocks, raw state.

use std::time::Duration;

use eyre::{bail, eyre, Result};
use serde_json::{json, Value};

/// Longer than any answer of a node on this machine takes, shorter than a test's patience.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls `method` of the node at `url` (`http://…`).
pub fn call(url: &str, method: &str, params: Value) -> Result<Value> {
	let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
	let text = post(url, "application/json", &body.to_string())?;
	let answer: Value = serde_json::from_str(&text)?;
	if let Some(error) = answer.get("error") {
		bail!("{method}: {error}");
	}
	answer
		.get("result")
		.cloned()
		.ok_or_else(|| eyre!("{method}: an answer without result"))
}

/// The number of the best block.
pub fn best_block(url: &str) -> Result<u32> {
	number(&call(url, "chain_getHeader", json!([]))?)
}

/// The number of the last finalized block.
pub fn finalized_block(url: &str) -> Result<u32> {
	let hash = call(url, "chain_getFinalizedHead", json!([]))?;
	number(&call(url, "chain_getHeader", json!([hash]))?)
}

fn number(header: &Value) -> Result<u32> {
	let text = header["number"]
		.as_str()
		.ok_or_else(|| eyre!("a header without number"))?;
	Ok(u32::from_str_radix(text.trim_start_matches("0x"), 16)?)
}

fn agent() -> ureq::Agent {
	ureq::Agent::config_builder()
		.timeout_global(Some(TIMEOUT))
		.build()
		.into()
}

/// The body that an HTTP POST of `body` is answered with. Fails on any status but success.
pub fn post(url: &str, content_type: &str, body: &str) -> Result<String> {
	let mut answer = agent()
		.post(url)
		.header("Content-Type", content_type)
		.send(body)?;
	Ok(answer.body_mut().read_to_string()?)
}

/// The body that an HTTP GET is answered with. Fails on any status but success.
pub fn get(url: &str) -> Result<String> {
	Ok(agent().get(url).call()?.body_mut().read_to_string()?)
}
