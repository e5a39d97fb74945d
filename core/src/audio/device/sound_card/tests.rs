//! The whole of it, with a card that does what a test says.
use super::{
    streams::{Captured, Played},
    *,
};
use std::sync::Mutex;

/// What the card does when it is opened next, in turn; then it always works.
type Script = Vec<Result<u32, OpenError>>;

/// What the test sees of the card.
#[derive(Default)]
struct Card {
    microphone: Option<(Captured, Faults)>,
    loudspeaker: Option<(Played, Faults)>,
    opened: u32,
}

struct Fake {
    card: Arc<Mutex<Card>>,
    script: std::vec::IntoIter<Result<u32, OpenError>>,
}

/// A stream; dropped, the card sees that it is closed.
struct Stream(Arc<Mutex<Card>>, CardPart);

impl Drop for Stream {
    fn drop(&mut self) {
        let mut card = self.0.lock().unwrap();
        match self.1 {
            CardPart::Microphone => card.microphone = None,
            CardPart::Loudspeaker => card.loudspeaker = None,
        }
    }
}

impl Fake {
    fn opened(&mut self, part: CardPart) -> Result<Opened, OpenError> {
        let rate = self.script.next().unwrap_or(Ok(48_000))?;
        self.card.lock().unwrap().opened += 1;
        Ok(Opened { rate, stream: Box::new(Stream(self.card.clone(), part)) })
    }
}

impl Driver for Fake {
    fn microphone(&mut self, callback: Captured, faults: Faults) -> Result<Opened, OpenError> {
        let opened = self.opened(CardPart::Microphone)?;
        self.card.lock().unwrap().microphone = Some((callback, faults));
        Ok(opened)
    }

    fn loudspeaker(&mut self, callback: Played, faults: Faults) -> Result<Opened, OpenError> {
        let opened = self.opened(CardPart::Loudspeaker)?;
        self.card.lock().unwrap().loudspeaker = Some((callback, faults));
        Ok(opened)
    }
}

struct Test {
    sound: SoundCard,
    card: Arc<Mutex<Card>>,
    events: Receiver<DeviceEvent>,
}

impl Test {
    fn new(script: Script) -> Self {
        let card = Arc::new(Mutex::new(Card::default()));
        let (tell, events) = mpsc::channel();
        let theirs = card.clone();
        let driver = move || Fake { card: theirs, script: script.into_iter() };
        let sound = SoundCard::by(driver, move |event| tell.send(event).unwrap()).unwrap();
        Self { sound, card, events }
    }

    /// Comes as the engine does, until it is so.
    fn until(&mut self, what: &str, mut so: impl FnMut(&mut SoundCard, &mut Card) -> bool) {
        let begun = Instant::now();
        while !so(&mut self.sound, &mut self.card.lock().unwrap()) {
            assert!(begun.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
            thread::yield_now();
        }
    }

    fn event(&self) -> DeviceEvent {
        self.events.recv_timeout(Duration::from_secs(20)).expect("something happens to the card")
    }
}

fn captured(sound: &mut SoundCard) -> [i16; FRAME_SAMPLES] {
    let mut out = [0; FRAME_SAMPLES];
    sound.capture(&mut out);
    out
}

#[test]
fn the_microphone_is_open_only_while_it_is_wanted() {
    let mut test = Test::new(vec![Ok(44_100)]);
    assert_eq!(captured(&mut test.sound), [0; FRAME_SAMPLES]);
    assert_eq!(test.card.lock().unwrap().opened, 0, "nobody asked for it");

    test.sound.microphone(true);
    test.until("what the card brings is captured", |sound, card| {
        let Some((microphone, _)) = &mut card.microphone else { return false };
        microphone.take(&[0.5_f32; 441], 1, |sample| sample);
        captured(sound)[900].abs_diff(16_384) < 3
    });
    assert_eq!(test.sound.stats().microphone.rate, Some(44_100));

    test.sound.microphone(false);
    assert_eq!(captured(&mut test.sound), [0; FRAME_SAMPLES]);
    test.until("it is closed", |_, card| card.microphone.is_none());
}

#[test]
fn the_loudspeaker_opens_with_the_first_frame_and_closes_when_none_comes_any_more() {
    let mut test = Test::new(vec![]);
    for _ in 0..2 {
        test.until("what is played reaches the card", |sound, card| {
            sound.play(&[8_192; FRAME_SAMPLES]);
            let Some((loudspeaker, _)) = &mut card.loudspeaker else { return false };
            let mut wanted = [0.0_f32; 960];
            loudspeaker.fill(&mut wanted, 1, |sample| sample);
            (wanted[959] - 0.25).abs() < 0.01
        });

        // The card itself still comes.
        test.until("the loudspeaker is closed", |_, card| {
            let Some((loudspeaker, _)) = &mut card.loudspeaker else { return true };
            loudspeaker.fill(&mut [0.0_f32; 480], 1, |sample| sample);
            false
        });
    }
    assert_eq!(test.card.lock().unwrap().opened, 2);
}

#[test]
fn a_card_that_dies_is_opened_anew_and_what_it_said_before_counts_no_more() {
    let mut test = Test::new(vec![Ok(48_000), Err(OpenError::Absent), Ok(16_000)]);
    test.sound.microphone(true);
    test.until("it is open", |_, card| card.microphone.is_some());
    let faults = test.card.lock().unwrap().microphone.as_ref().map(|(_, faults)| faults.clone()).unwrap();

    faults.tell(Fault::Dead);
    assert_eq!(test.event(), DeviceEvent::Lost(CardPart::Microphone));
    assert_eq!(test.event(), DeviceEvent::Back(CardPart::Microphone));
    faults.tell(Fault::Dead);

    test.until("the new one is heard", |sound, card| {
        let Some((microphone, _)) = &mut card.microphone else { return false };
        microphone.take(&[0.25_f32; 160], 1, |sample| sample);
        captured(sound)[900].abs_diff(8_192) < 3
    });
    assert_eq!(test.sound.stats().microphone.rate, Some(16_000));
    assert_eq!(test.card.lock().unwrap().opened, 2, "the fault of the old stream did not close the new one");
    assert!(test.events.try_recv().is_err());
}

#[test]
fn a_card_that_falls_silent_without_a_word_is_noticed() {
    let mut test = Test::new(vec![]);
    test.sound.microphone(true);

    // It never comes, so it counts as dead; then the next one does not come either.
    assert_eq!(test.event(), DeviceEvent::Changed(CardPart::Microphone));

    test.until("it was opened anew", |_, card| card.opened >= 2 && card.microphone.is_some());
}

#[test]
fn a_denied_microphone_is_said_and_asked_for_again_when_it_is_wanted_again() {
    let mut test = Test::new(vec![Err(OpenError::Denied)]);

    test.sound.microphone(true);
    assert_eq!(test.event(), DeviceEvent::NoMicrophone { denied: true });
    test.sound.microphone(true);
    assert_eq!(test.event(), DeviceEvent::Back(CardPart::Microphone));

    test.until("it is open", |_, card| card.microphone.is_some());
}

#[test]
fn dropped_it_leaves_nothing_open() {
    let mut test = Test::new(vec![]);
    test.sound.microphone(true);
    test.until("both are open", |sound, card| {
        sound.play(&[0; FRAME_SAMPLES]);
        card.microphone.is_some() && card.loudspeaker.is_some()
    });

    drop(test.sound);

    let card = test.card.lock().unwrap();
    assert!(card.microphone.is_none() && card.loudspeaker.is_none());
}
