//! The server of WorldMates Calls.
#![forbid(unsafe_code)]
