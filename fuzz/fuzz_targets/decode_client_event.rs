//! Any bytes as what a client says: what must hold is in `src/lib.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::decode_client_event(data));
