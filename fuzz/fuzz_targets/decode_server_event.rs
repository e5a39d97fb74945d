//! Any bytes as what the server says: what must hold is in `src/protocol.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::protocol::decode_server_event(data));
