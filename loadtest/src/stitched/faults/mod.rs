//! `weft-load faults`: every fault of every upstream, one at a time, while others keep asking.

mod list;
mod row;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use simulator::Fault;

use list::{all, name};
use row::{Row, print_head};

use super::{
    callers::of_each_tenant,
    judge::{Reference, Verdict},
    pace::paced,
    part::{PARTS, Part, nodes, page},
    stage::{NO_QUOTAS, Stage},
};
use crate::{
    client::Target,
    place::Place,
    platform::with_postgres,
    tally::{Tally, median},
};

/// Components on each page.
const FIRST: usize = 20;
/// Longest that it may take until everything is as before.
const RECOVERY_MAX: Duration = Duration::from_secs(10);
/// How much more a latency may be than in the undisturbed windows, or else as much as in the worst of these.
const SLOWER_MAX: f64 = 1.5;
/// Share of answers whose other fields must be right.
const RIGHT_MIN: f64 = 0.999;
/// Calls at a failing upstream, over those in an undisturbed window.
const CALLS_MAX: f64 = 1.1;
/// Windows that are tried for an undisturbed one.
const UNDISTURBED_TRIES: usize = 4;
/// Faults between two undisturbed windows.
const FAULTS_BETWEEN: usize = 4;
/// A window whose latency is too high is repeated so often, and the middle one counts.
const REPEATS: usize = 2;

/// Entries are refreshed all the time, so that a window of seconds meets the fault in pages that come from caches too.
const SETTINGS: [(&str, &str); 7] = [
    ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "1h"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "1s"),
    ("WEFT_SOURCES__AWX__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__AZURE__CACHE__FRESH", "1s"),
];

/// Where latencies are not judged a slow machine refuses nobody and gives up nothing of our own: what is looked at is what answers say.
const PATIENT: [(&str, &str); 5] = [
    ("WEFT_OVERLOAD__DELAY_TARGET", "30s"),
    ("WEFT_OVERLOAD__WAIT_MAX", "60s"),
    ("WEFT_OVERLOAD__RUNNING_MIN", "64"),
    ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s"),
    ("WEFT_SERVER__REQUEST_TIMEOUT", "60s"),
];

/// What was asked for.
pub(crate) struct FaultArgs {
    /// Few faults and short windows; latencies are shown and not judged.
    pub(crate) quick: bool,
    /// Only this upstream.
    pub(crate) upstream: Option<String>,
    /// Another program of the gateway.
    pub(crate) program: Option<PathBuf>,
}

/// How much is asked, and for how long.
#[derive(Clone, Copy)]
struct Load {
    window: Duration,
    /// Requests a second for fields of other upstreams, past caches.
    others: f64,
    /// Requests a second for whole pages, with caches.
    pages: f64,
    /// Requests a second for fields of the failing upstream alone, past caches.
    own: f64,
    judges_latency: bool,
}

/// What one window showed.
struct Window {
    verdict: Verdict,
    p99_ms: f64,
    page_p99_ms: f64,
    calls: u64,
}

/// An undisturbed window was not right: nothing can be said of what a fault does.
#[derive(Debug)]
struct NotRight(String);

impl std::fmt::Display for NotRight {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "an undisturbed window is not right: {}", self.0)
    }
}

impl std::error::Error for NotRight {}

/// What undisturbed windows allow.
struct Baseline {
    p99_max_ms: f64,
    page_p99_max_ms: f64,
    calls: f64,
}

impl Baseline {
    fn of(undisturbed: &[Window]) -> Self {
        let limit = |of: fn(&Window) -> f64| {
            let worst = undisturbed.iter().map(of).fold(0.0, f64::max);
            worst.max(SLOWER_MAX * median(undisturbed.iter().map(of).collect()))
        };
        Self {
            p99_max_ms: limit(|window| window.p99_ms),
            page_p99_max_ms: limit(|window| window.page_p99_ms),
            calls: undisturbed.iter().map(|window| window.calls as f64).fold(0.0, f64::max),
        }
    }

    fn is_slow(&self, p99_ms: f64, page_p99_ms: f64) -> bool {
        p99_ms > self.p99_max_ms || page_p99_ms > self.page_p99_max_ms
    }
}

/// A fault's window, and how long it took afterwards until all was well.
struct Look {
    window: Window,
    recovery: Duration,
}

/// Runs all of them and prints the table; an error when a line is not as it should be.
pub(crate) async fn run(args: FaultArgs) -> anyhow::Result<()> {
    let load = match args.quick {
        false => Load { window: Duration::from_secs(5), others: 20.0, pages: 30.0, own: 8.0, judges_latency: true },
        true => Load { window: Duration::from_secs(2), others: 4.0, pages: 4.0, own: 4.0, judges_latency: false },
    };
    let chosen: Vec<&Part> =
        PARTS.iter().filter(|part| args.upstream.as_deref().is_none_or(|name| name == part.source)).collect();
    if chosen.is_empty() {
        bail!("there is no such upstream: {}", PARTS.map(|part| part.source).join(", "));
    }
    let place = Place::find()?.with_program(args.program);
    let rows = with_postgres(&place, async |cluster| {
        let patient = PATIENT.into_iter().filter(|_| !load.judges_latency);
        let settings: Vec<_> = SETTINGS.into_iter().chain(NO_QUOTAS).chain(patient).collect();
        let stage = Stage::start(&place, cluster, 1, &settings).await?;
        let mut rows = Vec::new();
        print_head();
        for part in &chosen {
            let faults = Faults::prepare(&stage, part, load).await?;
            match faults.run(args.quick).await {
                Ok(of_part) => rows.extend(of_part),
                Err(error) if args.quick && error.is::<NotRight>() => {
                    println!("{}: void: {error}: the machine has too much else to do", part.source);
                }
                Err(error) => return Err(error),
            }
        }
        stage.stop().await?;
        Ok(rows)
    })
    .await?;
    std::fs::write(place.load.join("faults.json"), serde_json::to_string_pretty(&rows)?)?;
    let bad = rows.iter().filter(|row| !row.failures.is_empty()).count();
    println!("\n{} faults, {bad} of them not as they should be.", rows.len());
    ensure!(bad == 0, "{bad} faults did more than they may");
    Ok(())
}

/// The faults of one upstream.
struct Faults<'a> {
    stage: &'a Stage,
    part: &'a Part,
    load: Load,
    references: Vec<Reference>,
    pages: Vec<std::sync::Arc<Target>>,
    others: Vec<std::sync::Arc<Target>>,
    own: Vec<std::sync::Arc<Target>>,
}

impl<'a> Faults<'a> {
    async fn prepare(stage: &'a Stage, part: &'a Part, load: Load) -> anyhow::Result<Self> {
        let gateways: Vec<_> = stage.gateways.iter().map(|gateway| gateway.address).collect();
        let targets =
            |parts: Vec<&Part>, is_cold| of_each_tenant(&stage.simulator, &gateways, &[page(parts, FIRST)], is_cold);
        let is_own = |other: &&Part| other.upstream == part.upstream;
        let pages = targets(PARTS.iter().collect(), false)?;
        let mut well = Vec::new();
        for target in &pages {
            let answers = target.answers(1).await.context("an undisturbed page")?;
            well.push(serde_json::from_slice::<Value>(answers.first().context("no answer")?)?);
        }
        ensure!(well.iter().all(|page| !nodes(page).is_empty()), "a page is empty");
        Ok(Self {
            stage,
            part,
            load,
            references: Reference::of_pages(&well),
            pages,
            others: targets(PARTS.iter().filter(|other| !is_own(other)).collect(), true)?,
            own: targets(PARTS.iter().filter(is_own).collect(), true)?,
        })
    }

    /// Undisturbed windows lie among the others, so that both meet the machine in the same moods.
    async fn run(&self, is_quick: bool) -> anyhow::Result<Vec<Row>> {
        // Once for the connections and caches.
        self.window(None).await?;
        let (mut undisturbed, mut looks) = (vec![self.undisturbed().await?], Vec::new());
        for faults in all(is_quick).chunks(FAULTS_BETWEEN) {
            for fault in faults {
                looks.push((fault.clone(), self.look(fault).await?));
            }
            undisturbed.push(self.undisturbed().await?);
        }
        let baseline = Baseline::of(&undisturbed);
        let mut rows = Vec::new();
        for (fault, look) in looks {
            let mut looks = vec![look];
            let is_slow = looks.iter().any(|look| baseline.is_slow(look.window.p99_ms, look.window.page_p99_ms));
            if self.load.judges_latency && is_slow {
                for _ in 0..REPEATS {
                    looks.push(self.look(&fault).await?);
                }
            }
            let row = self.row(&fault, looks, &baseline);
            row.print();
            rows.push(row);
        }
        Ok(rows)
    }

    /// A slow machine may miss a deadline of an upstream now and then: where latencies are not judged, it has a few tries.
    async fn undisturbed(&self) -> anyhow::Result<Window> {
        let is_right = |Verdict { right, answers, unsound, codes, .. }: &Verdict| {
            right == answers && *unsound == 0 && codes.is_empty()
        };
        let mut window = self.window(None).await?;
        for _ in 1..UNDISTURBED_TRIES {
            if self.load.judges_latency || is_right(&window.verdict) {
                break;
            }
            eprintln!("an undisturbed window was not right, once more: {:?}", window.verdict.example);
            window = self.window(None).await?;
        }
        match is_right(&window.verdict) {
            true => Ok(window),
            false => Err(NotRight(window.verdict.example.unwrap_or_default()).into()),
        }
    }

    async fn look(&self, fault: &Fault) -> anyhow::Result<Look> {
        Ok(Look { window: self.window(Some(fault.clone())).await?, recovery: self.recover().await? })
    }

    /// Of several looks at a fault the worst counts; only of latencies the middle one.
    fn row(&self, fault: &Fault, looks: Vec<Look>, baseline: &Baseline) -> Row {
        let middle = |of: fn(&Window) -> f64| median(looks.iter().map(|look| of(&look.window)).collect());
        let (p99_ms, page_p99_ms) = (middle(|window| window.p99_ms), middle(|window| window.page_p99_ms));
        let looks_count = looks.len();
        let recovery = looks.iter().map(|look| look.recovery).max().unwrap_or_default();
        let calls = looks.iter().map(|look| look.window.calls).max().unwrap_or_default();
        let calls_ratio = calls as f64 / baseline.calls.max(1.0);
        let verdict = looks.into_iter().map(|look| look.window.verdict).fold(Verdict::default(), Verdict::and);
        let mut failures = Vec::new();
        let mut fail = |is_bad: bool, what: &str| {
            if is_bad {
                failures.push(what.to_owned());
            }
        };
        fail(verdict.right_share() < RIGHT_MIN, "other fields");
        fail(verdict.unsound > 0, "own fields");
        fail(verdict.foreign > 0, "another tenant's rows");
        fail(self.load.judges_latency && p99_ms > baseline.p99_max_ms, "p99");
        fail(self.load.judges_latency && page_p99_ms > baseline.page_p99_max_ms, "p99 of pages");
        fail(calls_ratio > CALLS_MAX, "calls");
        fail(recovery > RECOVERY_MAX, "recovery");
        if let Some(example) = verdict.example.as_ref().filter(|_| !failures.is_empty()) {
            eprintln!("{} {fault:?}: {example}", self.part.source);
        }
        Row {
            source: self.part.source,
            fault: name(fault),
            looks: looks_count,
            answers: verdict.answers,
            right_share: verdict.right_share(),
            p99_ms,
            p99_max_ms: baseline.p99_max_ms,
            page_p99_ms,
            page_p99_max_ms: baseline.page_p99_max_ms,
            codes: verdict.codes.into_iter().collect(),
            stale_pages: verdict.stale,
            calls_ratio,
            recovery_s: recovery.as_secs_f64(),
            failures,
        }
    }

    /// One window of load, with the fault before the upstream from its beginning to its end.
    async fn window(&self, fault: Option<Fault>) -> anyhow::Result<Window> {
        let simulator = &self.stage.simulator;
        simulator.calls(self.part.upstream).reset();
        if let Some(fault) = fault {
            simulator.faults(self.part.upstream).always(fault);
        }
        let Load { window, others, pages, own, .. } = self.load;
        let (others, pages, own) = tokio::join!(
            paced(&self.others, others, window),
            paced(&self.pages, pages, window),
            paced(&self.own, own, window)
        );
        let mut verdict = Verdict::default();
        for reply in others.iter().chain(&pages).chain(&own) {
            verdict.look(reply, &self.references, self.part);
        }
        let p99_ms = |replies: Vec<super::pace::Reply>| {
            let latencies = replies.into_iter().map(|reply| reply.latency).collect();
            Tally::of(window, vec![(latencies, 0)]).quantile_ms(0.99)
        };
        let calls = simulator.calls(self.part.upstream).count();
        Ok(Window { verdict, p99_ms: p99_ms(others), page_p99_ms: p99_ms(pages), calls })
    }

    /// Takes the fault away; how long it takes until the upstream's own fields are all right again, past caches.
    async fn recover(&self) -> anyhow::Result<Duration> {
        self.stage.simulator.faults(self.part.upstream).clear();
        let started = Instant::now();
        loop {
            let mut verdict = Verdict::default();
            for (caller, target) in self.own.iter().enumerate() {
                let mut replies = paced(std::slice::from_ref(target), 1_000.0, Duration::from_millis(1)).await;
                replies.iter_mut().for_each(|reply| reply.caller = caller);
                replies.iter().for_each(|reply| verdict.look(reply, &self.references, self.part));
            }
            let is_well = verdict.right == verdict.answers && verdict.unsound == 0 && verdict.codes.is_empty();
            if is_well || started.elapsed() > 3 * RECOVERY_MAX {
                return Ok(started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
