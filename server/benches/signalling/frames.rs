//! WebSocket frames, as far as a client of a Socket.IO server meets them: whole text frames, pings and the close.
//!
//! Written out here because the driver shares its machine with the server it measures: a general client library
//! costs more processor time than our server does.
use std::ops::Range;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// What one frame from the server holds; the range is where its content lies in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(Range<usize>),
    Ping(Range<usize>),
    Pong,
    Close,
}

/// The first whole frame at or after `from`, and where the next one starts. None: more bytes are needed.
pub(crate) fn take(buffer: &[u8], from: usize) -> Result<Option<(Frame, usize)>, String> {
    let bytes = &buffer[from..];
    let [first, second, ..] = *bytes else { return Ok(None) };
    if second & 0x80 != 0 {
        return Err("the server masked a frame".to_owned());
    }
    if first & 0xF0 != 0x80 {
        return Err(format!("the server sent a fragment or an extension ({first:#04x})"));
    }
    let (head, length) = match second {
        126 => match bytes.get(2..4) {
            Some(&[a, b]) => (4, usize::from(u16::from_be_bytes([a, b]))),
            _ => return Ok(None),
        },
        127 => return Err("the server sent a frame of more than 64 KiB".to_owned()),
        short => (2, usize::from(short)),
    };
    if bytes.len() < head + length {
        return Ok(None);
    }
    let end = from + head + length;
    let content = from + head..end;
    let frame = match first & 0x0F {
        TEXT => Frame::Text(content),
        PING => Frame::Ping(content),
        PONG => Frame::Pong,
        CLOSE => Frame::Close,
        other => return Err(format!("the server sent a frame of kind {other}")),
    };
    Ok(Some((frame, end)))
}

/// Appends a masked text frame.
pub(crate) fn put_text(out: &mut Vec<u8>, mask: u32, text: &[u8]) {
    put(out, TEXT, mask, text);
}

/// Appends the answer to a ping.
pub(crate) fn put_pong(out: &mut Vec<u8>, mask: u32, content: &[u8]) {
    put(out, PONG, mask, content);
}

fn put(out: &mut Vec<u8>, kind: u8, mask: u32, content: &[u8]) {
    out.push(0x80 | kind);
    match u16::try_from(content.len()) {
        Ok(short @ 0..126) => out.push(0x80 | short as u8),
        Ok(length) => {
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
        Err(_) => unreachable!("the driver's messages are shorter than 64 KiB"),
    }
    let mask = mask.to_ne_bytes();
    out.extend(mask);
    let start = out.len();
    out.extend_from_slice(content);
    // A mask of zeros would spare us this, but also the server: Node's `ws` skips such a mask.
    let mut chunks = out[start..].chunks_exact_mut(4);
    for chunk in &mut chunks {
        chunk.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
    }
    chunks.into_remainder().iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
}
