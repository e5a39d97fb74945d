//! How the same record is known again in a unique index.

/// Tells the same record from another one in a unique index: FNV-1a over its fields.
///
/// The index also holds the room or the user, so two records collide only within one room, by a chance of 2^-64 a pair.
#[derive(Clone, Copy)]
pub(super) struct RecordKey(u64);

impl RecordKey {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn with(mut self, field: &[u8]) -> Self {
        // The length keeps "ab" + "c" apart from "a" + "bc".
        for byte in (field.len() as u64).to_le_bytes().iter().chain(field) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
        self
    }

    pub(super) fn number(self, field: u64) -> Self {
        self.with(&field.to_le_bytes())
    }

    pub(super) fn get(self) -> i64 {
        self.0.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_keys_tell_fields_apart() {
        let key = |a: &str, b: &str| RecordKey::new().with(a.as_bytes()).with(b.as_bytes()).get();

        assert_eq!(key("ab", "c"), key("ab", "c"));
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
