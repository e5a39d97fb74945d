//! Any bytes: what must hold is in `server/src/sfu/any_bytes.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_server::sfu::any_bytes::room(data));
