//! SRTP and SRTCP ([RFC 3711], [RFC 7714]): packets sealed and opened in the buffer in which they lie.
//!
//! A [`Sealer`] is one direction of one association, an [`Opener`] the other; both serve all streams of it. Nothing
//! is allocated for a packet. Pure: keys come from outside, and so does the number of a packet that is sealed, so that
//! a packet that got lost is sealed again exactly as it was.
//!
//! [RFC 3711]: https://www.rfc-editor.org/rfc/rfc3711
//! [RFC 7714]: https://www.rfc-editor.org/rfc/rfc7714
mod cipher;
mod counter;
mod gcm;
mod keys;
mod opener;
mod replay;
mod sealer;
mod shape;
#[cfg(test)]
mod tests;

pub use self::keys::{Profile, Side, SrtpKeys};
pub use self::opener::{OpenError, Opened, Opener};
pub use self::sealer::Sealer;
