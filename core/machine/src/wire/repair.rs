//! What is done when media does not come, or comes no more.
use super::{Around, Exchange, Health, Owed, Wire, Wish};
use crate::{EndReason, PeerOrder, Settings, Time};
use calls_protocol::Sdp;
use std::time::Duration;

impl Wire {
    /// The media server does not take our offer now. If its own was on its way, ours is made again after that one.
    pub(crate) fn refused(&mut self, around: Around<'_>) {
        let soon = around.now + around.settings.refused_again;
        if let Exchange::Offered { again, .. } = &mut self.exchange {
            *again = soon;
            match &mut self.health {
                Health::Connecting { next_try, .. } | Health::Lost { next_try, .. } => {
                    *next_try = soon.min(*next_try);
                }
                Health::Waiting | Health::Up | Health::Closed { .. } => {}
            }
        }
    }

    /// The media server has forgotten this connection: another one is built, but not in a hurry twice.
    pub(crate) fn forgotten(&mut self, around: Around<'_>) -> Vec<Wish> {
        self.is_over = true;
        let next_try = around.now.max(self.not_before);
        match &mut self.health {
            Health::Waiting => {}
            Health::Up => self.health = Health::Lost { since: around.now, next_try, rebuilt: false },
            Health::Closed { since } => {
                self.health = Health::Lost { since: *since, next_try, rebuilt: false };
            }
            Health::Connecting { next_try: at, .. } | Health::Lost { next_try: at, .. } => *at = next_try,
        }
        self.tick(around)
    }

    pub(super) fn lost(&mut self, around: Around<'_>, since: Time) {
        match &mut self.health {
            Health::Up | Health::Closed { .. } => {
                let wait = self.wait(around, Duration::ZERO);
                self.health = Health::Lost { since, next_try: around.now + wait, rebuilt: false };
            }
            // That is known, and the next try is set.
            Health::Waiting | Health::Connecting { .. } | Health::Lost { .. } => {}
        }
    }

    /// When something is due.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Time> {
        match self.health {
            Health::Waiting => None,
            Health::Up => match self.exchange {
                Exchange::Offered { again, .. } => Some(again),
                Exchange::Settled
                | Exchange::Making { .. }
                | Exchange::Answering { .. }
                | Exchange::Applying { .. } => None,
            },
            Health::Closed { since } => Some(since + settings.goodbye),
            Health::Connecting { since, next_try } | Health::Lost { since, next_try, .. } => {
                Some(next_try.min(since + settings.give_up_after))
            }
        }
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, around: Around<'_>) -> Vec<Wish> {
        let Around { now, settings, server_is_up } = around;
        if let Health::Closed { since } = self.health
            && now >= since + settings.goodbye
        {
            self.lost(around, since);
        }
        let (since, due) = match self.health {
            Health::Up => return self.offer_again(around),
            Health::Waiting | Health::Closed { .. } => return Vec::new(),
            Health::Connecting { since, next_try } | Health::Lost { since, next_try, .. } => {
                (since, next_try)
            }
        };
        if now >= since + settings.give_up_after {
            let reason = match self.health {
                Health::Connecting { .. } => EndReason::NoPath,
                _ if server_is_up => EndReason::TheyLostConnection,
                _ => EndReason::WeLostConnection,
            };
            return vec![Wish::GiveUp(reason)];
        }
        if now < due {
            return Vec::new();
        }
        let again = now + self.wait(around, settings.restart_every);
        match &mut self.health {
            Health::Lost { since, next_try, rebuilt } => {
                *next_try = again;
                let is_time = now >= *since + settings.rebuild_after && !*rebuilt;
                if (is_time || self.is_over) && server_is_up {
                    *rebuilt = true;
                    return self.rebuild(around);
                }
            }
            Health::Connecting { next_try, .. } => {
                *next_try = again;
                if self.is_over && server_is_up {
                    return self.rebuild(around);
                }
            }
            Health::Waiting | Health::Up | Health::Closed { .. } => unreachable!("looked at above"),
        }
        if !server_is_up {
            // Nobody could pass the offer on. It is made when the server is back.
            return Vec::new();
        }
        let mut wishes = self.take_back(Owed::Restart);
        wishes.extend(self.pay(around));
        wishes
    }

    /// Takes back an offer that nobody answered; one is owed instead.
    pub(super) fn take_back(&mut self, owed: Owed) -> Vec<Wish> {
        self.owe(owed);
        if let Exchange::Offered { .. } = self.exchange {
            self.exchange = Exchange::Settled;
            return vec![self.order(PeerOrder::RollBack)];
        }
        Vec::new()
    }

    /// Media flows, and an offer of ours waits for an answer that was lost with the server.
    fn offer_again(&mut self, around: Around<'_>) -> Vec<Wish> {
        match &mut self.exchange {
            Exchange::Offered { again, .. } if around.now < *again => Vec::new(),
            Exchange::Offered { again, .. } if !around.server_is_up => {
                *again = around.now + around.settings.offer_again;
                Vec::new()
            }
            Exchange::Offered { restart, .. } => {
                let owed = if *restart { Owed::Restart } else { Owed::Offer };
                let mut wishes = self.take_back(owed);
                wishes.extend(self.pay(around));
                wishes
            }
            Exchange::Settled
            | Exchange::Making { .. }
            | Exchange::Answering { .. }
            | Exchange::Applying { .. } => Vec::new(),
        }
    }

    fn rebuild(&mut self, around: Around<'_>) -> Vec<Wish> {
        let mut wishes = self.replace(around);
        self.exchange = Exchange::Making { restart: false };
        wishes.push(self.order(PeerOrder::MakeOffer { restart: false }));
        wishes
    }
    /// They built their side anew, so ours has to be, too.
    pub(super) fn follow_rebuild(&mut self, around: Around<'_>, offer: Sdp) -> Vec<Wish> {
        let mut wishes = self.replace(around);
        // The new one gets its time to come about.
        let again = around.now + self.wait(around, around.settings.restart_every);
        match &mut self.health {
            Health::Waiting => {}
            Health::Connecting { next_try, .. } => *next_try = again,
            Health::Up => self.health = Health::Lost { since: around.now, next_try: again, rebuilt: true },
            Health::Closed { since } => {
                self.health = Health::Lost { since: *since, next_try: again, rebuilt: true };
            }
            Health::Lost { next_try, rebuilt, .. } => (*next_try, *rebuilt) = (again, true),
        }
        wishes.extend(self.take_offer(offer, 1));
        wishes
    }

    /// The connection goes, another one comes.
    fn replace(&mut self, around: Around<'_>) -> Vec<Wish> {
        let mut wishes = vec![self.close()];
        self.build += 1;
        (self.not_before, self.is_over) = (around.now + around.settings.restart_every, false);
        (self.exchange, self.owed, self.has_theirs) = (Exchange::Settled, None, false);
        self.former_session = self.their_session.take();
        self.answered = None;
        self.early.clear();
        wishes.push(self.order(PeerOrder::Create { servers: self.servers.clone() }));
        if self.is_open {
            wishes.push(self.order(PeerOrder::Connect));
        }
        wishes
    }
}
