//! How long calls between two Chromium take through our server, and what one costs.
//!
//! ```text
//! cargo run --release -p calls-tests --example bench_browsers -- [CALLS] [SECONDS] [video]
//! ```
use calls_tests::{browser::bench, server::TestServer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |place: usize, usual: u32| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let video = arguments.iter().any(|text| text == "video");
    let server = TestServer::start(&[("LIMIT_CALLS_PER_MINUTE", "100000")]).await;
    println!("{:#}", bench(server.address(), number(0, 20), number(1, 10), video).await?);
    server.stop().await;
    Ok(())
}
