//! The flows, written once: every client plays them all, by every transport it has.
mod away;
mod door;
mod errors;
mod group;
mod pair;

use super::{
    player::{By, Player},
    stage,
};
use anyhow::{Context, Result};
use tokio::process::Command;

macro_rules! play {
    ($player:ident: $($flow:path),* $(,)?) => {
        $(
            let started = std::time::Instant::now();
            let outcome = $flow(&mut $player).await;
            println!("  {:>6} ms  {}", started.elapsed().as_millis(), stringify!($flow));
            outcome.with_context(|| format!("{}:\n{}", stringify!($flow), $player.transcript()))?;
            $player.next_scene();
        )*
    };
}

/// Plays every flow with one client.
pub(super) async fn play(program: Command, by: By) -> Result<()> {
    let mut player = Player::start(program, by).await?;
    play!(player:
        pair::a_call_rings_is_answered_goes_on_and_ends,
        pair::a_client_that_asks_for_no_acknowledgements_hears_everything_by_events,
        pair::a_call_is_declined,
        pair::a_call_is_cancelled,
        group::a_group_is_rung_joins_and_leaves,
        errors::a_mistake_is_answered,
        errors::a_mistake_without_an_acknowledgement_is_an_event,
        errors::binary_data_is_refused_and_the_socket_lives,
        door::the_transport_is_the_one_that_was_asked_for,
        door::a_token_decides_who_speaks,
        door::there_is_one_namespace,
        door::a_device_that_comes_again_takes_its_own_place,
        away::a_phone_that_comes_out_of_the_lift_hears_everything_once,
        away::a_client_of_the_source_documents_hears_what_it_missed_as_soon_as_it_registers,
        away::a_call_survives_a_restart_and_the_clients_come_back_by_themselves,
    );
    player.end().await
}

/// Takes the number of an event out of a payload, which must have one.
fn numbered(mut payload: serde_json::Value) -> Result<serde_json::Value> {
    let number = payload.as_object_mut().and_then(|fields| fields.remove("eventId"));
    number.filter(serde_json::Value::is_u64).with_context(|| format!("no eventId in {payload}"))?;
    Ok(payload)
}
