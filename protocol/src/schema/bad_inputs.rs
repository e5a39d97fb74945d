//! What must be refused, made from the description.

/// x
pub struct BadInput {}
/// x
pub fn bad_inputs() -> impl Iterator<Item = BadInput> {
    [].into_iter()
}
