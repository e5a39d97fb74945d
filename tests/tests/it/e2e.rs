//! Real sockets against a whole server in this process.
mod bad_input;
mod calls;
mod company;
mod races;
mod restart;
mod watch;
