#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| calls_fuzz::decode_server_event(data));
