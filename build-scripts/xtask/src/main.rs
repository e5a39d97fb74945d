//! Set-up, demo, tests, CI and generated files.
fn main() {}
