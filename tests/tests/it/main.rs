//! Every test that needs more than one module.
mod rules;
mod sim;
mod store;
