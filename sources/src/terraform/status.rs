//! The words of Terraform for how a run stands, in ours.

use schema::TerraformRunStatus;

/// How a run stands. `is_confirmable`: whether someone could confirm it now, where Terraform says so; several words mean a wait for
/// that, or, where nobody has to, a moment on the way.
pub(super) fn run_status(word: &str, is_confirmable: Option<bool>) -> TerraformRunStatus {
    match word {
        "pending" | "queuing" | "plan_queued" => TerraformRunStatus::Pending,
        "fetching" | "fetching_completed" | "pre_plan_running" | "pre_plan_completed" | "planning"
        | "cost_estimating" | "policy_checking" | "post_plan_running" | "assessing" => TerraformRunStatus::Planning,
        "planned"
        | "cost_estimated"
        | "policy_checked"
        | "post_plan_completed"
        | "tf_policy_checked"
        | "tf_policy_override" => match is_confirmable {
            Some(false) => TerraformRunStatus::Planning,
            Some(true) | None => TerraformRunStatus::NeedsConfirmation,
        },
        "policy_override" | "pre_plan_awaiting_decision" | "planned_and_saved" => TerraformRunStatus::NeedsConfirmation,
        "confirmed"
        | "queuing_apply"
        | "apply_queued"
        | "pre_apply_running"
        | "pre_apply_completed"
        | "applying"
        | "post_apply_running"
        | "post_apply_completed" => TerraformRunStatus::Applying,
        "applied" => TerraformRunStatus::Applied,
        "planned_and_finished" | "assessed" => TerraformRunStatus::PlannedAndFinished,
        "policy_soft_failed" => TerraformRunStatus::PolicyFailed,
        "discarded" => TerraformRunStatus::Discarded,
        "errored" => TerraformRunStatus::Errored,
        "canceled" | "force_canceled" => TerraformRunStatus::Canceled,
        _ => TerraformRunStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_word_of_the_specification_is_known() {
        let Some(text) = crate::terraform::tests::contract("hcp-terraform-openapi.subset.json") else { return };
        let specification: Value = serde_json::from_str(&text).unwrap();
        let words = specification.pointer("/components/schemas/runs/properties/attributes/properties/status/enum");
        for word in words.unwrap().as_array().unwrap() {
            let word = word.as_str().unwrap();
            assert_ne!(run_status(word, None), TerraformRunStatus::Unknown, "{word}");
        }
        assert_eq!(run_status("force_canceled", None), TerraformRunStatus::Canceled);
        assert_eq!(run_status("levitating", None), TerraformRunStatus::Unknown);
    }

    #[test]
    fn a_plan_waits_for_somebody_only_where_somebody_can_confirm_it() {
        for word in ["planned", "cost_estimated", "policy_checked"] {
            assert_eq!(run_status(word, Some(true)), TerraformRunStatus::NeedsConfirmation);
            assert_eq!(run_status(word, Some(false)), TerraformRunStatus::Planning);
        }
    }
}
