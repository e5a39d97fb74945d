//! What the media server is ordered, seen from outside: each connection begins with an offer, has a number of its own,
//! belongs to the only one of its participant, and ends once.
use calls_server::calls::{MediaNews, MediaOrder, MediaSeat};

/// The connections that the media server has by now.
#[derive(Debug, Clone, Default)]
pub struct MediaBooks {
    /// In the order of their beginning, with how many offers wait for an answer.
    lines: Vec<(MediaSeat, usize)>,
    /// The highest number so far.
    last: u64,
}

impl MediaBooks {
    /// The connections there are, and how many offers of each wait for their answer.
    pub fn lines(&self) -> &[(MediaSeat, usize)] {
        &self.lines
    }

    /// The media server died with everything in it.
    pub(super) fn crash(&mut self) {
        *self = Self::default();
    }

    pub(super) fn ordered(&mut self, order: &MediaOrder) -> Result<(), String> {
        let seat = order.seat();
        let place = self.lines.iter().position(|(known, _)| known == seat);
        match (order, place) {
            (MediaOrder::Offer { .. }, Some(place)) => self.lines[place].1 += 1,
            (MediaOrder::Offer { .. }, None) => {
                if seat.connection <= self.last {
                    return Err(format!("{seat:?} begins with a number that was used before"));
                }
                if self.lines.iter().any(|(other, _)| other.room == seat.room && other.user == seat.user) {
                    return Err(format!("{seat:?} begins beside another one of its participant"));
                }
                self.last = seat.connection;
                self.lines.push((seat.clone(), 1));
            }
            (MediaOrder::Leave { .. }, Some(place)) => drop(self.lines.remove(place)),
            (_, Some(_)) => {}
            (_, None) => return Err(format!("{order:?} is about a connection that is not there")),
        }
        Ok(())
    }

    pub(super) fn told(&mut self, news: &MediaNews) {
        match news {
            MediaNews::Answer { seat, .. } | MediaNews::Refused { seat, .. } => {
                if let Some((_, waiting)) = self.lines.iter_mut().find(|(known, _)| known == seat) {
                    *waiting = waiting.saturating_sub(1);
                }
            }
            MediaNews::Gone { seat } => self.lines.retain(|(known, _)| known != seat),
            MediaNews::Offer { .. }
            | MediaNews::Streams { .. }
            | MediaNews::Wanted { .. }
            | MediaNews::Speakers { .. }
            | MediaNews::Connected { .. } => {}
        }
    }

    pub(super) fn rest(&self) -> Result<(), String> {
        match self.lines.first() {
            None => Ok(()),
            Some((seat, _)) => Err(format!("{seat:?} was never left")),
        }
    }
}
