//! Any bytes: what must hold is in `src/engine.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::engine::datagram(data));
