//! Frames come in any pieces, and what is sent is what a server can read.
use super::frames::{Frame, put_text, take};

/// As a server would send it.
fn from_server(first: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match content.len() {
        short @ 0..126 => frame.push(short as u8),
        long => {
            frame.push(126);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend(content);
    frame
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_taken_when_it_is_whole() {
    for content in [&b"2"[..], &[b'x'; 125], &[b'x'; 126], &[b'x'; 3000]] {
        let frame = from_server(0x81, content);

        for short in 0..frame.len() {
            assert_eq!(take(&frame[..short], 0), Ok(None));
        }
        let (taken, end) = take(&frame, 0).unwrap().unwrap();
        assert_eq!(taken, Frame::Text(frame.len() - content.len()..frame.len()));
        assert_eq!(end, frame.len());
    }
}

#[test]
fn frames_that_come_together_are_taken_one_by_one() {
    let both = [from_server(0x81, b"40"), from_server(0x89, b"hi")].concat();

    let (first, end) = take(&both, 0).unwrap().unwrap();
    let (second, last) = take(&both, end).unwrap().unwrap();

    assert_eq!((first, second), (Frame::Text(2..4), Frame::Ping(6..8)));
    assert_eq!(take(&both, last), Ok(None));
}

#[test]
fn what_is_sent_is_masked_and_says_its_length() {
    for length in [0, 1, 125, 126, 2401] {
        let content = vec![b'a'; length];
        let mut out = Vec::new();

        put_text(&mut out, 0x0102_0304, &content);

        let head = if length < 126 { 2 } else { 4 };
        assert_eq!(out.len(), head + 4 + length);
        let mask = &out[head..head + 4];
        let plain: Vec<u8> =
            out[head + 4..].iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        assert_eq!(plain, content);
    }
}

#[test]
fn a_fragment_is_refused() {
    assert!(take(&from_server(0x01, b"4"), 0).is_err());
}
