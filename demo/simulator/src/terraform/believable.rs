//! What a workspace's name makes believable.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::json;

use super::{Assessments, ExecutionMode, Output, Workspace, workspace::FIRST_CREATED};
use crate::seed::{between, draw, pick};

const PROJECTS: [&str; 5] = ["Default Project", "Networking", "Platform", "Data", "Applications"];
const VERSIONS: [&str; 5] = ["1.5.7", "1.9.8", "1.10.5", "1.12.2", "1.13.4"];
const STAGES: [&str; 3] = ["dev", "staging", "prod"];

impl Workspace {
    /// A workspace as its name suggests it: the same one for the same organization and name, always.
    pub fn believable(organization: &str, name: &str) -> Self {
        let subject = format!("{organization}/{name}");
        let of = |topic, low, high| between(&subject, topic, low, high);
        let signed = |topic, low, high| i64::try_from(of(topic, low, high)).unwrap_or(0);
        let small = |topic, low, high| u32::try_from(of(topic, low, high)).unwrap_or(0);
        let choice = |topic, choices: &[&str]| {
            pick(&subject, topic, choices).map_or_else(String::new, |word| (*word).to_owned())
        };
        let execution_mode = match of("mode", 0, 19) {
            0 => ExecutionMode::Local,
            1..=4 => ExecutionMode::Agent,
            _ => ExecutionMode::Remote,
        };
        let stage = STAGES
            .iter()
            .find(|stage| name.ends_with(**stage))
            .map_or_else(|| choice("stage", &STAGES), |stage| (*stage).to_owned());
        let is_assessed = execution_mode != ExecutionMode::Local && of("assessed", 0, 9) < 7;
        let resources = small("resources", 4, 180);
        Self {
            project: choice("project", &PROJECTS),
            description: of("described", 0, 3).ne(&0).then(|| format!("Infrastructure of {name}.")),
            execution_mode,
            auto_apply: draw(&subject, "auto apply").is_multiple_of(3),
            terraform_version: choice("version", &VERSIONS),
            working_directory: if of("directory", 0, 2) == 0 { format!("stages/{stage}") } else { String::new() },
            vcs_repo: of("repository", 0, 3).ne(&0).then(|| format!("infrastructure/{name}")),
            tag_names: vec![stage.clone()],
            tag_bindings: BTreeMap::from([
                ("environment".to_owned(), stage.clone()),
                ("cost-center".to_owned(), format!("cc-{}", of("cost center", 100, 140))),
            ]),
            created_at: FIRST_CREATED + TimeDelta::days(signed("created", 0, 364)),
            run_every: Some(TimeDelta::minutes(signed("cadence", 45, 480))),
            failure_percent: u8::try_from(of("failures", 4, 16)).unwrap_or(10),
            plan_only_percent: u8::try_from(of("plan only", 10, 35)).unwrap_or(20),
            assessments: if is_assessed { Assessments::On } else { Assessments::Off },
            drift_percent: u8::try_from(of("drift", 5, 35)).unwrap_or(20),
            checks: small("checks", 0, 6),
            resources,
            monthly_cost_milli: of("priced", 0, 9).ne(&0).then(|| u64::from(resources) * of("price", 900, 42_000)),
            outputs: outputs(&subject, name, &stage),
            ..Self::new(organization, name)
        }
    }
}

fn outputs(subject: &str, name: &str, stage: &str) -> Vec<Output> {
    let third = between(subject, "network", 0, 255);
    vec![
        Output::new("endpoint", format!("https://{name}.{stage}.example.com")),
        Output::new("vpc_cidr", format!("10.{third}.0.0/16")),
        Output::new("instance_count", between(subject, "instances", 1, 9)),
        Output::new("subnets", json!([format!("10.{third}.1.0/24"), format!("10.{third}.2.0/24")])),
        Output::sensitive("admin_password", "never shown"),
    ]
}
