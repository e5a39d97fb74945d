//! Any bytes as what a client says: what must hold is in `src/protocol.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::protocol::decode_client_event(data));
