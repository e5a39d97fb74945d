//! What was asked and not answered, in the order in which it was asked.
use calls_machine::{AskId, Time};
use calls_protocol::ClientEvent;
use std::collections::VecDeque;

/// Questions that wait for their answers.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Question>,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) ask: AskId,
    pub(super) event: ClientEvent,
    /// By which number on this connection, and when. None if it was not said on this one yet.
    pub(super) said: Option<(u64, Time)>,
}

impl Outbox {
    pub(super) fn add(&mut self, ask: AskId, event: ClientEvent) {
        self.waiting.push_back(Question { ask, event, said: None });
    }

    pub(super) fn forget(&mut self, ask: AskId) {
        self.waiting.retain(|question| question.ask != ask);
    }

    /// The connection is gone, and with it every answer that was on its way.
    pub(super) fn nothing_was_said(&mut self) {
        self.waiting.iter_mut().for_each(|question| question.said = None);
    }

    /// What is to be said now, in order.
    pub(super) fn unsaid(&mut self) -> impl Iterator<Item = &mut Question> {
        self.waiting.iter_mut().filter(|question| question.said.is_none())
    }

    /// The question that was said by that number.
    pub(super) fn answered(&mut self, ack: u64) -> Option<Question> {
        let is_it = |question: &Question| question.said.is_some_and(|(number, _)| number == ack);
        let place = self.waiting.iter().position(is_it)?;
        self.waiting.remove(place)
    }

    /// Since when the oldest one waits for its answer on this connection.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.waiting.iter().filter_map(|question| question.said.map(|(_, at)| at)).min()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
