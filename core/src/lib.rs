//! The engine on a device.
//!
//! What a call does is decided by `calls-machine`; here it meets sockets, devices and clocks. So far there is
//! [`peer`]: one connection to one other device.
pub mod peer;
