//! Any bytes as what the server says: what must hold is in `src/lib.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::decode_server_event(data));
