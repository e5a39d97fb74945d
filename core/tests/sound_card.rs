//! The real way to a sound card, with cards that ALSA makes of files. Their clock is none: they take and bring as fast
//! as they are asked to, so this shows that they open, run and close, and not how they sound.
#![cfg(all(feature = "sound-card", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use calls_core::audio::{CardPart, Device, DeviceEvent, FRAME_SAMPLES, SoundCard};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// ALSA reads it once in a process, so each test runs itself again with another one.
const CONFIG: &str = "ALSA_CONFIG_PATH";
const FOLDER: &str = "CALLS_TEST_FOLDER";

/// Runs `test` in a process of its own, with these cards.
fn with_cards(name: &str, cards: impl Fn(&Path) -> String, test: impl Fn(&Path)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return test(&PathBuf::from(folder));
    }
    let folder = env::temp_dir().join(format!("calls-core-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let config = folder.join("asound.conf");
    fs::write(&config, cards(&folder)).unwrap();
    let mut again = Command::new(env::current_exe().unwrap());
    let output = again
        .args(["--exact", name, "--nocapture"])
        .env(CONFIG, &config)
        .env(FOLDER, &folder)
        .output()
        .unwrap();

    fs::remove_dir_all(&folder).unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        thread::yield_now();
    }
}

/// The threads of this process that have to do with sound.
fn threads_of_sound() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.contains("alsa") || name.contains("sound-card")).collect()
}

#[test]
#[ignore = "a card made of files has no clock and takes every processor for itself; by hand, in release"]
fn a_card_of_the_system_is_heard_and_played_and_closed() {
    let cards = |folder: &Path| {
        let heard: Vec<u8> = (0..48_000).flat_map(|_| 8_192_i16.to_le_bytes()).collect();
        fs::write(folder.join("in.raw"), heard).unwrap();
        let folder = folder.display();
        format!(
            "pcm.!default {{ type asym capture.pcm heard playback.pcm played }}\n\
             pcm.heard {{ type file slave.pcm nothing file {folder}/copy.raw infile {folder}/in.raw format raw }}\n\
             pcm.played {{ type file slave.pcm nothing file {folder}/out.raw format raw }}\n\
             pcm.nothing {{ type null }}\n"
        )
    };

    with_cards("a_card_of_the_system_is_heard_and_played_and_closed", cards, |folder| {
        let (tell, events) = mpsc::channel();
        let mut card = SoundCard::new(move |event| tell.send(event).unwrap()).unwrap();
        let mut out = [0; FRAME_SAMPLES];
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "nothing is open before it is wanted");

        card.microphone(true);
        until("both run", || {
            card.capture(&mut out);
            card.play(&[4_096; FRAME_SAMPLES]);
            let played = fs::metadata(folder.join("out.raw")).is_ok_and(|file| file.len() > 100_000);
            // A card that got no processor for two seconds counts as dead and is opened again, so all at one moment.
            let stats = card.stats();
            let both_run = stats.microphone.rate.is_some() && stats.loudspeaker.rate == Some(48_000);
            both_run && out[900] != 0 && played && threads_of_sound().len() >= 3
        });

        drop(card);
        assert_eq!(threads_of_sound(), [""; 0], "nothing is left");
        let denied = |event: &DeviceEvent| matches!(event, DeviceEvent::NoMicrophone { .. });
        assert!(!events.try_iter().any(|event| denied(&event)));
    });
}

#[test]
fn a_machine_without_a_card_says_so_and_the_call_goes_on() {
    let none = |_: &Path| "pcm.!default { type hw card 31 }\n".to_owned();

    with_cards("a_machine_without_a_card_says_so_and_the_call_goes_on", none, |_| {
        let (tell, events) = mpsc::channel();
        let mut card = SoundCard::new(move |event| tell.send(event).unwrap()).unwrap();
        let mut out = [1; FRAME_SAMPLES];

        card.microphone(true);
        assert_eq!(
            events.recv_timeout(Duration::from_secs(30)),
            Ok(DeviceEvent::NoMicrophone { denied: false })
        );
        card.play(&[4_096; FRAME_SAMPLES]);
        assert_eq!(
            events.recv_timeout(Duration::from_secs(30)),
            Ok(DeviceEvent::Lost(CardPart::Loudspeaker))
        );
        card.capture(&mut out);

        assert_eq!(out, [0; FRAME_SAMPLES]);
        drop(card);
        assert_eq!(threads_of_sound(), [""; 0]);
    });
}
