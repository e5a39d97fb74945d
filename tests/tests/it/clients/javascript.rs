//! socket.io-client for JavaScript.
use super::{flows, kit, player::By, script, stage};
use anyhow::Context;

#[tokio::test]
async fn plays_every_flow_by_a_websocket() -> anyhow::Result<()> {
    flows::play(kit::javascript("player.js")?, By::WebSocket).await
}

#[tokio::test]
async fn plays_every_flow_by_polling() -> anyhow::Result<()> {
    flows::play(kit::javascript("player.js")?, By::Polling).await
}

#[tokio::test]
async fn plays_every_flow_by_a_websocket_that_began_as_polling() -> anyhow::Result<()> {
    flows::play(kit::javascript("player.js")?, By::Upgrade).await
}

#[tokio::test]
async fn has_its_manners_by_every_transport() -> anyhow::Result<()> {
    for transports in [&["websocket"][..], &["polling"], &["polling", "websocket"]] {
        let server = stage::server(&[]).await?;
        let mut program = kit::javascript("manners.js")?;
        program.arg(format!("http://{}", server.address())).args(transports);
        let shown = script::run(program, std::future::ready(())).await;
        let shown = shown.with_context(|| transports.join(" and "))?;
        assert_eq!(shown.len(), 11, "{transports:?}: {shown:#?}");
        server.stop().await;
    }
    Ok(())
}
