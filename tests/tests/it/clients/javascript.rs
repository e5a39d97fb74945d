//! socket.io-client for JavaScript.
use super::{flows, kit, player::By};

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
