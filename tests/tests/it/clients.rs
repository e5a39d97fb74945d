//! Clients that others wrote, unchanged, through whole flows; `tests/clients/README.md` says how they are driven.
mod flows;
mod java;
mod javascript;
pub(crate) mod kit;
mod player;
mod python;
mod rust;
mod script;
mod seeds;
mod stage;
