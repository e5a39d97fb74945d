//! Whole-system tests: the rules on a stage, simulations under a virtual clock, real sockets, foreign clients.
pub mod stage;
