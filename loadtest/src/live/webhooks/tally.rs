//! What senders were answered, and where the gateway was killed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    plan::{Kind, Message},
    sender::Outcome,
    step::Step,
};

/// Counts of one run.
#[derive(Default)]
pub(super) struct Tally {
    kills: Vec<Step>,
    /// By kind and by what became of it: how many, and how often they were sent.
    answers: BTreeMap<(Kind, &'static str), (usize, u32)>,
    /// The keys of webhooks that were answered well.
    pub(super) answered: BTreeSet<String>,
}

impl Tally {
    pub(super) fn killed(&mut self, step: Step) {
        self.kills.push(step);
    }

    pub(super) fn add(&mut self, message: &Message, outcome: &Outcome) {
        let became = match outcome.status {
            Some(200) if outcome.is_known => "known already",
            Some(200) => "stored",
            Some(401) => "refused: 401",
            Some(400) => "refused: 400",
            Some(_) => "something else",
            None => "broken off, no answer",
        };
        let (count, sent) = self.answers.entry((message.kind, became)).or_default();
        *count += 1;
        *sent += outcome.tries;
        if outcome.status == Some(200) {
            let key = message.hook.headers.iter().find(|(name, _)| name == "idempotency-key");
            self.answered.extend(key.map(|(_, key)| key.clone()));
        }
    }

    pub(super) fn print(&self) {
        for step in Step::ALL {
            let kills = self.kills.iter().filter(|killed| **killed == step).count();
            println!("  killed {kills:>3} times: {}", step.name());
        }
        for ((kind, became), (count, sent)) in &self.answers {
            println!("  {count:>6} {:10} {became}, sent {sent} times", kind.name());
        }
    }
}
