//! Schemas.
/// x
pub struct Message {
    /// x
    pub event: &'static str,
    /// x
    pub purpose: String,
    /// x
    pub schema: schemars::Schema,
}
pub(crate) fn purpose(_: &[&str]) -> String {
    String::new()
}
