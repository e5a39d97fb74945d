//! Against peers that we did not write.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rtc_srtp;
