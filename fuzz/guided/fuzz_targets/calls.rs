//! The target `calls` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usufruct_fuzz_runtime::calls(bytes));
