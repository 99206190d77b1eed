//! Windows over a table in memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use schema::{AutomationJobKind, AutomationJobStatus, SourceKind};

use super::*;
use crate::awx::client::ROWS_MAX;

fn job(number: i32, template: i32) -> AutomationJobRecord {
    AutomationJobRecord {
        number,
        name: String::new(),
        kind: AutomationJobKind::Job,
        status: AutomationJobStatus::Successful,
        upstream_status: String::new(),
        explanation: None,
        template: Some(template),
        launch_type: None,
        launched_by: None,
        created_at: None,
        started_at: None,
        finished_at: None,
        duration_seconds: None,
        web_url: None,
    }
}

/// Runs of all templates: `cadences` says after how many steps each runs again.
fn table(cadences: &[i32], steps: i32) -> Vec<AutomationJobRecord> {
    let mut jobs = Vec::new();
    for step in 0..steps {
        for (template, cadence) in cadences.iter().enumerate() {
            if step % cadence == 0 {
                jobs.push(job(i32::try_from(jobs.len()).unwrap() + 1, i32::try_from(template).unwrap()));
            }
        }
    }
    jobs.reverse();
    jobs
}

fn ask(table: &[AutomationJobRecord], templates: &[i32], before: Option<i32>) -> Runs {
    let fits = |job: &&AutomationJobRecord| {
        templates.contains(&job.template.unwrap()) && before.is_none_or(|before| job.number < before)
    };
    let jobs: Vec<_> = table.iter().filter(fits).take(ROWS_MAX).cloned().collect();
    Runs { floor: jobs.last().map(|job| job.number).filter(|_| jobs.len() == ROWS_MAX), jobs }
}

/// Windows of the runs that templates name.
fn named(table: &[AutomationJobRecord], sets: &[Vec<i32>], depth: usize) -> HashMap<Vec<i32>, Window> {
    let read = table.iter().map(|job| (job.number, Arc::new(job.clone()))).collect();
    let recent = |id: &i32| {
        let own = table.iter().filter(|job| job.template == Some(*id)).map(|job| job.number);
        let numbers: Vec<i32> = own.take(10).collect();
        RecentRuns { is_all: numbers.len() < 10, numbers }
    };
    let window = |set: &Vec<i32>| {
        let recents: Vec<_> = set.iter().map(recent).collect();
        let named = Named::of(&recents.iter().collect::<Vec<_>>(), depth).expect("ten runs of one reach ten of all");
        (set.clone(), named.window(&read))
    };
    sets.iter().map(window).collect()
}

/// Each template alone.
fn alone(templates: impl IntoIterator<Item = i32>) -> Vec<Vec<i32>> {
    templates.into_iter().map(|id| vec![id]).collect()
}

fn filled(table: &[AutomationJobRecord], sets: &[Vec<i32>], depth: usize) -> (HashMap<Vec<i32>, Window>, usize) {
    let calls = AtomicUsize::new(0);
    let windows = futures::executor::block_on(fill(sets, depth, |templates, before| {
        calls.fetch_add(1, Ordering::Relaxed);
        let runs = ask(table, &templates, before);
        async { Ok(runs) }
    }));
    (windows.unwrap(), calls.into_inner())
}

#[test]
fn templates_that_run_seldom_are_found_behind_those_that_run_often() {
    // One runs each minute, 98 each day, one has not run for a month.
    let cadences: Vec<i32> = (0..100)
        .map(|template| {
            if template == 0 {
                1
            } else if template == 99 {
                50_000
            } else {
                1_440
            }
        })
        .collect();
    let table = table(&cadences, 10_000);
    let (windows, calls) = filled(&table, &alone(0..100), 1);
    assert!(windows.values().all(|window| !window.jobs.is_empty()), "a latest run is missing");
    assert!(calls <= 5, "{calls} calls");
}

#[test]
fn equal_cadences_are_one_call_for_two_hundred_rows() {
    let (windows, calls) = filled(&table(&[7; 30], 1_000), &alone(0..30), 6);
    assert!(windows.values().all(|window| window.jobs.len() >= 6));
    assert_eq!(calls, 1);
}

#[test]
fn a_later_call_that_fails_takes_nothing_away() {
    let table = table(&[1, 100_000], 1_000);
    let calls = AtomicUsize::new(0);
    let fails_from = |first_bad: usize| {
        calls.store(0, Ordering::Relaxed);
        futures::executor::block_on(fill(&alone([0, 1]), 1, |templates, before| {
            let runs = ask(&table, &templates, before);
            let is_bad = calls.fetch_add(1, Ordering::Relaxed) >= first_bad;
            async move { if is_bad { Err(SourceError::unavailable(SourceKind::Awx, "gone")) } else { Ok(runs) } }
        }))
    };
    let windows = fails_from(1).unwrap();
    assert_eq!(windows[[0].as_slice()].jobs.len(), WINDOW_ROWS_MAX);
    assert!(
        windows[[1].as_slice()].jobs.is_empty() && windows[[1].as_slice()].floor.is_some(),
        "unknown was taken for none"
    );
    assert!(fails_from(0).is_err());
}

proptest! {
    #[test]
    fn what_a_window_tells_is_what_the_table_says(
        cadences in prop::collection::vec(1..300_i32, 1..8),
        steps in 1..600_i32,
        depth in 1..30_usize,
        rows in 1..120_usize,
        before in prop::option::of(1..900_i32),
        tells_more: bool,
        are_named: bool,
    ) {
        let table = table(&cadences, steps);
        let count = i32::try_from(cadences.len()).unwrap();
        // Each alone, those beside each other, and all.
        let pairs = (1..count).map(|id| vec![id - 1, id]);
        let mut sets: Vec<Vec<i32>> = alone(0..count).into_iter().chain(pairs).chain([(0..count).collect()]).collect();
        sets.sort();
        sets.dedup();
        let (windows, _) = filled(&table, &sets, depth);
        let windows = if are_named { named(&table, &sets, depth.min(10)) } else { windows };
        prop_assert_eq!(windows.len(), sets.len());
        for (set, window) in &windows {
            let own: Vec<&AutomationJobRecord> =
                table.iter().filter(|job| job.template.is_some_and(|id| set.contains(&id))).collect();
            prop_assert!(own.iter().zip(&window.jobs).all(|(expected, found)| **expected == **found), "a gap");
            prop_assert!(!are_named || window.jobs.len() == depth.min(10).min(own.len()), "{} runs", window.jobs.len());
            let Some(merged) = window.merged(before, rows, tells_more) else { continue };
            let older = own.iter().map(|job| job.number).filter(|number| before.is_none_or(|before| *number < before));
            let older: Vec<i32> = older.collect();
            let expected = older.get(..rows).unwrap_or(&older);
            let found: Vec<i32> = merged.runs.iter().map(|job| job.number).collect();
            prop_assert_eq!(found.as_slice(), expected);
            prop_assert!(!tells_more || merged.has_more == (older.len() > rows));
            prop_assert!(merged.total.is_none_or(|total| total == own.len()));
        }
    }
}
