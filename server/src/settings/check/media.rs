//! The settings of the media server.
use super::{Reader, words};
use crate::{calls::MediaSettings, sfu::SfuSettings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Reader<'_> {
    /// `is_trial` is whether whoever comes from this machine is let in, and nobody else comes.
    pub(super) fn sfu(&mut self, host: IpAddr, is_trial: bool) -> Option<SfuSettings> {
        let by_itself = self.text("sfu") == "auto";
        let list = self.text("sfu_addresses");
        let mut addresses: Vec<IpAddr> =
            words(&list).filter_map(|word| self.taken("sfu_addresses", address(word))).collect();
        // Where the relay is reached, the media server beside it is as well. What is wrong with it is said once.
        if addresses.is_empty() {
            addresses.extend(self.text("turn_external_ip").parse::<IpAddr>());
        }
        let is_v6 = addresses.iter().any(IpAddr::is_ipv6);
        let bind = self.host("sfu_bind").unwrap_or(match addresses.first() {
            // The server is behind a proxy and listens to it alone; no media comes through that proxy.
            Some(ip) if host.is_loopback() && !ip.is_loopback() => every_address(is_v6),
            Some(_) if host.is_unspecified() => every_address(is_v6),
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
                    "no media server, so in a group call each device sends to each other one, which goes well for \
                     about four: {reason}, or sfu = off"
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

/// All addresses of this machine. The one of IPv6 takes IPv4 as well.
fn every_address(is_v6: bool) -> IpAddr {
    if is_v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) }
}

fn address(word: &str) -> Result<IpAddr, String> {
    let wrong = |_| {
        format!("`{word}` is not an IP address; names and ports do not belong here, sfu_port is the port")
    };
    word.parse().map_err(wrong)
}
