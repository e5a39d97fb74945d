//! The settings of the media server.
use super::{Reader, words};
use crate::{calls::MediaSettings, sfu::SfuSettings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Reader<'_> {
    /// `is_trial` is whether whoever comes is let in.
    pub(super) fn sfu(&mut self, host: IpAddr, is_trial: bool) -> Option<SfuSettings> {
        let by_itself = self.text("sfu") == "auto";
        let list = self.text("sfu_addresses");
        let mut addresses: Vec<IpAddr> =
            words(&list).filter_map(|word| self.taken("sfu_addresses", word.parse::<IpAddr>())).collect();
        // Where the relay is reached, the media server beside it is as well. What is wrong with it is said once.
        if addresses.is_empty() {
            addresses.extend(self.text("turn_external_ip").parse::<IpAddr>());
        }
        let bind = self.host("sfu_bind").unwrap_or(match addresses.first() {
            // The server is behind a proxy and listens to it alone; no media comes through that proxy.
            Some(IpAddr::V4(ip)) if host.is_loopback() && !ip.is_loopback() => {
                IpAddr::V4(Ipv4Addr::UNSPECIFIED)
            }
            Some(IpAddr::V6(ip)) if host.is_loopback() && !ip.is_loopback() => {
                IpAddr::V6(Ipv6Addr::UNSPECIFIED)
            }
            Some(_) | None => host,
        });
        // Read in any case: a mistake in them is worth telling even while it is off.
        let port = self.port("sfu_port");
        let workers = self.number("sfu_threads", 0..=64) as usize;
        let tcp = self.yes("sfu_tcp");
        let slots = self.number("sfu_slots", 1..=50) as usize;
        if !self.on_off_auto("sfu", true) {
            return None;
        }
        // Of a server that others use this machine's own address says only that a proxy is in front.
        let is_hidden = by_itself && bind.is_loopback() && !is_trial;
        if addresses.is_empty() && (bind.is_unspecified() || is_hidden) {
            let reason = "nobody says where clients reach it: set sfu_addresses";
            if by_itself {
                self.warnings.push(format!(
                    "no media server, so group calls stay between a few devices: {reason}, or sfu = off"
                ));
            } else {
                self.problem("sfu", reason);
            }
            return None;
        }
        if addresses.is_empty() {
            addresses.push(bind);
        }
        Some(SfuSettings { bind, port, addresses, tcp, workers, slots })
    }

    pub(super) fn media(&mut self, is_there: bool) -> Option<MediaSettings> {
        let mesh_of_group = self.number("sfu_mesh_of_group", 1..=8) as usize;
        let mesh_of_open_room = self.number("sfu_mesh_of_open_room", 1..=8) as usize;
        is_there.then(|| MediaSettings { mesh_of_group, mesh_of_open_room, ..MediaSettings::default() })
    }
}
