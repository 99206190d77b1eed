//! The demo's GitLab tells its gateway what happens, with a secret that is made anew at each start.

use simulator::hook::{Following, Hooks};

use crate::platform::Platform;

const SECRET: &str = "WEFT_DEMO_HOOK";

/// What lets GitLab in.
pub fn settings() -> [(String, String); 2] {
    [
        (SECRET.to_owned(), format!("{:032x}", rand::random::<u128>())),
        ("WEFT_WEBHOOKS__GITLAB__SECRETS".to_owned(), format!(r#"[{{ "env": "{SECRET}" }}]"#)),
    ]
}

/// Sends from now on; none where the gateway has no secret.
pub fn follow(platform: &Platform) -> Option<Following> {
    let (_, variables) = platform.configuration();
    let (_, secret) = variables.iter().find(|(name, _)| name == SECRET)?;
    let hooks = Hooks::to(&format!("{}/webhooks", platform.url()));
    Some(hooks.follow(platform.simulator.gitlab(), secret))
}
