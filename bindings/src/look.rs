//! Which pictures of others are on the screen.
use calls_core::Looks;
use calls_protocol::{PictureKind, UserId};

/// A picture of somebody that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Look {
    /// Whose.
    pub user: i64,
    /// Their screen, not their camera.
    pub screen: bool,
    /// How high it is there, in pixels; 0 to say that it is not there for now.
    pub height: i32,
}

impl Look {
    /// None for somebody who cannot be: then there is no picture of theirs either.
    pub(crate) fn of(self) -> Option<Looks> {
        let Self { user, screen, height } = self;
        let user = UserId::new(u64::try_from(user).ok()?).ok()?;
        let kind = if screen { PictureKind::Screen } else { PictureKind::Camera };
        // No screen is higher than that, and nothing is lower than not there.
        let height = u16::try_from(height.max(0)).unwrap_or(u16::MAX);
        Some(Looks { user, kind, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_keeps_whose_and_how_high_within_what_can_be() {
        let of = |height| Look { user: 7, screen: true, height }.of().unwrap();

        assert_eq!(of(360), Looks { user: UserId::new(7).unwrap(), kind: PictureKind::Screen, height: 360 });
        assert_eq!((of(-1).height, of(100_000).height), (0, u16::MAX));
        assert_eq!(Look { user: 0, screen: false, height: 90 }.of(), None);
    }
}
