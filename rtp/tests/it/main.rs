//! Against peers that we did not write, and against any bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod any_bytes;
mod openssl;
mod rtc_srtp;
