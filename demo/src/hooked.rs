//! The demo's GitLab, AWX and Terraform tell its gateway what happens, with a secret that is made anew at each start.

use simulator::hook::{Following, Hooks};

use crate::platform::Platform;

const SECRET: &str = "WEFT_DEMO_HOOK";
/// Where `default.toml` looks for the secret of AWX.
const AWX_HEADER: &str = "x-weft-secret";

/// What lets them in.
pub fn settings() -> [(String, String); 5] {
    let reference = format!(r#"[{{ "env": "{SECRET}" }}]"#);
    [
        (SECRET.to_owned(), format!("{:032x}", rand::random::<u128>())),
        ("WEFT_WEBHOOKS__GITLAB__SECRETS".to_owned(), reference.clone()),
        ("WEFT_WEBHOOKS__AWX__SECRETS".to_owned(), reference.clone()),
        ("WEFT_WEBHOOKS__TERRAFORM__SECRETS".to_owned(), reference),
        // Of a run that waits AWX tells nobody.
        ("WEFT_SOURCES__AWX__NEW_RUNS_EVERY".to_owned(), "500ms".to_owned()),
    ]
}

/// Sends from now on; none where the gateway has no secret.
pub fn follow(platform: &Platform) -> Option<[Following; 3]> {
    let (_, variables) = platform.configuration();
    let (_, secret) = variables.iter().find(|(name, _)| name == SECRET)?;
    let hooks = Hooks::to(&format!("{}/webhooks", platform.url()));
    let simulator = &platform.simulator;
    Some([
        hooks.follow(simulator.gitlab(), secret),
        hooks.follow_runs(simulator.awx(), AWX_HEADER, secret),
        hooks.follow_workspaces(simulator.terraform(), secret),
    ])
}
