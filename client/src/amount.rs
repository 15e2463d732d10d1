//! Amounts as people write them: `12.5` USU, exactly.

/// Digits after the point.
pub const DECIMALS: usize = 12;
/// One USU in the smallest unit.
pub const USU: u128 = 10u128.pow(DECIMALS as u32);

/// Reads an amount in USU, such as `12.5`, as the smallest unit.
///
/// # Errors
///
/// Says what is wrong: not a number, negative, more than twelve digits after the point, too large.
pub fn parse(text: &str) -> Result<u128, String> {
	let text = text.trim().trim_end_matches("USU").trim_end();
	if text.starts_with('-') {
		return Err(format!("an amount cannot be negative: {text}"));
	}
	let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
	let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
		return Err(format!("“{text}” is not an amount; write it like 12.5"));
	}
	if fraction.len() > DECIMALS {
		return Err(format!(
			"an amount has at most {DECIMALS} digits after the point: {text}"
		));
	}
	format!(
		"{}{fraction:0<DECIMALS$}",
		if whole.is_empty() { "0" } else { whole }
	)
	.parse()
	.map_err(|_| format!("the amount is too large: {text}"))
}

/// Writes an amount of the smallest unit in USU, without needless digits.
pub fn show(units: u128) -> String {
	let one = USU;
	let fraction = format!("{:0DECIMALS$}", units % one);
	match fraction.trim_end_matches('0') {
		"" => format!("{} USU", units / one),
		fraction => format!("{}.{fraction} USU", units / one),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_amount_is_exact_to_the_smallest_unit() {
		assert_eq!(parse("12.5"), Ok(12_500_000_000_000));
		assert_eq!(parse("0.000000000001"), Ok(1));
		assert_eq!(parse(".5 USU"), Ok(500_000_000_000));
	}

	#[test]
	fn what_is_shown_can_be_read_back() {
		for units in [0, 1, 999_999_999_999, 1_000_000_000_000, u128::MAX] {
			assert_eq!(parse(&show(units)), Ok(units));
		}
	}

	#[test]
	fn bad_amounts_are_refused() {
		for text in ["", ".", "-1", "1e3", "1,5", "0.0000000000001", "1.2.3"] {
			assert!(parse(text).is_err(), "{text}");
		}
		assert!(parse(&"9".repeat(40)).is_err());
	}
}
