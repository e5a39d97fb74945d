//! The engine's connection to the server: against ours and against a stock one, over a line that breaks.
mod node;
mod ours;

use anyhow::{Context, Result, bail};
use calls_core::signaling::{LinkSettings, Proofs, ServerUrl, Signaling, SignalingConfig, Told, Trust, Who};
use calls_machine::AskId;
use calls_protocol::{ClientEvent, DeviceId, End, EndWish, RoomName, ServerEvent, UserId};
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::time::timeout;

/// Nothing here takes so long, even on a busy machine; it is how a missing message is noticed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Proofs that are good, or not before a fresh one is asked for.
#[derive(Default)]
struct Tokens {
    first_is_old: bool,
    never: bool,
    asked_for_fresh: AtomicBool,
}

impl Proofs for Tokens {
    fn fetch(&self, fresh: bool) -> BoxFuture<'_, Option<Value>> {
        self.asked_for_fresh.fetch_or(fresh, SeqCst);
        let is_good = !self.never && (fresh || !self.first_is_old);
        async move { Some(json!({ "token": if is_good { "good" } else { "old" } })) }.boxed()
    }
}

/// Impatient, so that a test need not wait.
fn quick() -> LinkSettings {
    LinkSettings {
        connect: Duration::from_secs(5),
        answer: Duration::from_millis(500),
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(50),
    }
}

/// A device with a connection, and what it was told and has not looked at.
struct Phone {
    signaling: Signaling,
    answers: BTreeMap<u64, bool>,
    ups: usize,
    events: Vec<ServerEvent>,
    downs: usize,
}

impl Phone {
    fn of(user: u64, server: SocketAddr) -> Self {
        Self::with(user, server, Arc::new(Tokens::default()))
    }

    fn with(user: u64, server: SocketAddr, proofs: Arc<dyn Proofs>) -> Self {
        let config = SignalingConfig {
            server: ServerUrl::parse(&format!("http://{server}")).expect("an address is one"),
            who: Who {
                user: UserId::new(user).expect("small"),
                device: DeviceId::new("phone").expect("a name"),
                platform: "test".into(),
                push_token: None,
            },
            proofs,
            trust: Trust::default(),
            settings: quick(),
        };
        let signaling = Signaling::start(config).expect("no TLS is asked for");
        Self { signaling, answers: BTreeMap::new(), ups: 0, events: Vec::new(), downs: 0 }
    }

    /// Asks to end a call that is not there: every server has an answer to that.
    fn ask(&self, n: u64) {
        let end = End {
            room_name: RoomName::new(&format!("r{n}")).expect("a name"),
            user_id: UserId::new(1).expect("small"),
            reason: EndWish::Completed,
        };
        self.signaling.ask(AskId(n), ClientEvent::End(end));
    }

    /// Takes in what comes until something holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) -> Result<()> {
        while !holds(self) {
            let told = timeout(PATIENCE, self.signaling.next()).await;
            let told = told.with_context(|| format!("{what} never happened"))?;
            match told.with_context(|| format!("closed before {what}"))? {
                Told::Up(_) => {
                    self.ups += 1;
                    self.signaling.ready();
                }
                Told::Down(_) => self.downs += 1,
                Told::SignedOut(why) => bail!("signed out before {what}: {why}"),
                Told::Event { event, .. } => self.events.push(*event),
                Told::Answer { ask, answer } => {
                    let twice = self.answers.insert(ask.0, answer.is_ok()).is_some();
                    anyhow::ensure!(!twice, "{ask:?} was answered twice");
                }
            }
        }
        Ok(())
    }
}
