//! The numbers of the embedded relay.
use super::registry::Page;
use crate::turn::embedded::RelayStats;

/// Writes what the relay counted.
pub fn write_relay(page: &mut Page, stats: &RelayStats) {
    let RelayStats {
        allocations,
        bytes_to_peers,
        bytes_to_users,
        bindings,
        refused_credentials,
        refused_peers,
        refused_quota,
        dropped_bandwidth,
        dropped_flood,
        dropped_other,
    } = *stats;
    page.gauge("calls_turn_allocations", "Relays that users hold", allocations);
    let bytes = [("to_peers", bytes_to_peers), ("to_users", bytes_to_users)];
    page.totals("calls_turn_bytes_total", "Bytes relayed, without headers", "direction", bytes);
    page.counter("calls_turn_bindings_total", "STUN requests answered", bindings);
    let refused = [("credentials", refused_credentials), ("peer", refused_peers), ("quota", refused_quota)];
    page.totals("calls_turn_refused_total", "Requests that the relay refused", "reason", refused);
    let dropped = [("bandwidth", dropped_bandwidth), ("flood", dropped_flood), ("other", dropped_other)];
    page.totals("calls_turn_dropped_total", "Datagrams that were not relayed", "reason", dropped);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_relay_is_on_the_page() {
        let stats = RelayStats {
            allocations: 1,
            bytes_to_peers: 2,
            bytes_to_users: 3,
            bindings: 4,
            refused_credentials: 5,
            refused_peers: 6,
            refused_quota: 7,
            dropped_bandwidth: 8,
            dropped_flood: 9,
            dropped_other: 10,
        };
        let mut page = Page::default();

        write_relay(&mut page, &stats);

        let text = page.into_text();
        for number in 1..=10 {
            assert_eq!(
                text.lines().filter(|line| line.ends_with(&format!(" {number}"))).count(),
                1,
                "{number}"
            );
        }
    }
}
