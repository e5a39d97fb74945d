//! The transport against clients that speak its protocols byte by byte.
mod closing;
mod embedding;
mod events;
mod handshake;
mod heartbeat;
mod limits;
mod polling;
mod support;
mod upgrade;
