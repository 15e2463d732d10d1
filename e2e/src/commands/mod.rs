//! What a person can have done with the whole.

pub(crate) mod chaos;
pub(crate) mod demo;
