//! x
/// x
pub fn protocol_ts() -> String {
    String::new()
}
