//! Devices that registered, remembered behind the calls' back: no call waits for it, and a flood drops the news
//! rather than the calls. A device that was not remembered registers again sooner or later.
use crate::{
    clock::Clock,
    db::{Device, Directory},
};
use calls_protocol::{Register, UserId};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::{debug, warn};

/// As many as may wait: a restart brings back thousands within seconds. Tokens may have 4 KB, so this is 16 MB at most.
const WAITING: usize = 4_096;

/// Takes news of devices.
#[derive(Debug, Clone)]
pub struct Devices {
    directory: Directory,
    news: Sender<(UserId, Device)>,
}

/// Where to give news of devices, and the task that writes them down until its owner drops it.
pub fn devices(directory: Directory, clock: Clock) -> (Devices, impl Future<Output = ()> + Send) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Devices { directory: directory.clone(), news: sender }, save(directory, clock, receiver))
}

async fn save(directory: Directory, clock: Clock, mut news: Receiver<(UserId, Device)>) {
    while let Some((user, device)) = news.recv().await {
        if let Err(error) = directory.save_device(user, &device, clock.now()).await {
            warn!(%error, "a device was not remembered; it will be when it registers again");
        }
    }
}

impl Devices {
    /// A device said whose calls it takes. Only one that a push can reach is worth a row, and only if it says something
    /// new: phones register each time they connect.
    pub(super) fn saw(&self, register: &Register) {
        let (Some(id), Some(token)) = (&register.device_id, &register.push_token) else { return };
        let device = Device {
            id: id.clone(),
            platform: register.platform.clone().unwrap_or_default(),
            push_token: Some(token.clone()),
        };
        let user = register.user_id;
        if self.directory.is_news(user, &device) && self.news.try_send((user, device)).is_err() {
            self.directory.is_not_saved(user);
            debug!("too many devices at once: one was not remembered");
        }
    }
}
