//! How a rollout stands: first whether the controller has looked at the newest version at all, then what it says, then the counts.

use k8s_openapi::api::apps::v1::DeploymentCondition;
use schema::RolloutStatus;

/// What a controller says of a workload.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Of the workload as it is wanted now.
    pub(super) generation: Option<i64>,
    /// Of the workload as the controller last saw it.
    pub(super) observed: Option<i64>,
    pub(super) is_paused: bool,
    /// The controller gave up.
    pub(super) is_stalled: bool,
    pub(super) desired: i32,
    /// Of whatever revision.
    pub(super) total: i32,
    pub(super) updated: i32,
    pub(super) available: i32,
    /// So many pods are to stay as they are.
    pub(super) kept_back: i32,
}

impl Observed {
    /// Whether the controller has looked at the newest version.
    pub(super) fn is_current(&self) -> bool {
        self.observed.is_some_and(|observed| observed >= self.generation.unwrap_or(0))
    }

    /// How the newest rollout stands.
    pub(super) fn rollout(&self) -> RolloutStatus {
        let is_updated = self.updated >= self.desired.saturating_sub(self.kept_back);
        let has_old_pods = self.total > self.updated.saturating_add(self.kept_back);
        if !self.is_current() {
            RolloutStatus::Unknown
        } else if self.is_paused {
            RolloutStatus::Paused
        } else if self.is_stalled {
            RolloutStatus::Stalled
        } else if is_updated && !has_old_pods && self.available >= self.desired {
            RolloutStatus::Complete
        } else {
            RolloutStatus::Progressing
        }
    }
}

/// The condition of this type, when it has this status.
pub(super) fn condition<'a>(
    conditions: Option<&'a Vec<DeploymentCondition>>,
    kind: &str,
    status: &str,
) -> Option<&'a DeploymentCondition> {
    conditions?.iter().find(|condition| condition.type_ == kind && condition.status == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled() -> Observed {
        Observed {
            generation: Some(4),
            observed: Some(4),
            desired: 3,
            total: 3,
            updated: 3,
            available: 3,
            ..Observed::default()
        }
    }

    #[test]
    fn what_the_controller_has_not_seen_is_not_known() {
        assert_eq!(Observed { observed: Some(3), ..settled() }.rollout(), RolloutStatus::Unknown);
        assert_eq!(Observed { observed: None, ..settled() }.rollout(), RolloutStatus::Unknown);
        assert_eq!(Observed { observed: Some(5), ..settled() }.rollout(), RolloutStatus::Complete);
    }

    #[test]
    fn a_rollout_is_complete_when_all_pods_are_new_and_available() {
        assert_eq!(settled().rollout(), RolloutStatus::Complete);
        for under_way in [
            Observed { updated: 2, ..settled() },
            Observed { total: 4, ..settled() },
            Observed { available: 2, ..settled() },
        ] {
            assert_eq!(under_way.rollout(), RolloutStatus::Progressing, "{under_way:?}");
        }
        assert_eq!(Observed { is_stalled: true, ..settled() }.rollout(), RolloutStatus::Stalled);
        assert_eq!(Observed { is_paused: true, is_stalled: true, ..settled() }.rollout(), RolloutStatus::Paused);
        assert_eq!(Observed { updated: 1, kept_back: 2, ..settled() }.rollout(), RolloutStatus::Complete);
        let none = Observed { desired: 0, total: 0, updated: 0, available: 0, ..settled() };
        assert_eq!(none.rollout(), RolloutStatus::Complete);
    }
}
