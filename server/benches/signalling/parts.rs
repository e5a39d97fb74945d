//! The parts of the signalling bench that can be wrong without a server: their tests run with all others.
//!
//! They are not in the parts themselves because a bench without cargo's harness has no tests.
// Here the parts are seen without their users.
#![allow(dead_code)]
mod flow;
mod flow_test;
mod frames;
mod frames_test;
mod histogram;
mod histogram_test;
