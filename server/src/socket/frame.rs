//! What goes out: a packet, encoded once and shared by every socket that gets it.
use super::AckId;
use bytes::Bytes;
use serde::Serialize;

/// The longest WebSocket header of a server: two bytes and a 64-bit length. Servers do not mask.
const HEADER: usize = 10;

/// An encoded packet. It carries its WebSocket header in front, so that sending it to a thousand sockets encodes
/// and copies nothing; long polling takes the part behind the header. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Frame {
    wire: Bytes,
    header: u8,
}

impl Frame {
    /// An event with one argument: `["call:ended", {…}]`.
    ///
    /// # Errors
    /// When the argument cannot be JSON, for example a map whose keys are not strings.
    pub fn event(name: &str, argument: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut text = Encoder::new(b"42[");
        text.json(name)?;
        text.raw(b",");
        text.json(argument)?;
        text.raw(b"]");
        Ok(text.finish())
    }

    /// The acknowledgement of an event with one argument.
    ///
    /// # Errors
    /// As [`Frame::event`].
    pub fn ack(id: AckId, argument: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut text = Encoder::new(b"43");
        text.raw(id.0.to_string().as_bytes());
        text.raw(b"[");
        text.json(argument)?;
        text.raw(b"]");
        Ok(text.finish())
    }

    /// An event whose one argument writes itself as JSON: messages that add to their payload do.
    pub fn event_by(name: &str, write_argument: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut text = Encoder::new(b"42[\"");
        debug_assert!(!name.contains(['"', '\\']), "event names of ours need no escapes");
        text.raw(name.as_bytes());
        text.raw(b"\",");
        write_argument(&mut text.text);
        text.raw(b"]");
        text.finish()
    }

    /// An acknowledgement whose one argument writes itself as JSON.
    pub fn ack_by(id: AckId, write_argument: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut text = Encoder::new(b"43");
        text.raw(id.0.to_string().as_bytes());
        text.raw(b"[");
        write_argument(&mut text.text);
        text.raw(b"]");
        text.finish()
    }

    /// An Engine.IO packet from its text, its type in front.
    pub(super) fn text(text: &str) -> Self {
        let mut encoder = Encoder::new(b"");
        encoder.raw(text.as_bytes());
        encoder.finish()
    }

    /// A WebSocket control frame; `payload` is at most 125 bytes.
    pub(super) fn control(opcode: u8, payload: &[u8]) -> Self {
        let payload = &payload[..payload.len().min(125)];
        let mut wire = Vec::with_capacity(2 + payload.len());
        wire.push(0x80 | opcode);
        wire.push(u8::try_from(payload.len()).unwrap_or(125));
        wire.extend_from_slice(payload);
        Self { wire: wire.into(), header: 2 }
    }

    /// The heartbeat's question.
    pub(super) fn ping() -> Self {
        Self { wire: Bytes::from_static(b"\x81\x012"), header: 2 }
    }

    /// As it goes over a WebSocket, header included.
    pub(super) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// As it goes into a polling payload.
    pub(super) fn packet(&self) -> &[u8] {
        &self.wire[usize::from(self.header)..]
    }
}

/// Writes a packet behind room for the header, which can only be written when the length is known.
struct Encoder {
    text: Vec<u8>,
}

impl Encoder {
    fn new(start: &[u8]) -> Self {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(&[0; HEADER]);
        text.extend_from_slice(start);
        Self { text }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    fn json(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut self.text, value)
    }

    fn finish(mut self) -> Frame {
        let length = self.text.len() - HEADER;
        let mut header = [0; HEADER];
        let used = header_of(length, &mut header);
        self.text[HEADER - used..HEADER].copy_from_slice(&header[..used]);
        let header = u8::try_from(used).unwrap_or(0);
        Frame { wire: Bytes::from(self.text).slice(HEADER - used..), header }
    }
}

/// Writes the header of a final text frame; the number of bytes it took.
fn header_of(length: usize, into: &mut [u8; HEADER]) -> usize {
    into[0] = 0x81;
    match length {
        0..=125 => {
            into[1] = length as u8;
            2
        }
        126..=0xFFFF => {
            into[1] = 126;
            into[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            into[1] = 127;
            into[2..10].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_one_text_frame() {
        let frame = Frame::event("call:ended", &json!({"duration": 5})).unwrap();

        assert_eq!(frame.packet(), br#"42["call:ended",{"duration":5}]"#);
        assert_eq!(frame.wire()[..2], [0x81, frame.packet().len() as u8]);
        assert_eq!(&frame.wire()[2..], frame.packet());
    }

    #[test]
    fn an_acknowledgement_names_its_event() {
        let frame = Frame::ack(AckId(17), &json!({"ok": true})).unwrap();

        assert_eq!(frame.packet(), br#"4317[{"ok":true}]"#);
    }

    #[test]
    fn the_header_grows_with_the_packet() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (0xFFFF, 4), (0x1_0000, 10), (0x1_0000 + 9, 10)]
        {
            let frame = Frame::text(&"x".repeat(length));

            assert_eq!(frame.packet().len(), length);
            assert_eq!(frame.wire().len(), length + header, "{length}");
        }
    }

    #[test]
    fn a_name_is_escaped() {
        assert_eq!(Frame::event("a\"b", &1).unwrap().packet(), br#"42["a\"b",1]"#);
    }
}
