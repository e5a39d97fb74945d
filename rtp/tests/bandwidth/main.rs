//! What the congestion control does on links of all kinds: virtual time, several seeds, the whole way of the feedback.
//! `cargo test -p calls-rtp --test bandwidth -- --nocapture` shows what was measured.
mod cost;
mod link;
mod nonsense;
mod random;
mod world;

use link::{Link, MILLI, SECOND};
use world::World;

const MEGABIT: u64 = 1_000_000;
/// More than any link here but the fast one carries.
const WANTED: u64 = 2_500_000;
const FAST: u64 = 10 * MEGABIT;

/// Each with its own voices, pictures, feedback and losses.
fn seeds() -> impl Iterator<Item = u64> {
    1..=8
}

/// One sender on such a link, after so many seconds.
fn settled(seed: u64, link: Link, wants: u64, seconds: u64) -> World {
    let mut world = World::with_one(seed, link, wants);
    world.run(seconds);
    world
}

fn ramps(bps: u64, wants: u64, within: u64, tick: u64) {
    for seed in seeds() {
        let mut world = World::with_one(seed, Link::of(bps), wants);
        world.tick = tick;

        let seconds = world.seconds_until(bps * 9 / 10, within);

        println!("ramp to 90 % of {bps}: {seconds:?} s");
        assert!(seconds.is_some(), "{}", world.estimate());
    }
}

#[test]
fn it_ramps_to_a_megabit_within_eight_seconds() {
    ramps(MEGABIT, WANTED, 8, MILLI);
}

#[test]
fn it_ramps_to_five_megabits_within_twelve_seconds() {
    ramps(5 * MEGABIT, 6 * MEGABIT, 12, MILLI);
}

#[test]
fn a_sender_that_looks_at_the_clock_every_five_milliseconds_ramps_too() {
    ramps(MEGABIT, WANTED, 8, 5 * MILLI);
    ramps(5 * MEGABIT, 6 * MEGABIT, 12, 5 * MILLI);
}

#[test]
fn it_yields_within_a_second_when_the_link_becomes_narrower_and_comes_back() {
    for seed in seeds() {
        let mut world = settled(seed, Link::of(MEGABIT), WANTED, 20);
        let moment = world.moment(SECOND);
        world.run_for(moment);
        let (narrow, drop) = (300_000, world.now);
        world.pipe.link.bps = narrow;

        world.run(20);

        let each_second = (1..20).map(|n| world.sent(0, drop + n * SECOND, drop + (n + 1) * SECOND));
        let most = each_second.clone().fold(0.0, f64::max);
        let mean = each_second.sum::<f64>() / 19.0;
        let waits = world.waits(drop + 2 * SECOND);
        println!("narrower: {mean:.0} bit/s, {most:.0} in the worst second, queue {waits:.0?} ms");
        assert!(mean <= narrow as f64 && most < narrow as f64 * 1.15, "{mean} {most}");
        assert!(waits.0 < 50.0 && waits.1 < 150.0, "{waits:?}");
        let drained = world.waits_within(drop + 2 * SECOND, drop + 4 * SECOND);
        assert!(drained.0 < 50.0, "{drained:?}");

        world.pipe.link.bps = MEGABIT;
        let back = world.seconds_until(MEGABIT * 9 / 10, 10);
        println!("wider: {back:?} s");
        assert!(back.is_some(), "{}", world.estimate());
    }
}

#[test]
fn it_fills_a_link_for_a_minute_without_a_standing_queue() {
    for bps in [300_000, MEGABIT, 2 * MEGABIT, 5 * MEGABIT] {
        for seed in seeds() {
            let mut world = settled(seed, Link::of(bps), 2 * bps, 10);
            let since = world.now;

            world.run(60);

            let (used, waits) = (world.utilisation(since), world.waits(since));
            println!(
                "steady on {bps}: {used:.3} used, queue {waits:.0?} ms, padding {:.4}",
                world.padding(since)
            );
            assert!((0.85..=1.0).contains(&used), "{used}");
            assert!(waits.0 < 50.0, "{waits:?}");
            assert!(world.padding(since) < 0.05);
        }
    }
}

#[test]
fn few_losses_on_a_fast_link_change_little() {
    let bursts = Link { bursts: (0.001, 15), ..Link::of(FAST) };
    for link in [Link { loss: 0.02, ..Link::of(FAST) }, bursts] {
        for seed in seeds() {
            let mut world = settled(seed, link.clone(), WANTED, 8);
            let since = world.now;

            world.run(60);

            let mean = world.mean_estimate(since, WANTED) / WANTED as f64;
            let least = world.estimates(since).min().unwrap() as f64 / WANTED as f64;
            println!("{:.2} lost: {mean:.2} of what is wanted, at least {least:.2}", link.loss);
            assert!(mean >= 0.8, "{mean}");
            assert!(link.loss == 0.0 || least >= 0.8, "{least}");
        }
    }
}

#[test]
fn many_losses_lower_it_but_not_to_nothing() {
    for seed in seeds() {
        let mut world = settled(seed, Link::of(FAST), WANTED, 15);
        let before = world.estimate();
        world.pipe.link.loss = 0.2;

        world.run(5);
        let after = world.estimate().min(WANTED);
        world.run(55);
        let later = world.estimates(world.now - 40 * SECOND).min().unwrap();

        println!("a fifth lost: from {before} to {after}, then {later} at least");
        assert!((after as f64) < WANTED as f64 * 0.85, "{after}");
        assert!(later > WANTED / 5, "{later}");
        world.pipe.link.loss = 0.0;
        assert!(world.seconds_until(WANTED * 9 / 10, 10).is_some(), "{}", world.estimate());
    }
}

#[test]
fn silence_lowers_it_and_it_recovers() {
    for seed in seeds() {
        let mut world = settled(seed, Link::of(MEGABIT), WANTED, 15);
        let before = world.estimate();
        world.flows[0].is_mute = true;

        world.run(1);
        let soon = world.estimate();
        world.run(3);
        let after = world.estimate();
        world.flows[0].is_mute = false;
        let back = world.seconds_until(MEGABIT * 9 / 10, 10);

        println!("silence: {before}, {soon} after a second, {after} after four; back in {back:?} s");
        assert!(after < before / 2, "{after} of {before}");
        assert!(back.is_some(), "{}", world.estimate());
    }
}

#[test]
fn feedback_that_gets_lost_changes_little() {
    for seed in seeds() {
        let mut world = settled(seed, Link { feedback_loss: 0.1, ..Link::of(MEGABIT) }, WANTED, 10);
        let since = world.now;

        world.run(60);

        let (used, waits) = (world.utilisation(since), world.waits(since));
        println!("a tenth of the feedback lost: {used:.3} used, queue {waits:.0?} ms");
        assert!(used > 0.85 && waits.0 < 50.0, "{used} {waits:?}");
    }
}

#[test]
fn a_sender_with_little_to_send_forgets_nothing_and_gets_there_when_it_wants_more() {
    for seed in seeds() {
        let mut world = settled(seed, Link::of(2 * MEGABIT), WANTED, 15);
        (world.flows[0].sends, world.flows[0].wants) = (100_000, 100_000);
        world.run(1);
        let since = world.now;

        world.run(60);

        let (least, most) = (world.estimates(since).min().unwrap(), world.estimates(since).max().unwrap());
        assert!(least > MEGABIT && most < 2_400_000, "{least} to {most}");
        (world.flows[0].sends, world.flows[0].wants) = (WANTED, WANTED);
        world.run(3);
        let used = world.sent(0, world.now - SECOND, world.now) / 2e6;
        println!("little to send: {least} to {most}; three seconds after more is wanted {used:.2} used");
        assert!(used > 0.7, "{used}");
    }
}

#[test]
fn a_sender_that_begins_with_little_to_send_gets_there_when_it_wants_more() {
    for seed in seeds() {
        let mut world = World::with_one(seed, Link::of(2 * MEGABIT), 100_000);
        world.run(60);
        let before = world.estimate();
        assert!((200_000..600_000).contains(&before), "{before}");

        (world.flows[0].sends, world.flows[0].wants) = (WANTED, WANTED);
        let seconds = world.seconds_until(1_700_000, 3);

        println!("from {before} to 85 % of 2 Mbit/s in {seconds:?} s");
        assert!(seconds.is_some(), "{}", world.estimate());
    }
}

#[test]
fn a_sender_whose_pictures_do_not_fit_yet_is_told_that_they_would() {
    for seed in seeds() {
        // It has no pictures between 100 kbit/s and a megabit, so it is padding that finds out.
        let mut world = World::with_one(seed, Link::of(2 * MEGABIT), MEGABIT);
        world.flows[0].sends = 100_000;
        world.pipe.link.bps = 400_000;
        world.run(60);
        let (narrow, since) = (world.estimate(), world.now);
        assert!(narrow < 600_000, "{narrow}");

        world.run(60);
        let padding = world.padding(since);
        world.pipe.link.bps = 2 * MEGABIT;
        let seconds = world.seconds_until(MEGABIT, 45);

        println!("by padding alone: {narrow}, {padding:.3} of it padding, then in {seconds:?} s");
        assert!(padding < 0.05, "{padding}");
        assert!(seconds.is_some(), "{}", world.estimate());
    }
}

#[test]
fn two_senders_share_a_link() {
    for late in [0, 15] {
        for seed in seeds() {
            let mut world = World::with_one(seed, Link::of(2 * MEGABIT), WANTED);
            world.run(late);
            world.join(300_000, WANTED);
            world.run(30);
            let since = world.now;

            world.run(30);

            let rates = [0, 1].map(|flow| world.sent(flow, since, world.now));
            let (used, waits) = (world.utilisation(since), world.waits(since));
            println!("two, one {late} s later: {rates:.0?}, {used:.2} used, queue {waits:.0?} ms");
            assert!(rates[0] < rates[1] * 2.0 && rates[1] < rates[0] * 2.0, "{rates:?}");
            assert!(used > 0.8 && waits.0 < 60.0, "{used} {waits:?}");
        }
    }
}

#[test]
fn jitter_alone_does_not_lower_it() {
    for overtakes in [false, true] {
        for seed in seeds() {
            let link = Link { jitter: 30 * MILLI, overtakes, ..Link::of(2 * MEGABIT) };
            let mut world = settled(seed, link, MEGABIT, 15);
            let since = world.now;

            world.run(60);

            let mean = world.mean_estimate(since, MEGABIT) / MEGABIT as f64;
            let least = world.estimates(since).min().unwrap() as f64 / MEGABIT as f64;
            println!("jitter, overtaking {overtakes}: {mean:.2} of what is wanted, at least {least:.2}");
            assert!(mean >= 0.6, "{mean}");
        }
    }
}
