//! Every test that needs more than one module.
mod clients;
mod crash;
mod e2e;
mod engine;
mod evenings;
mod group_media;
mod layers;
mod media_server;
mod phones;
mod rooms;
mod rules;
mod signaling;
mod sim;
mod store;
mod threats;

/// A number from the environment, to look for faults longer or to run one seed again.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
