//! The switchboard: where sockets, rules, database, log and metrics meet.
//!
//! What a client says is read, what the rules need to know is looked up, and then one lock is taken: the rules decide,
//! and what they ask for goes into the sockets' outboxes before the lock is given back. So every socket hears the
//! events of a room in the order in which they were decided. Nothing is awaited under the lock: sending is putting a
//! frame into a queue, storing is putting a record into one.
mod devices;
mod service;

pub use devices::{Devices, devices};

use crate::{
    auth::Auth,
    calls::{Action, Calls, Input, MediaOrder, Note, SocketId},
    clock::Clock,
    db::{Directory, Writer},
    observe::{self, Metrics},
    settings::CorsOrigins,
    sfu::Sfu,
    socket::{AckId, Frame, Hub, SocketHandle},
};
use calls_protocol::{Ack, CallError, EventId, Refusal, RoomName, ServerEvent, UnixMillis};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{sync::Notify, time::sleep};
use tracing::{debug, error};

/// What a switchboard is connected to.
#[derive(Debug)]
pub struct Lines {
    /// The sockets.
    pub hub: Arc<Hub>,
    /// Who may speak for whom.
    pub auth: Arc<Auth>,
    /// Names and groups.
    pub directory: Directory,
    /// What is to be remembered.
    pub writer: Writer,
    /// Devices that registered.
    pub devices: Devices,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether anybody who is signed in may open a room by its name.
    pub open_rooms: bool,
    /// Web pages of which other origins may connect.
    pub cors: CorsOrigins,
}

/// Connects the rules of calls with the world.
pub struct Switchboard {
    desk: Mutex<Desk>,
    clock: Clock,
    lines: Lines,
    sfu: Mutex<Option<Sfu>>,
    /// The rules want to be woken earlier than they did.
    earlier: Notify,
}

/// What the lock guards.
struct Desk {
    calls: Calls,
    /// When the rules want to be woken.
    due: Option<UnixMillis>,
}

/// Who asked, and how the answer finds back.
struct Asking<'a> {
    socket: &'a SocketHandle,
    event: &'a str,
    room: Option<&'a RoomName>,
    ack: Option<AckId>,
}

impl Switchboard {
    /// Connects the rules; what they already know (restored calls) stays.
    pub fn new(calls: Calls, clock: Clock, lines: Lines) -> Self {
        let due = calls.deadline();
        Self {
            desk: Mutex::new(Desk { calls, due }),
            clock,
            lines,
            sfu: Mutex::new(None),
            earlier: Notify::new(),
        }
    }

    /// The time by which the rules go.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Calls and rooms that go on, those that ring, and users with a socket.
    pub fn counts(&self) -> (usize, usize, usize) {
        let desk = self.desk();
        (desk.calls.live(), desk.calls.ringing(), desk.calls.users_online())
    }

    /// Wakes the rules when they want to be woken, for ever. Its owner ends it by dropping it.
    pub async fn keep_time(&self) {
        loop {
            let due = self.desk().due;
            match due {
                None => self.earlier.notified().await,
                Some(due) => {
                    tokio::select! {
                        () = sleep(self.clock.until(due)) => self.input(Input::Tick),
                        () = self.earlier.notified() => {}
                    }
                }
            }
        }
    }

    /// Gives the rules an input that nobody waits for an answer to.
    pub fn input(&self, input: Input) {
        self.ask(input, None);
    }

    fn ask(&self, input: Input, asking: Option<&Asking<'_>>) {
        let mut notes = Vec::new();
        let moved_up = {
            let mut desk = self.desk();
            let actions = desk.calls.handle(self.clock.now(), input);
            let mut sender = Sender::new(&self.lines.hub);
            for action in actions {
                match action {
                    Action::Reply(reply) => self.reply(asking, reply),
                    Action::Send { to, event, id } => sender.send(to, event, id),
                    Action::Store(record) => self.lines.writer.push(record),
                    Action::Media(order) => self.media(order),
                    Action::Close(socket) => self.lines.hub.close(socket),
                    // There is no sender of pushes yet. The rules were told so: no call waits for one.
                    Action::Push { .. } => {}
                    Action::Note(note) => notes.push(note),
                }
            }
            let due = desk.calls.deadline();
            let before = std::mem::replace(&mut desk.due, due);
            due.is_some_and(|due| before.is_none_or(|before| due < before))
        };
        if moved_up {
            self.earlier.notify_one();
        }
        notes.iter().for_each(|note| self.note(note));
    }

    /// From now on orders go to this media server. It comes up after the switchboard, which hears its news.
    pub fn connect(&self, sfu: Sfu) {
        *self.sfu() = Some(sfu);
    }

    /// Parts with the media server, to end it.
    pub fn disconnect(&self) -> Option<Sfu> {
        self.sfu().take()
    }

    fn media(&self, order: MediaOrder) {
        match &*self.sfu() {
            Some(sfu) => sfu.order(order),
            // It ends before the sockets do, and what they still say is too late.
            None => {
                debug!(connection = order.seat().connection, "an order to a media server that is not there")
            }
        }
    }

    fn sfu(&self) -> MutexGuard<'_, Option<Sfu>> {
        self.sfu.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: &Note) {
        self.lines.metrics.note(note);
        observe::log_note(note);
    }

    fn reply(&self, asking: Option<&Asking<'_>>, reply: Result<Ack, Refusal>) {
        let Some(asking) = asking else {
            error!("the rules answered what nobody asked");
            return;
        };
        match reply {
            Ok(ack) => agree(asking, ack),
            Err(refusal) => self.refuse(asking, refusal),
        }
    }

    /// Tells a client what was wrong: by the acknowledgement it asked for, else by `call:error`.
    fn refuse(&self, asking: &Asking<'_>, refusal: Refusal) {
        self.lines.metrics.refused(refusal.code);
        let frame = match asking.ack {
            Some(ack) => Frame::ack_by(ack, |out| refusal.write_ack(out)),
            None => event_frame(
                &ServerEvent::Error(CallError {
                    event: cut(asking.event).to_owned(),
                    code: refusal.code,
                    message: refusal.message.into_owned(),
                    room_name: asking.room.cloned(),
                }),
                None,
            ),
        };
        asking.socket.send(frame);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(|_| {
            // Nobody knows how much of a change was made. The database does: a new process takes the calls over from it.
            error!("a bug in the rules of calls: this process ends, so that a fresh one goes on");
            std::process::exit(70)
        })
    }
}

/// As much of a name as is given back: whoever makes one up shall not fill our outbox, nor their log, with it.
fn cut(name: &str) -> &str {
    /// Longer than any event of the contract.
    const LONGEST: usize = 64;
    &name[..name.floor_char_boundary(LONGEST)]
}

fn agree(asking: &Asking<'_>, ack: Ack) {
    match (asking.ack, ack) {
        (Some(id), ack) => drop(asking.socket.send(Frame::ack_by(id, |out| ack.write(out)))),
        // A client that asked for no acknowledgement still learns who is in the room.
        (None, Ack::RoomState(state)) => {
            asking.socket.send(event_frame(&ServerEvent::RoomState(state), None));
        }
        (None, _) => {}
    }
}

fn event_frame(event: &ServerEvent, id: Option<EventId>) -> Frame {
    Frame::event_by(event.name(), |out| event.write_payload_with_id(id, out))
}

/// Sends the same event to many sockets in a row and encodes it once.
struct Sender<'a> {
    hub: &'a Hub,
    last: Option<(Arc<ServerEvent>, Option<EventId>, Frame)>,
}

impl<'a> Sender<'a> {
    fn new(hub: &'a Hub) -> Self {
        Self { hub, last: None }
    }

    fn send(&mut self, to: SocketId, event: Arc<ServerEvent>, id: Option<EventId>) {
        let frame = match &self.last {
            Some((last, last_id, frame)) if Arc::ptr_eq(last, &event) && *last_id == id => frame.clone(),
            _ => {
                let frame = event_frame(&event, id);
                self.last = Some((event, id, frame.clone()));
                frame
            }
        };
        // A socket that is gone says so itself: its seat waits, and the event is in the room's log.
        self.hub.send(to, frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        assert_eq!(cut("call:register"), "call:register");
        assert_eq!(cut(&"x".repeat(1000)).len(), 64);
        assert_eq!(cut(&"é".repeat(1000)).len(), 64);
        assert_eq!(cut(&format!("x{}", "é".repeat(1000))).len(), 63);
    }
}
