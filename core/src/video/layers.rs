//! Which sizes a picture is made in for the media server. Pure.
use super::Frame;
use crate::peer::Layer;

/// Below this on its shorter side a picture shows nobody.
const SMALLEST: u32 = 130;
/// Above this on its shorter side nothing is sent.
const LARGEST: u32 = 720;

/// All sizes that are worth making of this, by their shorter side; the smallest first.
pub(super) fn of(frame: &Frame, most: u32) -> Vec<(Layer, u32)> {
    let whole = frame.width().min(frame.height()).min(most).min(LARGEST);
    let sizes = Layer::ALL.map(|layer| (layer, whole / layer.part()));
    sizes.into_iter().filter(|(layer, side)| *layer == Layer::Whole || *side >= SMALLEST).collect()
}

/// Of these, the smallest that has this height and those below it; all, if none has; none, if nobody looks.
pub(super) fn up_to(frame: &Frame, mut sizes: Vec<(Layer, u32)>, height: u16) -> Vec<(Layer, u32)> {
    if height == 0 {
        return Vec::new();
    }
    // A tenth of the pixels missing is not seen: the media server counts so too.
    let has = |(_, side): &(Layer, u32)| frame.size_within(*side).1 * 10 >= u32::from(height) * 9;
    if let Some(enough) = sizes.iter().position(has) {
        sizes.truncate(enough + 1);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(width: u32, height: u32, most: u32, wanted: u16) -> Vec<u32> {
        let frame = Frame::plain(width, height, [0; 3]).unwrap();
        up_to(&frame, of(&frame, most), wanted).into_iter().map(|(_, side)| side).collect()
    }

    #[test]
    fn a_small_picture_has_fewer_sizes() {
        let all = |width, height| sides(width, height, u32::MAX, u16::MAX);
        assert_eq!(all(1920, 1080), [180, 360, 720]);
        assert_eq!(all(720, 1280), [180, 360, 720]);
        assert_eq!(all(960, 540), [135, 270, 540]);
        assert_eq!(all(640, 480), [240, 480]);
        assert_eq!(all(320, 180), [180]);
        assert_eq!(all(16, 16), [16]);
        assert_eq!(sides(1280, 720, 360, u16::MAX), [180, 360]);
    }

    #[test]
    fn what_is_higher_than_anybody_looks_at_is_not_made() {
        let wanted = |height| sides(1280, 720, u32::MAX, height);
        assert_eq!(wanted(0), [0; 0]);
        assert_eq!(wanted(90), [180]);
        assert_eq!(wanted(200), [180], "a little less will do");
        assert_eq!(wanted(360), [180, 360]);
        assert_eq!(wanted(720), [180, 360, 720]);
        assert_eq!(wanted(2160), [180, 360, 720]);
        // Of one that stands upright the height is the longer side.
        assert_eq!(sides(720, 1280, u32::MAX, 640), [180, 360]);
    }
}
