//! How many records a second go through the writer; printed, not judged. Run with `--ignored --nocapture`.
use super::*;
use calls_tests::{databases::Database, mariadb::MariaDb};
use std::{sync::Arc, time::Instant};

const CALLS: u64 = 5000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn records_a_second() {
    let server = Arc::new(MariaDb::start().unwrap());
    for database in [Database::sqlite().unwrap(), Database::on(Arc::clone(&server)).await.unwrap()] {
        let store = database.store().await.unwrap();
        let writer = Writer::start(&store);
        let pid = server.pid().unwrap();
        let (own, theirs, began) = (cpu("self"), cpu(&pid.to_string()), Instant::now());
        let offer = "v=0 a=something that is as long as a line of a description\r\n".repeat(40);
        let mut records = 0;
        for id in 1..=CALLS {
            let mut call = whole_call(id, id * 2, id * 2 + 1, 0);
            if let Record::Ringing { offer: kept, .. } = &mut call[0] {
                *kept = sdp(&offer);
            }
            let name = format!("room_{id}");
            call.extend((0..18).map(|number| candidate(&name, id * 2, 10 + number, 1)));
            records += call.len();
            call.into_iter().for_each(|record| writer.push(record));
            // A real server is not faster than its sockets; wait where a queue would be full.
            while writer.counts().queue_depth > 20_000 {
                tokio::task::yield_now().await;
            }
        }
        writer.flush(PATIENCE).await.unwrap();
        let seconds = began.elapsed().as_secs_f64();
        let counts = writer.counts();
        println!(
            "{}: {records} records of {CALLS} calls in {seconds:.2} s: {:.0} records/s, {:.0} calls/s; CPU a 1000 calls: \
             own {:.2} s, MariaDB {:.2} s; {counts:?}",
            database.name,
            records as f64 / seconds,
            CALLS as f64 / seconds,
            (cpu("self") - own) * 1000.0 / CALLS as f64,
            (cpu(&pid.to_string()) - theirs) * 1000.0 / CALLS as f64,
        );
        assert_eq!(counts.dropped.rows(), 0);
        writer.close(PATIENCE).await.unwrap();
        store.close().await;
    }
}

/// Seconds of CPU that a process has used, at the usual hundred ticks a second.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}
