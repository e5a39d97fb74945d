//! Whole-system tests: the rules on a stage, simulations under a virtual clock, real sockets, foreign clients.
pub mod browser;
pub mod client;
pub mod coturn;
pub mod crowd;
pub mod databases;
pub mod folder;
pub mod line;
pub mod mariadb;
pub mod netlab;
pub mod oracle;
pub mod phone;
pub mod phones;
pub mod process;
pub mod server;
pub mod sim;
pub mod stage;
pub mod world;
