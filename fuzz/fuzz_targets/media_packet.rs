//! Any bytes: what must hold is in `src/media.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::media::packet(data));
