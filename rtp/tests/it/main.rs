//! Against peers that we did not write.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod openssl;
mod rtc_srtp;
