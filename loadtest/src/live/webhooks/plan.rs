//! What is sent: webhooks of deployments and pushes in rounds, and among them what nobody should take.

use std::sync::Mutex;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use simulator::hook::Hook;

use super::super::board::lock;

/// A secret token and a signing token of GitLab; and two that are nobody's.
pub(super) const TOKEN: &str = "a-secret-of-the-load-test";
pub(super) const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const WRONG_TOKEN: &str = "a-secret-of-somebody-else";
const WRONG_SIGNING: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQIhrs=";
/// Of every twenty webhooks one more is of each kind that nobody should take.
const EVERY: usize = 20;
/// Signed so long ago that it does not count any more.
const STALE: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Deployment,
    Push,
    Forged,
    Stale,
    Truncated,
    Replayed,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Push => "push",
            Self::Forged => "forged",
            Self::Stale => "stale",
            Self::Truncated => "truncated",
            Self::Replayed => "replayed",
        }
    }
}

/// How a message is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The sender breaks off: more was announced.
    Broken,
    /// What is left of it is sent as if it were all.
    Shortened,
}

/// What is sent, as often as it takes.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) hook: Hook,
    pub(super) cut: Option<Cut>,
}

/// Webhooks before they are proven.
pub(super) struct Plan {
    pub(super) good: Vec<(Kind, Hook)>,
    /// Each of a project that nobody else tells of.
    pub(super) decoys: Vec<Hook>,
    rounds: usize,
    /// When each round was signed.
    signed_at: Mutex<Vec<DateTime<Utc>>>,
}

/// Webhooks with decoys, for so many webhooks.
pub(super) fn decoys_of(hooks: usize) -> usize {
    3 * hooks.div_ceil(EVERY)
}

impl Plan {
    pub(super) fn new(good: Vec<(Kind, Hook)>, decoys: Vec<Hook>, rounds: usize) -> Self {
        Self { good, decoys, rounds, signed_at: Mutex::default() }
    }

    /// The messages of a round, to be sent now.
    pub(super) fn round(&self, number: usize, now: DateTime<Utc>) -> anyhow::Result<Vec<Message>> {
        lock(&self.signed_at).push(now);
        let mut messages = Vec::new();
        for at in self.first_of(number)..self.first_of(number + 1) {
            let (kind, hook) = self.good.get(at).context("a webhook")?;
            messages.push(Message { kind: *kind, hook: proven(at, hook, now), cut: None });
            let turn = at / EVERY;
            let decoy = |place: usize| self.decoys.get(turn * 3 + place).cloned().context("a decoy");
            let (kind, hook, cut) = match at % EVERY {
                3 => (Kind::Forged, forged(turn, decoy(0)?, now), None),
                7 => (Kind::Stale, decoy(1)?.gitlab_signed(SIGNING, now - STALE), None),
                11 => {
                    let (hook, cut) = truncated(turn, decoy(2)?, now);
                    (Kind::Truncated, hook, Some(cut))
                }
                15 if number > 0 => (Kind::Replayed, self.replayed(at, number, now)?, None),
                _ => continue,
            };
            messages.push(Message { kind, hook, cut });
        }
        Ok(messages)
    }

    fn first_of(&self, round: usize) -> usize {
        self.good.len() * round.min(self.rounds) / self.rounds.max(1)
    }

    /// One of an earlier round: as it was recorded then, or under the same key with a signature of today.
    fn replayed(&self, at: usize, round: usize, now: DateTime<Utc>) -> anyhow::Result<Hook> {
        let from = at * 7_919 % round;
        let earlier = self.first_of(from) + at * 31 % (self.first_of(from + 1) - self.first_of(from)).max(1);
        let (_, hook) = self.good.get(earlier).context("an earlier webhook")?;
        let recorded_at = lock(&self.signed_at).get(from).copied().unwrap_or(now);
        let is_recorded = (at / EVERY).is_multiple_of(2);
        Ok(proven(earlier, hook, if is_recorded { recorded_at } else { now }))
    }
}

/// Every second one is signed; the others bear the secret.
fn proven(at: usize, hook: &Hook, now: DateTime<Utc>) -> Hook {
    let hook = hook.clone();
    if at.is_multiple_of(2) { hook.gitlab_token(TOKEN) } else { hook.gitlab_signed(SIGNING, now) }
}

fn forged(turn: usize, hook: Hook, now: DateTime<Utc>) -> Hook {
    match turn % 4 {
        0 => hook.gitlab_token(WRONG_TOKEN),
        1 => hook.gitlab_signed(WRONG_SIGNING, now),
        // The signature is of another body.
        2 => {
            let signed = hook.clone().gitlab_signed(SIGNING, now);
            Hook { body: hook.body.replace("deployment", "pipeline"), ..signed }
        }
        _ => hook,
    }
}

fn truncated(turn: usize, hook: Hook, now: DateTime<Utc>) -> (Hook, Cut) {
    let is_signed = turn % 4 >= 2;
    let hook = if is_signed { hook.gitlab_signed(SIGNING, now) } else { hook.gitlab_token(TOKEN) };
    if turn.is_multiple_of(2) {
        return (hook, Cut::Broken);
    }
    let kept: String = hook.body.chars().take(hook.body.len() / 2).collect();
    (Hook { body: kept, ..hook }, Cut::Shortened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_webhook_is_in_one_round_and_replays_come_after_what_they_repeat() {
        let hook = |number: usize| {
            let body = serde_json::json!({ "number": number }).to_string();
            Hook { source: "gitlab", headers: vec![("idempotency-key".to_owned(), number.to_string())], body }
        };
        let good = (0..100).map(|number| (Kind::Deployment, hook(number))).collect();
        let plan = Plan::new(good, (0..decoys_of(100)).map(|number| hook(1_000 + number)).collect(), 7);
        let now = DateTime::from_timestamp(1_772_452_800, 0).unwrap();
        let (mut seen, mut replayed) = (Vec::new(), 0);
        for number in 0..7 {
            let before = seen.clone();
            for message in plan.round(number, now).unwrap() {
                match message.kind {
                    Kind::Deployment => seen.push(message.hook.body),
                    Kind::Replayed => {
                        assert!(before.contains(&message.hook.body));
                        replayed += 1;
                    }
                    _ => assert!(
                        message.hook.headers.iter().any(|(name, key)| name == "idempotency-key" && key.len() == 4)
                    ),
                }
            }
        }
        assert_eq!((seen.len(), replayed), (100, 5));
    }
}
