//! rust_socketio.
use super::{flows, kit, player::By};

#[tokio::test]
async fn plays_every_flow_by_a_websocket() -> anyhow::Result<()> {
    flows::play(kit::rust().await?, By::WebSocket).await
}

#[tokio::test]
async fn plays_every_flow_by_a_websocket_that_began_as_polling() -> anyhow::Result<()> {
    flows::play(kit::rust().await?, By::Upgrade).await
}

#[tokio::test]
async fn plays_every_flow_by_polling() -> anyhow::Result<()> {
    flows::play(kit::rust().await?, By::Polling).await
}
