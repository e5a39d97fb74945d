//! Browsers call each other and our own connections, through a real server: sound and picture as they come out at the
//! other end.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]
#[path = "browser/call_page.rs"]
mod call_page;
#[path = "browser/call_page_with_engine.rs"]
mod call_page_with_engine;
#[path = "browser/crowd.rs"]
mod crowd;
#[path = "browser/media_server.rs"]
mod media_server;
#[path = "browser/page_in_firefox.rs"]
mod page_in_firefox;
#[path = "browser/page_life.rs"]
mod page_life;
#[path = "browser/page_of_many.rs"]
mod page_of_many;
#[path = "browser/stage.rs"]
mod stage;
#[path = "browser/two_browsers.rs"]
mod two_browsers;
#[path = "browser/with_engine.rs"]
mod with_engine;
