//! What must be refused, made from the description: a new field is covered the moment it exists.
use super::{Field, GoldenKind, Kind, Message, Type, client_events, goldens};
use crate::{ErrorCode, ServerEvent};
use serde_json::Value;

/// Something that a client may send and that must be refused.
#[derive(Debug, Clone)]
pub struct BadInput {
    /// The event's name.
    pub event: String,
    /// What is sent as its payload. It is below 32 KiB, and not always JSON.
    pub payload: String,
    /// The field at fault, if it is one: the message of [`crate::DecodeError`] names it. (What is no JSON or is nested
    /// deep may be refused by a transport before it is decoded, with the same code.)
    pub field: Option<String>,
    /// What is wrong, for the reader of a failed test.
    pub fault: String,
    /// What it must be refused with.
    pub code: ErrorCode,
}

/// Inputs that must be refused: each field of each event missing, `null`, twice, of every other type, empty, huge,
/// deep, out of bounds; payloads that are no objects or no JSON; events that nobody knows. Always the same, in the
/// same order; a few thousand.
pub fn bad_inputs() -> impl Iterator<Item = BadInput> {
    client_events().into_iter().flat_map(|message| of_event(&message)).chain(unknown_events())
}

/// Stands for the value that is tried, until it is put in as text: not all that is tried can be held as a `Value`.
const HERE: &str = "@here@";

/// Something to try in the place of a field's value.
struct Probe {
    what: &'static str,
    json: String,
    value: Tried,
}

/// What a probe is, as far as a description can tell.
enum Tried {
    Null,
    Flag,
    Number(f64),
    Text(String),
    List(Vec<Tried>),
    Object {
        deep: bool,
    },
    /// No JSON reader takes it.
    Nothing,
}

fn probes() -> Vec<Probe> {
    let plain = |what, json: &str, value| Probe { what, json: json.to_owned(), value };
    let number = |what, json: &str| {
        let number = json.parse().expect("the numbers below are numbers");
        Probe { what, json: json.to_owned(), value: Tried::Number(number) }
    };
    let text = |what, text: &str| {
        let json = Value::from(text).to_string();
        Probe { what, json, value: Tried::Text(text.to_owned()) }
    };
    let nested =
        |levels: usize, open: &str, close: &str| format!("{}{}", open.repeat(levels), close.repeat(levels));
    let deep_object = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    vec![
        plain("null", "null", Tried::Null),
        plain("a flag", "true", Tried::Flag),
        number("zero", "0"),
        number("one", "1"),
        number("a negative number", "-1"),
        number("a fraction", "1.5"),
        number("the largest id", "9007199254740991"),
        number("more than the largest id", "9007199254740992"),
        number("more than 64 bits", "18446744073709551616"),
        number("a huge number", "1e300"),
        plain("a number beyond all", "1e999", Tried::Nothing),
        plain("an empty text", "\"\"", Tried::Text(String::new())),
        text("a word", "x"),
        text("digits", "12"),
        text("zero in digits", "0"),
        text("a negative number in a text", "-1"),
        text("a fraction in a text", "1.5"),
        text("more digits than an id has", "90071992547409920"),
        text("a text with spaces and slashes", "a b/../c"),
        text("a text beyond ASCII", "кімната"),
        text("a text of 101 characters", &"r".repeat(101)),
        text("a huge text", &"x".repeat(16 * 1024)),
        plain("half an escape", r#""\u12""#, Tried::Nothing),
        plain("an empty list", "[]", Tried::List(vec![])),
        plain("a list of a number", "[1]", Tried::List(vec![Tried::Number(1.0)])),
        plain("a list of an empty object", "[{}]", Tried::List(vec![Tried::Object { deep: false }])),
        plain("an empty object", "{}", Tried::Object { deep: false }),
        plain("an object", r#"{"a":1}"#, Tried::Object { deep: false }),
        plain("a list nested deep", &nested(100, "[", "]"), Tried::List(vec![Tried::Nothing])),
        plain("a list nested very deep", &nested(8000, "[", "]"), Tried::List(vec![Tried::Nothing])),
        plain("an object nested deep", &deep_object(100), Tried::Object { deep: true }),
        plain("an object nested very deep", &deep_object(3000), Tried::Object { deep: true }),
        plain("nothing at all", "", Tried::Nothing),
    ]
}

/// Whether the description says that the value is taken.
fn takes(of: &Type, value: &Tried) -> bool {
    match (&of.kind, value) {
        (Kind::Flag, Tried::Flag) => true,
        (Kind::Whole { least, most, .. }, Tried::Number(number)) => {
            // Ids end at 2^53, where a double still holds every whole number.
            number.fract() == 0.0 && (*least as f64..=*most as f64).contains(number)
        }
        (Kind::Whole { least, most, or_text: true }, Tried::Text(text)) => {
            text.bytes().all(|b| b.is_ascii_digit())
                && text.parse::<u64>().is_ok_and(|n| (*least..=*most).contains(&n))
        }
        (Kind::Number { least, most }, Tried::Number(number)) => (*least..=*most).contains(number),
        (Kind::Text { shortest, longest, pattern }, Tried::Text(text)) => {
            let length = text.chars().count();
            let fits = length >= *shortest && longest.is_none_or(|longest| length <= longest);
            fits && pattern.as_ref().is_none_or(|pattern| is_of_class(text, pattern))
        }
        (Kind::Word { words, open }, Tried::Text(text)) => {
            *open || words.iter().any(|(word, _)| word == text)
        }
        (Kind::ObjectOrText { longest }, Tried::Text(text)) => {
            // The quotes count.
            longest.is_none_or(|longest| text.len() + 2 <= longest)
        }
        (Kind::ObjectOrText { .. }, Tried::Object { deep }) => !deep,
        (Kind::List(item), Tried::List(items)) => items.iter().all(|value| takes(item, value)),
        (Kind::Object { fields, one_of }, Tried::Object { .. }) => {
            one_of.is_empty() && !fields.iter().any(|field| field.required)
        }
        _ => false,
    }
}

/// Our patterns are all one class of characters, as in `^[A-Z.]+$`; a regex engine would be a lot for that.
fn is_of_class(text: &str, pattern: &str) -> bool {
    let class = pattern.strip_prefix("^[").and_then(|rest| rest.strip_suffix("]+$"));
    let mut class = class.expect("a pattern of ours is one class of characters").chars();
    let mut ranges = Vec::new();
    while let Some(first) = class.next() {
        let mut ahead = class.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                ranges.push(first..=last);
                class = ahead;
            }
            _ => ranges.push(first..=first),
        }
    }
    text.chars().all(|c| ranges.iter().any(|range| range.contains(&c)))
}

/// The goldens of an event: good payloads, to be spoiled in one place each.
fn bases(message: &Message) -> Vec<Value> {
    let of_it = goldens().iter().filter(|golden| {
        golden.kind == GoldenKind::Client && golden.is_of(message.event) && !golden.is_rewritten()
    });
    of_it.map(|golden| serde_json::from_str(golden.text).expect("golden messages are JSON")).collect()
}

/// A base, and the object inside it whose fields are spoiled.
#[derive(Clone)]
struct Place<'a> {
    base: &'a Value,
    pointer: String,
    /// The object's path in the words of a refusal: empty, or `streams[0].`.
    path: String,
}

impl Place<'_> {
    /// The base with something done to the object.
    fn with(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
        let mut changed = self.base.clone();
        let object = changed.pointer_mut(&self.pointer).and_then(Value::as_object_mut);
        change(object.expect("a place is an object in its base"));
        changed
    }

    /// The base as text, with `json` as the value of a field, whether that is JSON or not.
    fn with_value(&self, field: &str, json: &str) -> String {
        let changed = self.with(|object| drop(object.insert(field.to_owned(), HERE.into())));
        changed.to_string().replacen(&format!("\"{HERE}\""), json, 1)
    }
}

fn of_event(message: &Message) -> Vec<BadInput> {
    let mut spoiled = Spoiled { event: message.event, found: Vec::new() };
    for (fault, payload) in [
        ("no JSON", "userId=1"),
        ("nothing", ""),
        ("null", "null"),
        ("a number", "1"),
        ("a text", "\"{}\""),
        ("a list", "[]"),
        ("a list of what is expected", "[{}]"),
        ("half an object", "{\"userId\":1"),
        ("two objects", "{}{}"),
        ("an object without fields", "{}"),
    ] {
        spoiled.add(payload.to_owned(), None, fault);
    }
    for base in &bases(message) {
        let place = Place { base, pointer: String::new(), path: String::new() };
        spoiled.choice(message, &place);
        spoiled.fields(&message.payload, &place);
    }
    spoiled.found
}

/// What was spoiled of one event.
struct Spoiled {
    event: &'static str,
    found: Vec<BadInput>,
}

impl Spoiled {
    fn add(&mut self, payload: String, field: Option<String>, fault: &str) {
        let (event, fault) = (self.event.to_owned(), fault.to_owned());
        self.found.push(BadInput { event, payload, field, fault, code: ErrorCode::BadRequest });
    }

    fn fields(&mut self, object: &Type, place: &Place<'_>) {
        for field in object.fields() {
            self.field(field, place);
        }
    }

    fn field(&mut self, field: &Field, place: &Place<'_>) {
        let path = Some(format!("{}{}", place.path, field.name));
        let was = place.base.pointer(&place.pointer).map_or(&Value::Null, |object| &object[&field.name]);
        if field.required {
            let without = place.with(|object| drop(object.remove(&field.name)));
            self.add(without.to_string(), path.clone(), "missing");
            let twice = format!("{was},\"{}\":{was}", field.name);
            self.add(place.with_value(&field.name, &twice), path.clone(), "twice");
        }
        for probe in probes() {
            if !takes_in(field, &probe.value) {
                // Where the JSON itself is broken, the reader may be lost before it can name the field.
                let path = path.clone().filter(|_| !matches!(probe.value, Tried::Nothing));
                self.add(place.with_value(&field.name, &probe.json), path, probe.what);
            }
        }
        if let (Kind::List(item), Some(_)) = (&field.of.kind, was.get(0)) {
            let pointer = format!("{}/{}/0", place.pointer, field.name);
            let path = format!("{}{}[0].", place.path, field.name);
            self.fields(item, &Place { base: place.base, pointer, path });
        }
    }

    /// None, or too many, of fields of which exactly one must be there.
    fn choice(&mut self, message: &Message, place: &Place<'_>) {
        let Kind::Object { one_of, .. } = &message.payload.kind else { return };
        let Some(first) = one_of.first().map(|way| way[0].clone()) else { return };
        let none = place.with(|object| one_of.iter().for_each(|way| drop(object.remove(&way[0]))));
        self.add(none.to_string(), Some(first), "none of those that exclude each other");
        for way in one_of {
            let has = |field: &String| !place.base[field].is_null();
            if has(&way[0]) {
                for needed in way[1..].iter().filter(|field| has(field)) {
                    let without = place.with(|object| drop(object.remove(needed)));
                    self.add(without.to_string(), Some(needed.clone()), "missing beside its sibling");
                }
            } else if let Some(other) = bases(message).into_iter().find(|other| !other[&way[0]].is_null()) {
                let both = place.with(|object| drop(object.insert(way[0].clone(), other[&way[0]].clone())));
                self.add(both.to_string(), Some(way[0].clone()), "both of what excludes each other");
            }
        }
    }
}

/// Whether a field takes a value, by its description.
fn takes_in(field: &Field, value: &Tried) -> bool {
    if matches!(value, Tried::Null) { field.nullable } else { takes(&field.of, value) }
}

fn unknown_events() -> impl Iterator<Item = BadInput> {
    let clients: Vec<&str> = client_events().iter().map(|message| message.event).collect();
    let only_servers = ServerEvent::NAMES.iter().filter(move |name| !clients.contains(name));
    let invented =
        ["", "call", "call:", "call:teleport", "CALL:REGISTER", "call:register ", "__proto__", "дзвінок"];
    let names = invented.into_iter().chain(only_servers.copied()).map(str::to_owned);
    names.chain([format!("call:{}", "x".repeat(4000))]).flat_map(|event| {
        ["{}", r#"{"userId":1}"#, "null", "[[]]"].map(|payload| BadInput {
            event: event.clone(),
            payload: payload.to_owned(),
            field: None,
            fault: "an event that nobody knows".to_owned(),
            code: ErrorCode::UnknownEvent,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientEvent, Refusal};

    #[test]
    fn each_is_refused_with_its_code_and_the_name_of_the_field() {
        let mut count = 0;
        for bad in bad_inputs() {
            let start: String = bad.payload.chars().take(300).collect();
            let what = format!("{} {:?} {}: {start}", bad.event, bad.field, bad.fault);

            let error = ClientEvent::decode(&bad.event, &bad.payload).expect_err(&what);

            let refusal = Refusal::from(error);
            assert_eq!(refusal.code, bad.code, "{what}");
            assert!(refusal.message.chars().count() < 300, "{what}: a long message: {}", refusal.message);
            let field = bad.field.as_deref().and_then(|path| path.rsplit('.').next()).unwrap_or_default();
            assert!(refusal.message.contains(field), "{what}: the message is {:?}", refusal.message);
            count += 1;
        }
        assert!(count > 3000, "only {count} bad inputs");
    }

    #[test]
    fn what_the_description_allows_is_taken() {
        for message in client_events() {
            let Kind::Object { one_of, .. } = &message.payload.kind else { panic!("not an object") };
            for base in &bases(&message) {
                let place = Place { base, pointer: String::new(), path: String::new() };
                // A field that excludes another is taken or not depending on the other.
                let alone = |field: &&Field| !one_of.iter().flatten().any(|name| *name == field.name);
                for field in message.payload.fields().iter().filter(alone) {
                    for probe in probes().iter().filter(|probe| takes_in(field, &probe.value)) {
                        let payload = place.with_value(&field.name, &probe.json);

                        let read = ClientEvent::decode(message.event, &payload);

                        assert!(read.is_ok(), "{} {} {}: {read:?}", message.event, field.name, probe.what);
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_field_is_ignored_whatever_is_in_it() {
        for message in client_events() {
            for base in &bases(&message) {
                let place = Place { base, pointer: String::new(), path: String::new() };
                let plain = ClientEvent::decode(message.event, &base.to_string());
                for probe in probes().iter().filter(|probe| !matches!(probe.value, Tried::Nothing)) {
                    let payload = place.with_value("x-of-a-newer-client", &probe.json);

                    let read = ClientEvent::decode(message.event, &payload);

                    assert_eq!(read, plain, "{} {}", message.event, probe.what);
                }
            }
        }
    }
}
