//! From one layout of requests and leases to the next.
// Fields of old records speak for themselves: they are those of the new.

pub mod v2;
pub mod v3;
pub mod v4;
