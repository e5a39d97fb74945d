//! Socket.IO packets (protocol 5) as they come in. Pure: text in, borrowed parts out, never a panic.
//!
//! `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`, where the type is one digit.
use super::AckId;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// How deep arrays and objects may nest: as deep as `serde_json` reads, so that what we forward can be read by
/// every recursive parser behind us.
const DEEPEST: usize = 128;

/// A packet, cut into its parts. Its JSON has not been looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// A client wants in.
    Connect { namespace: &'a str, auth: &'a str },
    /// A client says good-bye.
    Disconnect { namespace: &'a str },
    /// An event.
    Event { namespace: &'a str, ack: Option<AckId>, args: &'a str },
    /// An event with attachments that follow as binary messages.
    BinaryEvent { namespace: &'a str, attachments: u32, ack: Option<AckId>, args: &'a str },
    /// An acknowledgement; this server asks for none.
    Ack,
    /// An acknowledgement with attachments.
    BinaryAck { attachments: u32 },
}

/// Not a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPacket;

/// Cuts a packet into its parts.
pub(super) fn decode(text: &str) -> Result<Packet<'_>, BadPacket> {
    let mut rest = Rest(text);
    let kind = rest.byte().ok_or(BadPacket)?;
    let attachments = if matches!(kind, b'5' | b'6') { rest.attachments()? } else { 0 };
    let namespace = rest.namespace();
    match kind {
        b'0' => Ok(Packet::Connect { namespace, auth: rest.0 }),
        b'1' => Ok(Packet::Disconnect { namespace }),
        b'2' => Ok(Packet::Event { namespace, ack: rest.ack()?, args: rest.0 }),
        b'3' => Ok(Packet::Ack),
        b'5' => Ok(Packet::BinaryEvent { namespace, attachments, ack: rest.ack()?, args: rest.0 }),
        b'6' => Ok(Packet::BinaryAck { attachments }),
        // 4, CONNECT_ERROR, is the server's to say.
        _ => Err(BadPacket),
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.0.as_bytes().first()?;
        // A first character of several bytes is no type; cutting it in the middle would panic.
        if !byte.is_ascii() {
            return None;
        }
        self.0 = &self.0[1..];
        Some(byte)
    }

    fn digits(&mut self) -> &'a str {
        let end = self.0.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    fn attachments(&mut self) -> Result<u32, BadPacket> {
        let count = self.digits().parse().map_err(|_| BadPacket)?;
        self.0 = self.0.strip_prefix('-').ok_or(BadPacket)?;
        Ok(count)
    }

    fn namespace(&mut self) -> &'a str {
        if !self.0.starts_with('/') {
            return "/";
        }
        let (namespace, rest) = self.0.split_once(',').unwrap_or((self.0, ""));
        self.0 = rest;
        // A query after the name is no part of it: `/?token=1,`.
        namespace.split_once('?').map_or(namespace, |(name, _)| name)
    }

    fn ack(&mut self) -> Result<Option<AckId>, BadPacket> {
        match self.digits() {
            "" => Ok(None),
            digits => digits.parse().map(|id| Some(AckId(id))).map_err(|_| BadPacket),
        }
    }
}

/// The name and the first argument of an event; the other arguments are checked and left out.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) first: Option<&'a RawValue>,
}

/// Reads the JSON array of an event. `None`: it is not JSON, not an array that starts with a name, or too deep.
pub(super) fn arguments(args: &str) -> Option<Arguments<'_>> {
    if is_too_deep(args) {
        return None;
    }
    serde_json::from_str(args).ok()
}

impl<'de> Deserialize<'de> for Arguments<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Arguments<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array that starts with a name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                #[derive(Deserialize)]
                struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

                let Name(name) =
                    seq.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(0, &"a name"))?;
                let first = seq.next_element()?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Arguments { name, first })
            }
        }
        deserializer.deserialize_seq(InOrder)
    }
}

/// The name of an event whose JSON is not read: it is cut off, or the event is refused before it costs anything.
pub(super) fn name_at_start(args: &str) -> Option<&str> {
    let (name, _) = args.strip_prefix("[\"")?.split_once('"')?;
    (!name.contains('\\')).then_some(name)
}

/// Whether arrays and objects nest deeper than [`DEEPEST`]. `serde_json` skips a raw value without recursion and so
/// without this limit; a value that is forwarded would reach the other client's parser.
pub(super) fn is_too_deep(json: &str) -> bool {
    // Too few brackets to be deep: nearly every event, and a count is much cheaper than a walk.
    if json.bytes().filter(|b| matches!(b, b'[' | b'{')).count() <= DEEPEST {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_has_a_namespace_an_ack_id_and_arguments() {
        let event = |namespace, ack, args| Ok(Packet::Event { namespace, ack, args });

        assert_eq!(decode(r#"2["a",1]"#), event("/", None, r#"["a",1]"#));
        assert_eq!(decode(r#"217["a"]"#), event("/", Some(AckId(17)), r#"["a"]"#));
        assert_eq!(decode(r#"2/admin,3["a"]"#), event("/admin", Some(AckId(3)), r#"["a"]"#));
        assert_eq!(decode(r#"2/?t=1,["a"]"#), event("/", None, r#"["a"]"#));
    }

    #[test]
    fn a_connect_has_a_namespace_and_credentials() {
        let connect = |namespace, auth| Ok(Packet::Connect { namespace, auth });

        assert_eq!(decode("0"), connect("/", ""));
        assert_eq!(decode(r#"0{"token":"x"}"#), connect("/", r#"{"token":"x"}"#));
        assert_eq!(decode("0/admin,"), connect("/admin", ""));
        assert_eq!(decode("0/admin"), connect("/admin", ""));
        assert_eq!(decode(r#"0/admin,{"a":1}"#), connect("/admin", r#"{"a":1}"#));
    }

    #[test]
    fn a_binary_event_says_how_many_attachments_follow() {
        assert_eq!(
            decode(r#"52-7["a",{"_placeholder":true,"num":0}]"#),
            Ok(Packet::BinaryEvent {
                namespace: "/",
                attachments: 2,
                ack: Some(AckId(7)),
                args: r#"["a",{"_placeholder":true,"num":0}]"#
            })
        );
        assert_eq!(decode("61-1[]"), Ok(Packet::BinaryAck { attachments: 1 }));
    }

    #[test]
    fn what_is_no_packet_is_said_so() {
        for text in
            ["", "x", "4{}", "7", "é", "5[]", "5-[]", "51[]", "599999999999-[]", "299999999999999999999[]"]
        {
            assert_eq!(decode(text), Err(BadPacket), "{text}");
        }
    }

    #[test]
    fn the_first_argument_stays_as_it_came() {
        let found = arguments(r#"["a\nb", {"x" : 1.0}, 2, "3"]"#).unwrap();

        assert_eq!(found.name, "a\nb");
        assert_eq!(found.first.unwrap().get(), r#"{"x" : 1.0}"#);
        assert!(arguments(r#"["a"]"#).unwrap().first.is_none());
    }

    #[test]
    fn arguments_without_a_name_are_refused() {
        for args in
            ["", "[]", "{}", "[1]", "[null]", "\"a\"", r#"["a""#, r#"["a",]"#, r#"["a"] x"#, r#"["a",{]"#]
        {
            assert!(arguments(args).is_none(), "{args}");
        }
    }

    #[test]
    fn a_megabyte_of_brackets_is_refused_and_brackets_in_a_string_are_not() {
        let deep = format!(r#"["a",{}{}]"#, "[".repeat(500_000), "]".repeat(500_000));
        let at_limit = format!(r#"["a",{}{}]"#, "[".repeat(DEEPEST - 1), "]".repeat(DEEPEST - 1));
        let text = format!(r#"["a","\"{}"]"#, "[".repeat(1000));
        let wide = format!(r#"["a"{}]"#, ",[]".repeat(1000));

        assert!(arguments(&deep).is_none());
        assert!(arguments(&at_limit).is_some());
        assert!(arguments(&text).is_some());
        assert!(arguments(&wide).is_some());
    }

    #[test]
    fn a_name_is_found_without_reading_the_rest() {
        assert_eq!(name_at_start(r#"["call:initiate",{"sdp"#), Some("call:initiate"));
        assert_eq!(name_at_start(r#"["call:ini"#), None);
        assert_eq!(name_at_start(r#"["a\"b",1]"#), None);
        assert_eq!(name_at_start("[1]"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_or_refused(text in "\\PC*") {
            if let Ok(Packet::Event { args, .. } | Packet::BinaryEvent { args, .. }) = decode(&text) {
                let _ = arguments(args);
                let _ = name_at_start(args);
            }
        }

        #[test]
        fn nearly_a_packet_is_decoded_or_refused(text in "[0-7][0-9\\-/,?a\\[\\]{}\":\\\\é]{0,40}") {
            if let Ok(Packet::Event { args, .. } | Packet::BinaryEvent { args, .. }) = decode(&text) {
                let _ = arguments(args);
                let _ = name_at_start(args);
            }
        }

        #[test]
        fn what_is_read_of_any_text_stands_in_it(kind in "[0-9]?", rest in any::<String>()) {
            let text = format!("{kind}{rest}");
            match decode(&text) {
                Ok(Packet::Event { namespace, args, .. } | Packet::BinaryEvent { namespace, args, .. }) => {
                    prop_assert!(text.ends_with(args) && namespace.starts_with('/'));
                }
                Ok(Packet::Connect { namespace, auth }) => {
                    prop_assert!(text.ends_with(auth) && namespace.starts_with('/'));
                }
                Ok(Packet::Disconnect { namespace }) => prop_assert!(namespace.starts_with('/')),
                Ok(Packet::Ack | Packet::BinaryAck { .. }) | Err(BadPacket) => {}
            }
        }

        #[test]
        fn a_name_read_early_is_the_name_read_late(args in "\\[\"[a-z\\\\\"u0]{0,8}\"?[,\\[\\]{}a\"]{0,8}\\]?") {
            if let (Some(early), Some(late)) = (name_at_start(&args), arguments(&args)) {
                prop_assert_eq!(early, late.name);
            }
        }

        #[test]
        fn what_was_written_is_read(name in "\\PC{0,20}", ack in any::<Option<u64>>(), value in "\\PC{0,20}") {
            let args = serde_json::to_string(&(&name, &value)).unwrap();
            let text = format!("2{}{args}", ack.map(|id| id.to_string()).unwrap_or_default());

            let Ok(Packet::Event { ack: read, args, .. }) = decode(&text) else { panic!("{text}") };
            let read_args = arguments(args).unwrap();

            prop_assert_eq!(read, ack.map(AckId));
            prop_assert_eq!(read_args.name, name);
            prop_assert_eq!(read_args.first.unwrap().get(), serde_json::to_string(&value).unwrap());
        }
    }
}
