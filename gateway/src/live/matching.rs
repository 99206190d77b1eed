//! What a change is to one subscription: a creation, an update, a deletion, or nothing. An object that comes into its sight or its filter
//! is created, one that leaves either is deleted, whatever really happened.

use std::{collections::HashSet, sync::Arc};

use resolvers::live::Topic;
use schema::{ChangeKind, Visibility, scope};
use sources::postgres::{Change, ChangeTopic};

use super::{
    deployments,
    entities::{self, Entity},
    facts::{CostFacts, CostSubject, DeploymentFacts, EntityFacts, NoFacts, Sight, Told},
};

/// Through whose eyes changes are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    own_refs: Vec<String>,
    /// For whom the viewer sees team-only entities; none: for everybody.
    guardians: Option<HashSet<String>>,
    /// Whether periods are told in which others may have all charges.
    sees_all_costs: bool,
}

impl Viewer {
    /// A viewer, with the guardians that the database names.
    pub fn new(visibility: &Visibility, guardians: Option<Vec<String>>) -> Self {
        Self {
            own_refs: visibility.own_refs(),
            guardians: guardians.map(HashSet::from_iter),
            sees_all_costs: visibility.has(scope::COST_READ_ALL),
        }
    }

    /// The viewer and the viewer's teams.
    pub fn own_refs(&self) -> &[String] {
        &self.own_refs
    }

    /// Whether the viewer or one of the viewer's teams is this owner.
    pub fn owns(&self, owner_ref: Option<&str>) -> bool {
        owner_ref.is_some_and(|owner| self.own_refs.iter().any(|own| own == owner))
    }

    /// Whether nothing is hidden from the viewer.
    pub fn sees_all(&self) -> bool {
        self.guardians.is_none()
    }

    fn sees(&self, sight: &Sight) -> bool {
        let is_guarded_for_viewer = |guardians: &HashSet<String>| {
            sight.guardian_ref.as_ref().is_some_and(|guardian| guardians.contains(guardian))
        };
        !sight.is_team_only || self.guardians.as_ref().is_none_or(is_guarded_for_viewer)
    }
}

/// A change, read once for everybody.
pub struct Read {
    /// The line of the log.
    pub change: Change,
    /// What it tells.
    pub facts: Facts,
}

/// What a line of the log tells.
pub enum Facts {
    /// Of an entity.
    Entity(Box<Told<EntityFacts>>),
    /// Of a deployment.
    Deployment(Box<Told<DeploymentFacts>>),
    /// Of charges.
    Cost(Box<Told<CostFacts>>),
    /// Of a source; what it is now is read from the source.
    Source(Box<Told<NoFacts>>),
    /// Nothing that this release understands.
    Unreadable,
}

impl Read {
    /// Reads a line.
    pub fn of(change: Change) -> Arc<Self> {
        let payload = &change.payload;
        let facts = match change.topic {
            ChangeTopic::Entity => Told::read(payload).map(|told| Facts::Entity(Box::new(told))),
            ChangeTopic::Deployment => Told::read(payload).map(|told| Facts::Deployment(Box::new(told))),
            ChangeTopic::Cost => Told::read_now(payload).map(|told| Facts::Cost(Box::new(told))),
            ChangeTopic::Source => Told::read_now(payload).map(|told| Facts::Source(Box::new(told))),
        };
        if facts.is_none() {
            tracing::warn!(topic = ?change.topic, position = ?change.position, "a line of the change log cannot be read");
        }
        Arc::new(Self { change, facts: facts.unwrap_or(Facts::Unreadable) })
    }

    /// What changed of it, where it was updated.
    pub fn changed_fields(&self) -> &[String] {
        match &self.facts {
            Facts::Entity(told) => &told.changed_fields,
            Facts::Deployment(told) => &told.changed_fields,
            Facts::Cost(told) => &told.changed_fields,
            Facts::Source(told) => &told.changed_fields,
            Facts::Unreadable => &[],
        }
    }

    /// A team changed: who sees what may have changed with it, because teams see what the teams below them guard. Who is of which team is
    /// said by tokens.
    pub fn may_change_sight(&self) -> bool {
        self.change.topic == ChangeTopic::Entity && self.change.object_ref.starts_with("group:")
    }

    /// Others may see the object than did before, and with it its deployments, which have no lines of their own for it.
    pub fn moves_deployments(&self) -> bool {
        match &self.facts {
            Facts::Entity(told) => match (told.moves_deployments, &told.before) {
                (Some(false), _) | (None, None) => false,
                // It was there before, and removed meanwhile.
                (Some(true), None) => true,
                (_, Some(before)) => before.sight != told.now.sight,
            },
            _ => false,
        }
    }
}

/// What a change is to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Nothing,
    /// This.
    Change(ChangeKind),
    /// It cannot be told.
    Unknown,
}

/// What this change is to who wants `topic`.
pub fn judge(topic: &Topic, viewer: &Viewer, read: &Read) -> Verdict {
    let change = &read.change;
    let is_gone = change.kind == ChangeKind::Deleted;
    let (was, is) = match (topic, &read.facts) {
        (Topic::Entities(filter), Facts::Entity(told)) => {
            let entity_ref = change.object_ref.as_str();
            let is_cut = told.now.is_cut || told.before.as_ref().is_some_and(|before| before.is_cut);
            if is_cut && entities::looks_at_pairs(filter) {
                return Verdict::Unknown;
            }
            let matches = |facts: &EntityFacts, updated_at| {
                viewer.sees(&facts.sight)
                    && entities::matches(filter, &Entity { entity_ref, facts, updated_at, unknown: true }, viewer)
            };
            (told.before.as_ref().is_some_and(|before| matches(before, None)), matches(&told.now, Some(change.at)))
        }
        (Topic::Deployments(filter), Facts::Deployment(told)) => {
            let matches = |facts: &DeploymentFacts| {
                viewer.sees(&facts.sight) && deployments::matches(filter, &change.object_ref, facts)
            };
            (told.before.as_ref().is_some_and(matches), matches(&told.now))
        }
        // Its deployments go where the component goes.
        (Topic::Deployments(filter), Facts::Entity(told)) => {
            let is_other = match &told.before {
                Some(before) => viewer.sees(&before.sight) != viewer.sees(&told.now.sight),
                // Who saw it before it was removed is not told.
                None => !viewer.sees_all(),
            };
            let is_other = read.moves_deployments() && is_other;
            let is_meant = deployments::is_of(filter, &change.object_ref);
            return if is_other && is_meant { Verdict::Unknown } else { Verdict::Nothing };
        }
        // Which charges of the days an import touched is not told: whoever asks for some of them looks again.
        (Topic::Costs(_), Facts::Cost(told)) => {
            let may = told.now.what == CostSubject::Data || viewer.sees_all_costs;
            return if may { Verdict::Change(change.kind) } else { Verdict::Nothing };
        }
        (Topic::Sources, Facts::Source(_)) => return Verdict::Change(change.kind),
        (_, Facts::Unreadable) => return Verdict::Unknown,
        _ => return Verdict::Nothing,
    };
    match (was, is && !is_gone) {
        (true, true) => Verdict::Change(ChangeKind::Updated),
        (true, false) => Verdict::Change(ChangeKind::Deleted),
        (false, true) => Verdict::Change(ChangeKind::Created),
        (false, false) => Verdict::Nothing,
    }
}
