//! One room: who sends what, and what of it each of the others gets. Pure: time and packets come in, packets go out.
mod layers;
mod rewrite;
mod ring;
mod slots;
mod speaker;
