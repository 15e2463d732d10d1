//! What it takes to win a vote: one track of referenda per power.

use alloc::borrow::Cow;

use pallet_dao::{Power, TrackId};
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use sp_runtime::{str_array, Perbill};

use crate::{
	constants::{
		currency::USU,
		time::{DAYS, HOURS, MINUTES},
	},
	Balance, BlockNumber, Dao, OriginCaller,
};

/// A track's rules, with all periods at pace 1.
struct Rules {
	power: Power,
	name: &'static str,
	/// Referenda that are decided at once.
	max_deciding: u32,
	/// Paid by whoever wants a decision; returned unless the referendum is killed.
	decision_deposit: Balance,
	/// From submission to the beginning of the decision.
	prepare: BlockNumber,
	/// A referendum that has not won by its end is rejected.
	decision: BlockNumber,
	/// So long it has to be winning.
	confirm: BlockNumber,
	/// From approval to the call at least.
	enactment: BlockNumber,
	/// Part of all issuance that must have voted for it at the end; half of it at the beginning.
	support_percent: u32,
}

const fn rules(power: Power) -> Rules {
	match power {
		Power::Upgrade => Rules {
			power,
			name: "upgrade",
			max_deciding: 1,
			decision_deposit: 500 * USU,
			prepare: 2 * HOURS,
			decision: 14 * DAYS,
			confirm: DAYS,
			enactment: DAYS,
			support_percent: 10,
		},
		Power::Membership => Rules {
			power,
			name: "membership",
			max_deciding: 5,
			decision_deposit: 100 * USU,
			prepare: 2 * HOURS,
			decision: 14 * DAYS,
			confirm: DAYS,
			enactment: HOURS,
			support_percent: 5,
		},
		Power::Treasury => Rules {
			power,
			name: "treasury",
			max_deciding: 5,
			decision_deposit: 100 * USU,
			prepare: 2 * HOURS,
			decision: 14 * DAYS,
			confirm: DAYS,
			enactment: DAYS,
			support_percent: 5,
		},
		Power::MarketAdmin => Rules {
			power,
			name: "market_admin",
			max_deciding: 5,
			decision_deposit: 50 * USU,
			prepare: 2 * HOURS,
			decision: 7 * DAYS,
			confirm: 12 * HOURS,
			enactment: DAYS,
			support_percent: 2,
		},
		Power::ProofParameters => Rules {
			power,
			name: "proof_parameters",
			max_deciding: 5,
			decision_deposit: 50 * USU,
			prepare: 2 * HOURS,
			decision: 7 * DAYS,
			confirm: 12 * HOURS,
			// Agents that need another version have a day to get it.
			enactment: DAYS,
			support_percent: 2,
		},
		// Faster than everything that it can end.
		Power::Canceller => Rules {
			power,
			name: "canceller",
			max_deciding: 5,
			decision_deposit: 50 * USU,
			prepare: 10 * MINUTES,
			decision: 3 * DAYS,
			confirm: HOURS,
			enactment: 10 * MINUTES,
			support_percent: 5,
		},
	}
}

impl Rules {
	/// The rules on this chain.
	fn track(self) -> Track<TrackId, Balance, BlockNumber> {
		Track {
			id: self.power.track(),
			info: TrackInfo {
				name: str_array(self.name),
				max_deciding: self.max_deciding,
				decision_deposit: self.decision_deposit,
				prepare_period: Dao::period(self.prepare),
				decision_period: Dao::period(self.decision),
				confirm_period: Dao::period(self.confirm),
				min_enactment_period: Dao::period(self.enactment),
				// At first everybody who votes must agree, in the end a majority.
				min_approval: falling(100, 50),
				min_support: falling(50, self.support_percent),
			},
		}
	}
}

/// From `first` percent at the beginning of a decision to `last` at its end.
const fn falling(first: u32, last: u32) -> Curve {
	Curve::LinearDecreasing {
		length: Perbill::from_percent(100),
		floor: Perbill::from_percent(last),
		ceil: Perbill::from_percent(first),
	}
}

/// The tracks, by the powers that referenda ask for. Nothing but a power has one: root, or somebody's
/// own account, cannot be voted for.
#[derive(Debug)]
pub struct Tracks;

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<Self::Id, Balance, BlockNumber>>> {
		Power::ALL
			.into_iter()
			.map(|power| Cow::Owned(rules(power).track()))
	}

	fn track_for(origin: &OriginCaller) -> Result<Self::Id, ()> {
		match origin {
			OriginCaller::Dao(power) => Ok(power.track()),
			_ => Err(()),
		}
	}
}
