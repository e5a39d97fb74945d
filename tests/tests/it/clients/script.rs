//! A program that plays something by itself, to its end.
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Longer than the programs give themselves.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs it, says "go" when `ready` is done, and gives what it printed; it must end well.
pub(super) async fn run(mut program: Command, ready: impl Future<Output = ()>) -> Result<Vec<Value>> {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("it has an input")?;
    let going = async {
        ready.await;
        input.write_all(b"go\n").await
    };
    let (output, went) = timeout(PATIENCE, async { tokio::join!(child.wait_with_output(), going) })
        .await
        .context("the program does not end")?;
    let output = output?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{}, after:\n{printed}", output.status);
    // A program that asks for no word may have ended before it.
    drop(went);
    printed.lines().map(|line| serde_json::from_str(line).context(line.to_owned())).collect()
}
