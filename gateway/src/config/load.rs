//! Defaults, then the file, then the environment.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, bail};
use config::{File, FileFormat};
use secrecy::{ExposeSecret, SecretString};

use super::{Config, SIGNING_SECRET};

/// What HS256 asks of its key.
const SIGNING_SECRET_BYTES_MIN: usize = 32;

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The variables of the environment, read once.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// An environment made of these variables.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The variable with this name, unless it is empty.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }
}

/// A configuration with the secrets it refers to.
#[derive(Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Secrets of the sources.
    pub secrets: sources::Secrets,
    /// Keys the fingerprints of variables.
    pub audit_key: Option<SecretString>,
}

impl Config {
    /// Reads and checks the configuration. The error names every key at fault.
    pub fn load(file: Option<&Path>, environment: &Environment) -> anyhow::Result<Loaded> {
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        for (name, key) in [
            ("DATABASE_URL", "database.url"),
            ("REDIS_URL", "redis.url"),
            ("WEFT_LISTEN", "server.listen"),
            ("WEFT_ADMIN_LISTEN", "server.admin_listen"),
        ] {
            builder = builder.set_override_option(key, environment.get(name))?;
        }
        for (name, value) in &environment.0 {
            let key = name.strip_prefix("WEFT_").filter(|rest| rest.contains("__"));
            if let Some(key) = key {
                let key = key.to_ascii_lowercase().replace("__", ".");
                // Lists and tables are JSON.
                let list = value.starts_with(['[', '{']).then(|| serde_json::from_str::<config::Value>(value));
                builder = match list {
                    Some(Ok(list)) => builder.set_override(key, list)?,
                    _ => builder.set_override(key, value.as_str())?,
                };
            }
        }
        let config: Config = builder.build()?.try_deserialize().context("the configuration is not valid")?;
        let mut problems: Vec<String> = config.validate().iter().map(ToString::to_string).collect();
        let read = |reference: &Option<sources::SecretRef>, key: &str, problems: &mut Vec<String>| {
            let secret = reference.as_ref()?.read(&|name| environment.get(name));
            secret.map_err(|error| problems.push(format!("{key}: {error}"))).ok()
        };
        let mut secrets = HashMap::new();
        for (key, reference) in
            [config.sources.secret_refs(), config.webhooks.secret_refs(), config.federation.secret_refs()].concat()
        {
            match sources::Credential::open(&reference, &|name| environment.get(name)) {
                Ok(credential) => {
                    let problem = sources::webhook::Config::secret_problem(&key, &credential.current());
                    problems.extend(problem.map(|problem| format!("{key}: {problem}")));
                    if key == SIGNING_SECRET && credential.current().expose_secret().len() < SIGNING_SECRET_BYTES_MIN {
                        problems.push(format!("{key}: must be at least {SIGNING_SECRET_BYTES_MIN} bytes long"));
                    }
                    secrets.insert(key, credential);
                }
                Err(error) => problems.push(format!("{key}: {error}")),
            }
        }
        let audit_key = read(&config.telemetry.audit_key, "telemetry.audit_key", &mut problems);
        if audit_key.as_ref().is_some_and(|key| key.expose_secret().len() < 16) {
            problems.push("telemetry.audit_key: must be at least 16 bytes long".to_owned());
        }
        if !problems.is_empty() {
            bail!("the configuration has {} problem(s):\n  {}", problems.len(), problems.join("\n  "));
        }
        Ok(Loaded { config, secrets: sources::Secrets::new(secrets), audit_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)], file: Option<&Path>) -> anyhow::Result<Loaded> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(file, &Environment::of(owned))
    }

    #[test]
    fn the_defaults_are_valid_and_the_environment_overrides_them() {
        let loaded = load(&[("WEFT_LISTEN", "127.0.0.1:1"), ("WEFT_SERVER__REQUEST_TIMEOUT", "7s")], None).unwrap();
        assert_eq!(loaded.config.server.listen.port(), 1);
        assert_eq!(loaded.config.server.request_timeout.as_secs(), 7);
    }

    #[test]
    fn lists_and_tables_in_the_environment_are_json() {
        let groups = ("WEFT_SOURCES__GITLAB__DISCOVERY__GROUPS", r#"[{ "group": "acme", "topics": ["backend"] }]"#);
        let loaded = load(&[groups, ("WEFT_SOURCES__GITLAB__GROUPS", r#"["acme"]"#)], None).unwrap();
        let gitlab = loaded.config.sources.gitlab;
        assert_eq!(gitlab.groups, ["acme"]);
        assert_eq!(gitlab.discovery.groups[0].group, "acme");
        assert_eq!(gitlab.discovery.groups[0].topics, ["backend"]);
        assert!(load(&[("WEFT_SOURCES__GITLAB__GROUPS", "[acme")], None).is_err());
        let splits = |splits| load(&[("WEFT_COST__SPLITS", splits)], None);
        let loaded = splits(r#"{ "people": { "payments": 12, "group:default/search": "4.5" } }"#).unwrap();
        assert_eq!(loaded.config.cost.options().splits["people"].len(), 2);
        for (wrong, says) in [
            (r#"{ "people": {} }"#, "cost.splits.people: must name 1 to"),
            (r#"{ "people": { "payments": 0 } }"#, "greater than 0"),
            (r#"{ "people": { "payments": 1, "group:default/payments": 1 } }"#, "names group:default/payments twice"),
            (r#"{ "people": { "no team": 1 } }"#, "cost.splits.people"),
        ] {
            let message = splits(wrong).err().unwrap().to_string();
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn redis_is_waited_for_shortly_and_its_password_is_not_shown() {
        let loaded = load(&[("REDIS_URL", "redis://:hunter2@127.0.0.1:1")], None).unwrap();
        assert!(!crate::config::redacted(&loaded.config).contains("hunter2"));
        let wrong = [
            ("WEFT_REDIS__COMMAND_TIMEOUT", "51ms"),
            ("WEFT_REDIS__PREFIX", "{weft}"),
            ("REDIS_URL", "hunter2://:hunter2@127.0.0.1"),
        ];
        let message = load(&wrong, None).err().unwrap().to_string();
        assert!(
            ["redis.command_timeout", "redis.prefix", "redis.url"].iter().all(|key| message.contains(key)),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_secret_of_a_sender_is_long_and_not_shown() {
        let secrets = ("WEFT_WEBHOOKS__GITLAB__SECRETS", r#"[{ "env": "HOOK" }]"#);
        let message = load(&[secrets, ("HOOK", "hunter2")], None).err().unwrap().to_string();
        assert!(message.contains("webhooks.gitlab.secrets[0]: must be at least 16 bytes"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        let loaded = load(&[secrets, ("HOOK", "hunter2-hunter2-hunter2")], None).unwrap();
        assert!(!crate::config::redacted(&loaded.config).contains("hunter2"));
        let wrong = [("WEFT_WEBHOOKS__ATTEMPTS_MAX", "0"), ("WEFT_WEBHOOKS__AWX__HEADER", "no header")];
        let message = load(&wrong, None).err().unwrap().to_string();
        assert!(message.contains("webhooks.attempts_max") && message.contains("webhooks.awx.header"), "{message}");
    }

    #[test]
    fn gitlabs_address_keeps_the_token_safe() {
        for (address, what) in [
            ("http://gitlab.example.com", "https"),
            ("https://user:hunter2@gitlab.example.com", "name or password"),
            ("ftp://gitlab.example.com", "http"),
        ] {
            let error = load(&[("WEFT_SOURCES__GITLAB__BASE_URL", address)], None);
            let message = error.err().unwrap().to_string();
            assert!(message.contains("sources.gitlab.base_url") && message.contains(what), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[tokio::test]
    async fn an_upstream_for_which_no_tenant_is_listed_is_read_by_the_default_one_alone() {
        let variables = [
            ("DATABASE_URL", "postgres://weft@127.0.0.1:1/weft"),
            ("WEFT_SOURCES__GITLAB__BASE_URL", "https://gitlab.example.com"),
            ("WEFT_SOURCES__GITLAB__TOKEN__ENV", "GITLAB_TOKEN"),
            ("GITLAB_TOKEN", "a token"),
        ];
        let Loaded { config, secrets, .. } = load(&variables, None).unwrap();
        let clock = sources::Clock::system();
        let default = &config.catalog.default_tenant;
        let sources =
            sources::Sources::build(&config.database, &config.redis, &config.sources, &secrets, clock, default)
                .unwrap();
        let may_read = |tenant: &str| {
            let visibility = schema::Visibility {
                tenant: tenant.to_owned(),
                subject: "someone".to_owned(),
                user: None,
                teams: Vec::new(),
                scopes: Default::default(),
            };
            sources.gitlab().unwrap().key(&visibility, "payments/api").is_some()
        };
        assert!(may_read("default"));
        assert!(!may_read("another"));
    }

    #[test]
    fn charges_of_azure_need_its_client_and_addresses_that_keep_the_token_safe() {
        let told = |value: &str| load(&[("WEFT_COST__AZURE__EXPORTS", value)], None).err().unwrap().to_string();
        let message = told(r#"[{ "container_url": "http://acct.example.com/e", "tenant": "Not One" }]"#);
        for key in ["cost.azure.exports[0].container_url", "cost.azure.exports[0].tenant", "cost.azure: charges"] {
            assert!(message.contains(key), "{key}: {message}");
        }
        let message = told(r#"[{ "container_url": "https://acct.example.com/e?sig=hunter2" }]"#);
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn every_problem_is_told_with_its_key() {
        let error = load(&[("WEFT_LIMITS__NESTING_MAX", "0"), ("WEFT_CATALOG__DEFAULT_TENANT", "Not A Tenant")], None);
        let message = error.err().unwrap().to_string();
        assert!(message.contains("limits.nesting_max") && message.contains("catalog.default_tenant"), "{message}");
        let unknown = format!("{:#}", load(&[("WEFT_SERVER__NO_SUCH_KEY", "1")], None).err().unwrap());
        assert!(unknown.contains("no_such_key"), "{unknown}");
    }
}
