//! What each subscription sends.

use async_graphql::Union;
use schema::DateRange;

use super::{
    Change, Event, Object,
    changes::{DeploymentChange, EntityChange, SourceChange},
    cost_changes::{BillingPeriodChange, CostDataChange},
    signs::{GapObject, SnapshotEnd},
};
use crate::connection::shown_count;

/// What `entityChanged` sends.
#[derive(Union)]
pub enum EntityEvent {
    /// A change.
    Change(EntityChange),
    /// Something was not sent.
    Gap(GapObject),
    /// The snapshot is complete.
    SnapshotEnd(SnapshotEnd),
}

impl EntityEvent {
    /// The event as this subscription sends it; none when it is of another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Change(change) => {
                let Object::Entity(key, entity_ref) = &change.object else { return None };
                Self::Change(EntityChange { change: Change::clone(change), key: *key, entity_ref: entity_ref.clone() })
            }
            Event::Gap(gap) => Self::Gap(gap.into()),
            Event::SnapshotEnd { cursor, count } => {
                let count = shown_count(i64::try_from(*count).unwrap_or(i64::MAX));
                Self::SnapshotEnd(SnapshotEnd { cursor: cursor.clone(), count })
            }
            Event::Job(_) => return None,
        })
    }
}

/// What `deploymentChanged` sends.
#[derive(Union)]
pub enum DeploymentEvent {
    /// A change.
    Change(DeploymentChange),
    /// Something was not sent.
    Gap(GapObject),
}

impl DeploymentEvent {
    /// The event as this subscription sends it; none when it is of another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Change(change) => {
                let Object::Deployment(key) = change.object else { return None };
                Some(Self::Change(DeploymentChange { change: Change::clone(change), key }))
            }
            Event::Gap(gap) => Some(Self::Gap(gap.into())),
            Event::Job(_) | Event::SnapshotEnd { .. } => None,
        }
    }
}

/// What `costChanged` sends.
#[derive(Union)]
pub enum CostEvent {
    /// Charges changed.
    Data(CostDataChange),
    /// A period did.
    Period(BillingPeriodChange),
    /// Something was not sent.
    Gap(GapObject),
}

impl CostEvent {
    /// The event as this subscription sends it; none when it is of another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Change(change) => match &change.object {
                Object::Charges(days) => {
                    Some(Self::Data(CostDataChange { change: Change::clone(change), days: *days }))
                }
                Object::BillingPeriod { invoice_issuer, from, to } => Some(Self::Period(BillingPeriodChange {
                    change: Change::clone(change),
                    invoice_issuer: invoice_issuer.clone(),
                    days: DateRange { from: *from, to: *to },
                })),
                _ => None,
            },
            Event::Gap(gap) => Some(Self::Gap(gap.into())),
            Event::Job(_) | Event::SnapshotEnd { .. } => None,
        }
    }
}

/// What `sourceChanged` sends.
#[derive(Union)]
pub enum SourceEvent {
    /// A change.
    Change(SourceChange),
    /// Something was not sent.
    Gap(GapObject),
}

impl SourceEvent {
    /// The event as this subscription sends it; none when it is of another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Change(change) => {
                let Object::Source(name) = &change.object else { return None };
                Some(Self::Change(SourceChange { change: Change::clone(change), name: name.clone() }))
            }
            Event::Gap(gap) => Some(Self::Gap(gap.into())),
            Event::Job(_) | Event::SnapshotEnd { .. } => None,
        }
    }
}
