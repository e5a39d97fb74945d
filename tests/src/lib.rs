//! Whole-system tests of WorldMates Calls.
