//! x
/// x
pub fn protocol_md() -> String {
    String::new()
}
