//! What the documentation tells operators to watch is there to be watched.
use anyhow::{Context, Result, ensure};
use calls_tests::{process::get, server::TestServer};

#[tokio::test]
async fn every_number_that_deserves_an_alarm_is_on_the_page() -> Result<()> {
    let server = TestServer::start(&[("SFU", "on"), ("SFU_PORT", "0")]).await;
    let document = include_str!("../../../../docs/deploy.md");
    let (_, watch) = document.split_once("\n## Watch").context("a section on watching")?;
    let (watch, _) = watch.split_once("\n## ").context("a section behind it")?;
    let named: Vec<&str> = watch
        .split('`')
        .filter_map(|word| word.split(['{', ' ']).next())
        .filter(|word| (word.starts_with("calls_") || word.starts_with("process_")) && !word.ends_with('…'))
        .collect();

    let page = get(server.address(), "/metrics").await?;

    ensure!(named.len() > 10, "{named:?}");
    for name in named {
        ensure!(page.contains(&format!("\n# TYPE {name} ")), "{name} is not on the page");
    }
    server.stop().await;
    Ok(())
}
