//! How Kotlin hears what changes: one thread, one call at a time, in order, with no lock held.
use crate::{CallsSnapshot, SoundLevels, snapshot::Epoch};
use calls_core as core;
use std::{io, sync::Arc, thread};
use tokio::sync::watch;

/// Hears what changes. Called on a thread of its own, one call after another; the first comes at once.
#[uniffi::export(with_foreign)]
pub trait CallsListener: Send + Sync {
    /// All calls, whenever something about them is different.
    fn on_snapshot(&self, snapshot: CallsSnapshot);

    /// How loud everyone is, ten times a second while somebody can be heard.
    fn on_levels(&self, levels: SoundLevels);
}

/// Tells the listener until the engine ends. What it missed while it was busy is told as it is then.
pub(crate) fn start(
    listener: Arc<dyn CallsListener>,
    mut snapshots: watch::Receiver<Arc<core::Snapshot>>,
    mut levels: watch::Receiver<core::Levels>,
    epoch: Epoch,
) -> io::Result<()> {
    let tell = async move {
        snapshots.mark_changed();
        loop {
            tokio::select! {
                // Snapshots first: what a level belongs to is known before it.
                biased;
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let snapshot = snapshots.borrow_and_update().clone();
                    listener.on_snapshot(epoch.snapshot(&snapshot));
                }
                Ok(()) = levels.changed() => {
                    let now = levels.borrow_and_update().clone();
                    listener.on_levels(SoundLevels::from(&now));
                }
            }
        }
    };
    // It needs no timers and no sockets, so no runtime: it sleeps until the engine wakes it.
    thread::Builder::new().name("calls-listener".into()).spawn(move || futures_executor::block_on(tell))?;
    Ok(())
}
