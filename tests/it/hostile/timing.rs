//! How long a program takes for each kind: `make hostile` has a release build asked, by one caller, a kind at a time.

use std::{path::PathBuf, time::Duration};

use gateway::config::Environment;
use it::TestPlatform;

use super::{ALLOWED_ORIGINS, alive, kinds::kinds, refused};

/// Each kind is sent so often; the median counts.
const TRIES: usize = 7;
/// The longest that a kind may take whose body is not larger than this.
const LONGEST: Duration = Duration::from_millis(20);
const BODY_BYTES: usize = 100_000;
/// Told at the end.
const SLOWEST: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn no_kind_takes_a_release_build_long() {
    let Some(program) = Environment::of_process().get("WEFT_HOSTILE_PROGRAM").map(PathBuf::from) else {
        return println!("skipped: `make hostile` runs it over a release build");
    };
    let platform = TestPlatform::start_with(&[ALLOWED_ORIGINS]).await;
    let other = platform.program(&program).await;
    let (somebody, nobody) = (other.client(&platform, Some("engineer")), other.client(&platform, None));
    alive(&somebody, "its start").await;
    let mut took = Vec::new();
    for kind in kinds() {
        let mut tries = Vec::new();
        for _ in 0..TRIES {
            tries.push(refused(&kind, &somebody, &nobody).await);
        }
        tries.sort_unstable();
        took.push((tries[TRIES / 2], kind.body.len(), kind.what));
    }
    alive(&somebody, "everything").await;
    took.sort_by(|one, other| other.cmp(one));
    println!("{} kinds, each {TRIES} times by one caller; the slowest by median:", took.len());
    for (median, bytes, what) in took.iter().take(SLOWEST) {
        println!("{:>9.2} ms {bytes:>9} bytes  {what:.80}", median.as_secs_f64() * 1e3);
    }
    let (median, ..) = took[took.len() / 2];
    println!("{:>9.2} ms                  half of them are quicker", median.as_secs_f64() * 1e3);
    let slow: Vec<_> = took.iter().filter(|(median, bytes, _)| *bytes <= BODY_BYTES && *median > LONGEST).collect();
    assert!(slow.is_empty(), "longer than {LONGEST:?}: {slow:?}");
    other.stop().await;
    platform.stop().await;
}
