//! Every test that needs more than one module.
mod clients;
mod crash;
mod e2e;
mod rules;
mod signaling;
mod sim;
mod store;
