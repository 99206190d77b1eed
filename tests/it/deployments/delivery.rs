//! DORA's measures against a slow and plain computation from the events.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use it::TestPlatform;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use schema::{
    Date, DateRange, DeliveryCounts, DeliverySample, DeploymentStatus, EntityRef, EnvironmentTier, Visibility,
};
use sources::{
    ingest::DeploymentEvent,
    postgres::{DeliveryQuery, Measured},
};

use super::{apply, at, event, lease};

const HISTORIES: usize = 1_000;

fn history(component: String) -> impl Strategy<Value = Vec<DeploymentEvent>> {
    use DeploymentStatus::{Canceled, Failed, Running, Succeeded};
    let end = prop_oneof![6 => Just(Succeeded), 2 => Just(Failed), 1 => Just(Canceled), 1 => Just(Running)];
    let environment = prop::sample::select(vec!["production", "production", "eu-production", "staging"]);
    let git_ref = prop::sample::select(vec!["main", "main", "main", "hotfix/urgent"]);
    let labels = prop::sample::select(vec![vec![], vec![], vec![], vec!["incident".to_owned()]]);
    let one = (1_i64..4_000, end, environment, git_ref, labels, 0_u8..6, 0_i64..90, 0_i64..5_000);
    prop::collection::vec(one, 0..14).prop_map(move |ones| {
        let mut minute = 0;
        let events =
            (0_i64..).zip(ones).map(|(number, (wait, status, environment, git_ref, labels, artifact, took, lead))| {
                minute += wait;
                DeploymentEvent {
                    status,
                    environment: environment.to_owned(),
                    tier: EnvironmentTier::of_environment(environment),
                    git_ref: Some(git_ref.to_owned()),
                    labels,
                    finished_at: status.has_ended().then(|| at(minute + took)),
                    // Clocks differ: a commit may seem to come after its deployment.
                    committed_at: (artifact != 5).then(|| at(minute - lead + 60)),
                    ..event(&component, number, minute, &format!("sha-{artifact}"))
                }
            });
        events.collect()
    })
}

/// What the events of one component count up to in the environments, by looking at everything.
fn plainly(
    events: &[DeploymentEvent],
    environments: Option<&[&str]>,
    from: NaiveDate,
    to: NaiveDate,
) -> DeliveryCounts {
    let mut places: BTreeMap<&str, Vec<&DeploymentEvent>> = BTreeMap::new();
    for event in events {
        let is_meant = match environments {
            Some(environments) => environments.contains(&event.environment.as_str()),
            None => event.tier == EnvironmentTier::Production,
        };
        if is_meant {
            places.entry(&event.environment).or_default().push(event);
        }
    }
    let mut counts = DeliveryCounts::default();
    let (mut leads, mut recoveries) = (Vec::new(), Vec::new());
    for place in places.values() {
        let good = |at: &usize| place[*at].status == DeploymentStatus::Succeeded;
        let end = |event: &DeploymentEvent| -> DateTime<Utc> { event.finished_at.unwrap_or(event.created_at) };
        let is_rollback = |at: usize| {
            let standing = (0..at).rev().find(good);
            let was_here = (0..at).filter(good).any(|old| place[old].commit_sha == place[at].commit_sha);
            was_here && standing.is_some_and(|standing| place[standing].commit_sha != place[at].commit_sha)
        };
        let is_hotfix = |at: usize| place[at].git_ref.as_deref() == Some("hotfix/urgent");
        for (at, event) in place.iter().enumerate() {
            if !event.status.has_ended() || !(from..=to).contains(&event.created_at.date_naive()) {
                continue;
            }
            counts.sample.deployments += 1;
            counts.sample.rework_deployments += i32::from(is_rollback(at) || is_hotfix(at));
            let next = (at + 1..place.len()).find(good);
            let is_good = event.status == DeploymentStatus::Succeeded;
            if is_good {
                counts.succeeded += 1;
                let is_first = !(0..at).filter(good).any(|old| place[old].commit_sha == event.commit_sha);
                if let Some(committed_at) = event.committed_at.filter(|_| is_first) {
                    leads.push((end(event) - committed_at).as_seconds_f64().max(0.0));
                }
            }
            let soon = |next: usize| (place[next].created_at - end(event)).num_minutes() <= 24 * 60;
            let needed = !is_good
                || event.labels.iter().any(|label| label == "incident")
                || next.is_some_and(|next| is_rollback(next) || (is_hotfix(next) && soon(next)));
            if needed {
                counts.sample.failed_deployments += 1;
                if let Some(next) = next {
                    counts.sample.recoveries += 1;
                    recoveries.push((end(place[next]) - end(event)).as_seconds_f64().max(0.0));
                }
            }
        }
    }
    counts.sample.changes = i32::try_from(leads.len()).unwrap();
    DeliveryCounts { lead_seconds: median(leads), recovery_seconds: median(recoveries), ..counts }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn assert_equal(found: DeliveryCounts, expected: DeliveryCounts, what: &str) {
    assert_eq!((found.succeeded, found.sample), (expected.succeeded, expected.sample), "{what}");
    for (found, expected) in
        [(found.lead_seconds, expected.lead_seconds), (found.recovery_seconds, expected.recovery_seconds)]
    {
        let differ = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() > 1e-6,
            (found, expected) => found != expected,
        };
        assert!(!differ, "{what}: {found:?} instead of {expected:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_measures_of_a_thousand_histories_are_those_of_a_plain_computation() {
    let platform = TestPlatform::start_empty(&[]).await;
    let lease = lease(platform.database()).await;
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()));
    let mut histories: BTreeMap<EntityRef, Vec<DeploymentEvent>> = BTreeMap::new();
    for number in 0..HISTORIES {
        let component = EntityRef::stored(format!("component:default/c{number}"));
        let events = history(component.as_str().to_owned()).new_tree(&mut runner).unwrap().current();
        histories.insert(component, events);
    }
    let all: Vec<DeploymentEvent> = histories.values().flatten().cloned().collect();
    assert!(all.len() > 5_000, "{} events", all.len());
    for events in all.chunks(1_000) {
        apply(&platform, &lease, events).await;
    }
    let visibility = Visibility {
        tenant: "default".to_owned(),
        subject: "test".to_owned(),
        user: None,
        teams: Vec::new(),
        scopes: Default::default(),
    };
    let components: Vec<EntityRef> = histories.keys().cloned().collect();
    let day = |offset: i64| (at(0) + chrono::TimeDelta::days(offset)).date_naive();
    let mut measured = 0;
    // Histories begin on the second of a month; ranges of days, of a whole month, of months with days before and after.
    for (environments, from, to) in [
        (None, 0, 40),
        (None, 3, 9),
        (None, -1, 29),
        (None, -1, 40),
        (None, -40, 33),
        (Some(vec!["staging"]), -5, 59),
        (Some(vec!["production", "staging"]), 2, 20),
    ] {
        let (from, to) = (day(from), day(to));
        let range = DateRange { from: Date(from), to: Date(to) };
        let named = environments.as_ref().map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let query = DeliveryQuery { of: Measured::Component, range, environments: named };
        let found = platform.database().delivery(&visibility, &query, &components).await.unwrap();
        for (component, events) in &histories {
            let expected = plainly(events, environments.as_deref(), from, to);
            let found = found.get(component).copied().unwrap_or_default();
            measured += usize::from(expected.sample != DeliverySample::default());
            assert_equal(found, expected, &format!("{component:?} {environments:?} {from} to {to}"));
        }
    }
    assert!(measured > 2 * HISTORIES, "only {measured} had anything to measure");
    platform.stop().await;
}
