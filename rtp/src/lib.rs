//! What media servers and those who test them speak: RTP, RTCP, SRTP, DTLS.
//!
//! Read and written in place: nothing here allocates for a packet. Pure but for [`handshake`], which draws random bytes.
//! Nothing knows a call, a room or a socket.
#![forbid(unsafe_code)]

pub mod bandwidth;
pub mod control;
pub mod h264;
pub mod handshake;
pub mod packet;
pub mod protect;
pub mod vp8;
