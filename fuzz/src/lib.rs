//! What must hold for any bytes at all. The fuzzer looks for bytes for which it does not; the tests of each crate include
//! its file and hold it against what is known in every run.
pub mod engine;
pub mod media;
pub mod protocol;
