//! io.socket:socket.io-client for Java, as Android apps have it.
use super::{flows, kit, player::By};

#[tokio::test]
async fn plays_every_flow_by_a_websocket() -> anyhow::Result<()> {
    flows::play(kit::java("Player.java")?, By::WebSocket).await
}

#[tokio::test]
async fn plays_every_flow_by_a_websocket_that_began_as_polling() -> anyhow::Result<()> {
    flows::play(kit::java("Player.java")?, By::Upgrade).await
}

#[tokio::test]
async fn plays_every_flow_by_polling() -> anyhow::Result<()> {
    flows::play(kit::java("Player.java")?, By::Polling).await
}
