//! `CostRules`: what a charge is for. The first rule that matches and leads somewhere counts, and each charge keeps its name.

use std::collections::{BTreeMap, BTreeSet};

use schema::EntityRef;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    Targets,
    charge::{self, RowProblem},
};

/// Most rules.
pub const RULES_MAX: usize = 1_000;

/// How charges are attributed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostRules {
    /// In order; the first that leads somewhere counts.
    pub rules: Vec<Rule>,
    /// Tags, or columns, that say the environment; the first that is there counts.
    pub environment: Vec<String>,
    /// Tags, or columns, that say the OpenShift cluster.
    pub cluster: Vec<String>,
    /// Tags, or columns, that say the namespace in it.
    pub namespace: Vec<String>,
}

/// A rule: when all of its conditions hold, the charge is for what `to` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How charges name it.
    pub name: String,
    /// Values of FOCUS columns, by name: one of each must be there, exactly.
    #[serde(default)]
    pub columns: BTreeMap<String, Vec<String>>,
    /// Values of tags, by key: one of each must be there; none given: any value will do.
    #[serde(default)]
    pub tags: BTreeMap<String, Vec<String>>,
    /// For what it is.
    pub to: Assignment,
}

/// For what a charge is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// The component that one of these tags names.
    ComponentTag(Vec<String>),
    /// The team that one of these tags names.
    TeamTag(Vec<String>),
    /// The component that the resource belongs to, as the annotations of Azure's resource groups say.
    Resource,
    /// The component whose namespace it is.
    Namespace,
    /// The component whose workspace of Terraform one of these tags names, as `organization/name` or by its name.
    WorkspaceTag(Vec<String>),
    /// This component.
    Component(String),
    /// This team.
    Team(String),
    /// Several teams.
    Shared,
}

/// What kind of target a charge has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// A component.
    Component,
    /// A team.
    Team,
    /// Several teams.
    Shared,
    /// None was found.
    None,
}

impl TargetKind {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "COMPONENT",
            Self::Team => "TEAM",
            Self::Shared => "SHARED",
            Self::None => "NONE",
        }
    }
}

/// What was found out about charges of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// What they are for.
    pub kind: TargetKind,
    /// The component or team; of shared costs the rule; else empty.
    pub target: String,
    /// The rule that matched.
    pub rule: Option<String>,
    /// The environment; empty where nothing says it.
    pub environment: String,
    /// The OpenShift cluster; empty where nothing says it.
    pub cluster: String,
    /// The namespace; empty where nothing says it.
    pub namespace: String,
    /// The tags.
    pub tags: Map<String, Value>,
}

impl CostRules {
    /// What is for whom, from what charges have in common.
    pub fn attribute(&self, common: &Map<String, Value>, targets: &Targets) -> Result<Attribution, RowProblem> {
        let column = |name: &str| common.get(name).and_then(Value::as_str);
        let tags = charge::tags(column("Tags"))?;
        let tag = |key: &str| tags.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        // Longer ones name nothing, and no index takes them.
        let first = |names: &[String]| {
            let found = names.iter().find_map(|name| tag(name).or_else(|| column(name)));
            found.filter(|value| value.len() <= charge::NAME_BYTES_MAX).unwrap_or_default().to_owned()
        };
        let (environment, cluster, namespace) =
            (first(&self.environment), first(&self.cluster), first(&self.namespace));
        let mut found = None;
        for rule in &self.rules {
            let holds =
                rule.columns.iter().all(|(name, values)| {
                    column(name).is_some_and(|value| values.iter().any(|wanted| wanted == value))
                }) && rule.tags.iter().all(|(key, values)| {
                    tag(key).is_some_and(|value| values.is_empty() || values.iter().any(|wanted| wanted == value))
                });
            if !holds {
                continue;
            }
            let target = match &rule.to {
                Assignment::ComponentTag(keys) => keys
                    .iter()
                    .find_map(|key| targets.component(tag(key)?))
                    .map(|target| (TargetKind::Component, target)),
                Assignment::TeamTag(keys) => {
                    keys.iter().find_map(|key| targets.team(tag(key)?)).map(|target| (TargetKind::Team, target))
                }
                Assignment::Resource => column("ResourceId")
                    .and_then(|resource| targets.of_resource(resource))
                    .map(|target| (TargetKind::Component, target)),
                Assignment::Namespace => targets.of_namespace(&namespace).map(|target| (TargetKind::Component, target)),
                Assignment::WorkspaceTag(keys) => keys
                    .iter()
                    .find_map(|key| targets.of_workspace(tag(key)?))
                    .map(|target| (TargetKind::Component, target)),
                Assignment::Component(name) => targets.component(name).map(|target| (TargetKind::Component, target)),
                Assignment::Team(name) => targets.team(name).map(|target| (TargetKind::Team, target)),
                Assignment::Shared => Some((TargetKind::Shared, rule.name.clone())),
            };
            if let Some(target) = target {
                found = Some((rule, target));
                break;
            }
        }
        let (rule, (kind, target)) = match found {
            Some((rule, target)) => (Some(rule.name.clone()), target),
            None => (None, (TargetKind::None, String::new())),
        };
        Ok(Attribution { kind, target, rule, environment, cluster, namespace, tags })
    }

    /// They look at this column.
    pub fn names(&self, column: &str) -> bool {
        let is_it = |name: &String| name == column;
        [&self.environment, &self.cluster, &self.namespace].into_iter().any(|names| names.iter().any(is_it))
            || self.rules.iter().any(|rule| rule.columns.keys().any(is_it))
    }

    /// What is wrong with them, by the key in the configuration.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if self.rules.len() > RULES_MAX {
            problems.push((
                "cost.attribution.rules".to_owned(),
                format!("has {} rules: at most {RULES_MAX} are allowed", self.rules.len()),
            ));
        }
        let mut names = BTreeSet::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let key = format!("cost.attribution.rules[{at}]");
            if rule.name.is_empty() || !names.insert(&rule.name) {
                problems.push((format!("{key}.name"), "must be there, and no other rule's".to_owned()));
            }
            let named = match &rule.to {
                Assignment::Component(name) => {
                    EntityRef::parse_with(name, Some("component"), schema::DEFAULT_NAMESPACE)
                }
                Assignment::Team(name) => EntityRef::parse_with(name, Some("group"), schema::DEFAULT_NAMESPACE),
                Assignment::ComponentTag(keys) | Assignment::TeamTag(keys) | Assignment::WorkspaceTag(keys)
                    if keys.is_empty() =>
                {
                    problems.push((format!("{key}.to"), "names no tag".to_owned()));
                    continue;
                }
                _ => continue,
            };
            if let Err(error) = named {
                problems.push((format!("{key}.to"), error.to_string()));
            }
        }
        problems
    }

    /// Changes whenever they say something else.
    pub fn fingerprint(&self) -> Vec<u8> {
        Sha256::digest(format!("{self:?}")).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Mapped, *};

    fn targets() -> Targets {
        let mut targets = Targets::default();
        let both = Mapped { resource_groups: Some("sub-1/both"), ..Mapped::default() };
        let payments = Mapped {
            resource_groups: Some("sub-1/pay"),
            namespace: Some("payments"),
            workspaces: Some("acme/pay, acme/ledger"),
        };
        targets.add_component("component:default/payments-api", &payments);
        let workspaces = Some("acme/web,other/ledger");
        targets.add_component("component:shop/web", &Mapped { workspaces, ..Mapped::default() });
        targets.add_component("component:default/one", &both);
        targets.add_component("component:default/two", &both);
        targets.add_team("group:default/payments");
        targets
    }

    fn rules() -> CostRules {
        let rule = |name: &str, to: Assignment| Rule {
            name: name.to_owned(),
            columns: BTreeMap::new(),
            tags: BTreeMap::new(),
            to,
        };
        let shared = Rule {
            columns: BTreeMap::from([("ServiceCategory".to_owned(), vec!["Networking".to_owned()])]),
            ..rule("network", Assignment::Shared)
        };
        CostRules {
            rules: vec![
                rule("component tag", Assignment::ComponentTag(vec!["component".to_owned(), "app".to_owned()])),
                rule("resource group", Assignment::Resource),
                rule("namespace", Assignment::Namespace),
                rule("workspace", Assignment::WorkspaceTag(vec!["terraform_workspace".to_owned()])),
                shared,
                rule("team tag", Assignment::TeamTag(vec!["team".to_owned()])),
            ],
            environment: vec!["env".to_owned(), "x_Environment".to_owned()],
            cluster: Vec::new(),
            namespace: vec!["x_Namespace".to_owned()],
        }
    }

    fn attributed(columns: Value) -> Attribution {
        rules().attribute(columns.as_object().unwrap(), &targets()).unwrap()
    }

    #[test]
    fn the_first_rule_that_leads_somewhere_counts() {
        let target = |columns: Value| {
            let found = attributed(columns);
            (found.kind, found.target, found.rule)
        };
        let named = |kind: TargetKind, target: &str, rule: &str| (kind, target.to_owned(), Some(rule.to_owned()));
        use TargetKind::{Component, Shared, Team};
        // Whatever its case, with its kind and namespace or without.
        for value in ["payments-api", "Payments-API", "component:default/payments-api", "default/payments-api"] {
            let tags = json!({ "component": value }).to_string();
            let expected = named(Component, "component:default/payments-api", "component tag");
            assert_eq!(target(json!({ "Tags": tags })), expected, "{value}");
        }
        assert_eq!(
            target(json!({ "Tags": "{\"component\":\"nobody\",\"app\":\"shop/web\"}" })),
            named(Component, "component:shop/web", "component tag")
        );
        // With its organization or, where that is clear, without.
        for (workspace, component) in [
            ("acme/pay", "default/payments-api"),
            ("pay", "default/payments-api"),
            ("web", "shop/web"),
            ("other/ledger", "shop/web"),
        ] {
            let tags = json!({ "terraform_workspace": workspace }).to_string();
            let expected = named(Component, &format!("component:{component}"), "workspace");
            assert_eq!(target(json!({ "Tags": tags })), expected, "{workspace}");
        }
        assert_eq!(target(json!({ "Tags": "{\"terraform_workspace\":\"ledger\"}" })).0, TargetKind::None);
        // One that is not in the catalog leads nowhere.
        assert_eq!(
            target(json!({ "Tags": "{\"component\":\"nobody\",\"team\":\"payments\"}" })),
            named(Team, "group:default/payments", "team tag")
        );
        let resource = "/subscriptions/SUB-1/resourceGroups/Pay/providers/Microsoft.Compute/virtualMachines/vm";
        let expected = named(Component, "component:default/payments-api", "resource group");
        assert_eq!(target(json!({ "ResourceId": resource })), expected);
        assert_eq!(target(json!({ "ServiceCategory": "Networking" })), named(Shared, "network", "network"));
        assert_eq!(
            target(json!({ "x_Namespace": "payments" })),
            named(Component, "component:default/payments-api", "namespace")
        );
        // Two components say that it is theirs: nobody knows whose it is.
        let both = "/subscriptions/sub-1/resourcegroups/both/providers/x";
        assert_eq!(target(json!({ "ResourceId": both })), (TargetKind::None, String::new(), None));
    }

    #[test]
    fn the_environment_is_said_by_a_tag_or_a_column() {
        assert_eq!(attributed(json!({ "Tags": "{\"env\":\"prod\"}", "x_Environment": "dev" })).environment, "prod");
        assert_eq!(attributed(json!({ "x_Environment": "dev" })).environment, "dev");
        assert_eq!(attributed(json!({})).environment, "");
    }

    #[test]
    fn rules_without_sense_are_refused() {
        let mut rules = rules();
        rules.rules[1].name = "component tag".to_owned();
        rules.rules[5].to = Assignment::Team("no team".to_owned());
        let problems = rules.problems();
        assert_eq!(
            problems.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
            ["cost.attribution.rules[1].name", "cost.attribution.rules[5].to"]
        );
    }
}
