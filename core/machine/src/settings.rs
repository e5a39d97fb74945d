//! How long things may take. `docs/reconnect.md` says what a person sees of each.
use std::time::Duration;

/// The times of the machine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A call that nobody answers ends here at the latest. The server ends it earlier, if it is there.
    pub dial: Duration,
    /// An answered call that the server does not confirm is given up after this.
    pub answer: Duration,
    /// A connection that does not come about is tried over new addresses after this, and again.
    pub first_try: Duration,
    /// A restart that does not bring media back is tried again after this.
    pub restart_every: Duration,
    /// After this long without media the connection is built anew.
    pub rebuild_after: Duration,
    /// After this long without media the call is lost.
    pub give_up_after: Duration,
    /// The side that answered waits this long for the other one to repair, so that they do not both do it.
    pub polite_wait: Duration,
    /// An offer that nobody answers while media flows is made again after this.
    pub offer_again: Duration,
    /// An offer that the media server refused is made again after this, or after its own that was in the way.
    pub refused_again: Duration,
    /// When a room moves to the media server or back, the former way stays for this long at most.
    pub move_within: Duration,
    /// Somebody who comes through the media server has so long to get us that way, too, before the straight way closes.
    pub move_overlap: Duration,
    /// The media server is told at most this often what is looked at.
    pub subscribe_every: Duration,
    /// Whoever hangs up closes the connection; the server says so within this time, or it was no goodbye.
    pub goodbye: Duration,
    /// What somebody shows for a moment is shown for this long.
    pub show_reaction: Duration,
    /// An ended call stays in the snapshot for this long.
    pub show_end: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // The server rings for 45 s; a phone that is woken by a push takes up to 20 s before that counts.
            dial: Duration::from_secs(75),
            answer: Duration::from_secs(30),
            first_try: Duration::from_secs(8),
            restart_every: Duration::from_secs(5),
            // A loss is noticed after 5 s; together that is 30 s without media.
            rebuild_after: Duration::from_secs(25),
            // The server waits for a lost socket for 30 s; one network outage often takes both.
            give_up_after: Duration::from_secs(60),
            polite_wait: Duration::from_secs(2),
            // Only a server that was killed loses one; an app that is suspended for a moment answers later.
            offer_again: Duration::from_secs(15),
            // Its own offer is given up after two.
            refused_again: Duration::from_secs(2),
            move_within: Duration::from_secs(10),
            // The other one's connection came about before they were heard; one exchange of descriptions is left.
            move_overlap: Duration::from_secs(3),
            // Somebody scrolls.
            subscribe_every: Duration::from_millis(300),
            // Its word goes by another way, which is a little longer.
            goodbye: Duration::from_secs(1),
            show_reaction: Duration::from_secs(5),
            show_end: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_same_times() {
        let document = include_str!("../../../docs/reconnect.md");
        let Settings {
            dial,
            answer,
            first_try,
            restart_every,
            rebuild_after,
            give_up_after,
            polite_wait,
            offer_again,
            refused_again,
            move_within,
            move_overlap,
            // Nobody hears of it.
            subscribe_every: _,
            show_reaction: _,
            goodbye,
            show_end,
        } = Settings::default();
        let times = [
            ("dial", dial),
            ("answer", answer),
            ("first_try", first_try),
            ("restart_every", restart_every),
            ("rebuild_after", rebuild_after),
            ("give_up_after", give_up_after),
            ("polite_wait", polite_wait),
            ("offer_again", offer_again),
            ("refused_again", refused_again),
            ("move_within", move_within),
            ("move_overlap", move_overlap),
            ("goodbye", goodbye),
            ("show_end", show_end),
        ];

        for (name, time) in times {
            let row = format!("| `{name}` | {} s | ", time.as_secs());
            assert!(document.contains(&row), "docs/reconnect.md does not say {row}");
        }
        assert_eq!(document.matches("\n| `").count(), times.len(), "docs/reconnect.md has a row too many");
    }
}
