//! What follows from a place, against a plain computation that looks at every pair, and the same from a window as from the whole.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use schema::{DeploymentStatus, RemedyReason};
use uuid::Uuid;

use super::derive::{DeliveryRules, Derived, Placed, Remedy, derive};

fn rules() -> DeliveryRules {
    DeliveryRules {
        failed_rollout: true,
        rollback: true,
        hotfix: true,
        incident: true,
        remedy_within: Duration::from_secs(3_600),
        hotfix_refs: Vec::new(),
        hotfix_labels: Vec::new(),
        incident_labels: Vec::new(),
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

fn row(minute: i64, status: DeploymentStatus, artifact: Option<&str>) -> Placed {
    Placed {
        id: Uuid::from_u128(minute.unsigned_abs().into()),
        created_at: at(minute),
        status,
        artifact: artifact.map(str::to_owned),
        has_commit: true,
        finished_at: Some(at(minute + 1)),
        is_hotfix: false,
        is_incident: false,
    }
}

#[test]
fn an_older_version_that_returns_is_a_rollback_and_the_remedy_of_what_it_replaces() {
    use DeploymentStatus::{Failed, Succeeded};
    let rows = [
        row(0, Succeeded, Some("a")),
        row(10, Succeeded, Some("b")),
        row(20, Succeeded, Some("a")),
        // The same again replaces nothing.
        row(30, Succeeded, Some("a")),
        row(40, Failed, Some("c")),
        // What stood all the while does not come back.
        row(50, Succeeded, Some("a")),
        row(60, Failed, Some("b")),
    ];
    let derived = derive(&rows, &HashSet::new(), &rules());
    let rollbacks: Vec<bool> = derived.iter().map(|one| one.is_rollback).collect();
    assert_eq!(rollbacks, [false, false, true, false, false, false, true]);
    let reasons: Vec<_> = derived.iter().map(|one| one.remedy.reason).collect();
    let failed = Some(RemedyReason::FailedRollout);
    assert_eq!(reasons, [None, Some(RemedyReason::Rollback), None, None, failed, None, failed]);
    assert_eq!(
        derived[1].remedy,
        Remedy { reason: Some(RemedyReason::Rollback), by: Some(rows[2].id), recovery_seconds: Some(600.0) }
    );
    assert_eq!((derived[4].remedy.by, derived[6].remedy.by), (Some(rows[5].id), None));
    let firsts: Vec<bool> = derived.iter().map(|one| one.is_first_of_commit).collect();
    assert_eq!(firsts, [true, true, false, false, false, false, false]);
    assert_eq!(derived[6].previous, Some(rows[5].id));
}

#[test]
fn a_hotfix_is_a_remedy_only_when_it_comes_soon() {
    use DeploymentStatus::Succeeded;
    let hotfix = |minute| Placed { is_hotfix: true, ..row(minute, Succeeded, Some("fix")) };
    let soon = derive(&[row(0, Succeeded, Some("a")), hotfix(61)], &HashSet::new(), &rules());
    assert_eq!(soon[0].remedy.reason, Some(RemedyReason::Hotfix));
    assert!(soon[1].is_rework);
    let late = derive(&[row(0, Succeeded, Some("a")), hotfix(62)], &HashSet::new(), &rules());
    assert_eq!(late[0].remedy, Remedy::default());
    let unruled = DeliveryRules { hotfix: false, ..rules() };
    let ignored = derive(&[row(0, Succeeded, Some("a")), hotfix(5)], &HashSet::new(), &unruled);
    assert_eq!(ignored[0].remedy, Remedy::default());
}

/// The same by looking at every other row for each.
fn plainly(rows: &[Placed], rules: &DeliveryRules) -> Vec<Derived> {
    let good = |row: &&Placed| row.status == DeploymentStatus::Succeeded;
    let of = |at: usize| {
        let row = &rows[at];
        let standing = rows[..at].iter().rev().find(good);
        let was_here = rows[..at].iter().filter(good).any(|old| row.artifact.is_some() && old.artifact == row.artifact);
        let is_rollback = was_here && standing.is_some_and(|standing| standing.artifact != row.artifact);
        (standing, was_here, is_rollback)
    };
    let end = |row: &Placed| row.finished_at.unwrap_or(row.created_at);
    (0..rows.len())
        .map(|at| {
            let row = &rows[at];
            let (standing, was_here, is_rollback) = of(at);
            let next = (at + 1..rows.len()).find(|next| good(&&rows[*next]));
            let soon = |next: usize| (rows[next].created_at - end(row)).num_milliseconds() <= 3_600_000;
            let reason = match row.status {
                DeploymentStatus::Failed if rules.failed_rollout => Some(RemedyReason::FailedRollout),
                DeploymentStatus::Succeeded => match next {
                    _ if row.is_incident && rules.incident => Some(RemedyReason::Incident),
                    Some(next) if of(next).2 && rules.rollback => Some(RemedyReason::Rollback),
                    Some(next) if rows[next].is_hotfix && soon(next) && rules.hotfix => Some(RemedyReason::Hotfix),
                    _ => None,
                },
                _ => None,
            };
            let by = next.filter(|_| reason.is_some());
            let ended = matches!(row.status, DeploymentStatus::Succeeded | DeploymentStatus::Failed);
            Derived {
                previous: standing.map(|standing| standing.id),
                is_rollback,
                is_first_of_commit: good(&row) && row.has_commit && !was_here,
                is_rework: ended && (is_rollback || row.is_hotfix),
                remedy: Remedy {
                    reason,
                    by: by.map(|by| rows[by].id),
                    recovery_seconds: by.map(|by| ((end(&rows[by]) - end(row)).num_seconds() as f64).max(0.0)),
                },
            }
        })
        .collect()
}

fn place() -> impl Strategy<Value = Vec<Placed>> {
    use DeploymentStatus::{Canceled, Failed, Running, Succeeded};
    let status = prop_oneof![4 => Just(Succeeded), 2 => Just(Failed), 1 => Just(Running), 1 => Just(Canceled)];
    let artifact = prop_oneof![1 => Just(None), 6 => (0_u8..4).prop_map(|name| Some(name.to_string()))];
    let one = (1_i64..50, status, artifact, any::<[bool; 3]>(), proptest::option::of(0_i64..40));
    proptest::collection::vec(one, 0..25).prop_map(|rows| {
        let mut minute = 0;
        let placed = rows.into_iter().map(|(wait, status, artifact, [has_commit, is_hotfix, is_incident], took)| {
            minute += wait;
            Placed {
                has_commit,
                is_hotfix,
                is_incident,
                finished_at: took.map(|took| at(minute + took)),
                ..row(minute, status, artifact.as_deref())
            }
        });
        placed.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn it_is_what_a_look_at_every_pair_says(rows in place(), [failed_rollout, rollback, hotfix, incident] in any::<[bool; 4]>()) {
        let rules = DeliveryRules { failed_rollout, rollback, hotfix, incident, ..rules() };
        prop_assert_eq!(derive(&rows, &HashSet::new(), &rules), plainly(&rows, &rules));
    }

    #[test]
    fn a_window_from_a_success_on_says_the_same_as_the_whole(rows in place(), cut in 0_usize..25) {
        let whole = derive(&rows, &HashSet::new(), &rules());
        let Some(start) = rows.iter().skip(cut).position(|row| row.status == DeploymentStatus::Succeeded) else {
            return Ok(());
        };
        let start = cut + start;
        let earlier: HashSet<String> = rows[..start]
            .iter()
            .filter(|row| row.status == DeploymentStatus::Succeeded)
            .filter_map(|row| row.artifact.clone())
            .collect();
        let window = derive(&rows[start..], &earlier, &rules());
        // Of the first itself only the remedy follows from what comes after.
        prop_assert_eq!(&window[0].remedy, &whole[start].remedy);
        prop_assert_eq!(&window[1..], &whole[start + 1..]);
    }
}
