//! Routers that hide a home behind one address, as the system's own packet filter makes them.

/// How a router hides those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// One port outside for each port inside, whoever it speaks with; in comes only who was spoken to, from that very
    /// port. Most homes.
    PortRestricted,
    /// Another port for everybody one speaks with, chosen at random. Offices and mobile networks; who is behind it is
    /// only reached through a relay, unless the other side has an address of its own.
    Symmetric,
}

/// The interface towards the internet.
pub(crate) const OUTSIDE: &str = "outside";
/// The interface towards the home.
pub(crate) const INSIDE: &str = "inside";

impl Nat {
    /// Its rules, for `nft`.
    ///
    /// What nobody asked for is dropped, not refused: refused or taken, it would be remembered, its port would count as
    /// used, and the way out would get another one. No two could then meet by sending at the same time.
    pub(crate) fn rules(self) -> String {
        let ports = match self {
            Self::PortRestricted => "persistent",
            Self::Symmetric => "random,fully-random",
        };
        format!(
            "table ip nat {{
               chain leaving {{
                 type nat hook postrouting priority srcnat;
                 oifname {OUTSIDE} masquerade {ports}
               }}
             }}
             table ip filter {{
               chain for_itself {{
                 type filter hook input priority filter; policy drop;
                 iifname {{ lo, {INSIDE} }} accept
                 ct state established,related accept
               }}
               chain through {{
                 type filter hook forward priority filter; policy drop;
                 iifname {INSIDE} accept
                 ct state established,related accept
               }}
             }}"
        )
    }
}
