//! `@cacheControl`: which types may be kept as part of an answer, for how long, and what ends them earlier. What is not in the table is
//! read live, or tells of the caller, or must not be missed: an answer with any of it is not kept.

/// What changes together: a change of one ends all answers of the tenant that rest on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// Entities, relations, owners, processing errors. Everything else names entities, and rests on it too.
    Catalog,
    /// Deployments and what is measured by them.
    Deployments,
    /// Charges and what they are for.
    Cost,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Catalog, Self::Deployments, Self::Cost];

    /// Its name, as the database tells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Deployments => "deployments",
            Self::Cost => "cost",
        }
    }

    /// Its place among all.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The greatest age of an answer, in seconds. Changes end it within a moment; this bounds what depends on the time of day, and
    /// what caches outside keep, which no change reaches.
    fn max_age_seconds(self) -> u32 {
        match self {
            Self::Catalog | Self::Cost => 60,
            Self::Deployments => 15,
        }
    }
}

/// The directive, for the SDL.
pub const DIRECTIVE: &str = r#"
"""
How long an answer may be kept. An answer may be kept as long as its shortest-lived field; private unless said
otherwise.
"""
directive @cacheControl(
  "Seconds."
  maxAge: Int
  "For whom."
  scope: CacheControlScope
  "Take over `maxAge` from the field above."
  inheritMaxAge: Boolean
) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION

"For whom an answer may be kept."
enum CacheControlScope {
  "For everyone."
  PUBLIC
  "For this viewer alone."
  PRIVATE
}
"#;

const CATALOG: [&str; 42] = [
    "Api",
    "ApiConnection",
    "ApiEdge",
    "Component",
    "ComponentConnection",
    "ComponentEdge",
    "CustomEntity",
    "Domain",
    "DomainConnection",
    "DomainEdge",
    "Entity",
    "EntityConnection",
    "EntityEdge",
    "EntityLink",
    "EntityRevision",
    "EntityRevisionConnection",
    "EntityRevisionEdge",
    "FacetCount",
    "FieldChange",
    "Owner",
    "OwnershipByKind",
    "OwnershipByTeam",
    "OwnershipReport",
    "OwnershipSummary",
    "PageInfo",
    "ProcessingError",
    "Relation",
    "RelationConnection",
    "RelationEdge",
    "Resource",
    "ResourceConnection",
    "ResourceEdge",
    "System",
    "SystemConnection",
    "SystemEdge",
    "Team",
    "TeamConnection",
    "TeamEdge",
    "Template",
    "User",
    "UserConnection",
    "UserEdge",
];

const DEPLOYMENTS: [&str; 6] = [
    "DeliveryMetrics",
    "DeliverySample",
    "Deployment",
    "DeploymentConnection",
    "DeploymentEdge",
    "EnvironmentState",
];

const COST: [&str; 17] = [
    "BillingPeriod",
    "CommitmentDiscount",
    "CommitmentSummary",
    "CostGroup",
    "CostGroupConnection",
    "CostGroupEdge",
    "CostGroupKey",
    "CostLine",
    "CostLineConnection",
    "CostLineEdge",
    "CostPoint",
    "CostReport",
    "CostRow",
    "TagCoverage",
    "TagCoverageByTag",
    "UnitCost",
    "UnitCostPoint",
];

/// What a type belongs to; none: it is not kept.
pub fn domain_of(type_name: &str) -> Option<Domain> {
    let tables = [(Domain::Catalog, &CATALOG[..]), (Domain::Deployments, &DEPLOYMENTS), (Domain::Cost, &COST)];
    tables.into_iter().find(|(_, names)| names.contains(&type_name)).map(|(domain, _)| domain)
}

/// The SDL with the directive on every type that may be kept.
pub fn annotate(sdl: &str) -> String {
    let mut out = String::with_capacity(sdl.len() + 8 * 1024);
    for line in sdl.lines() {
        let rest = ["type ", "interface ", "union "].iter().find_map(|word| line.strip_prefix(word));
        let name = rest.and_then(|rest| rest.split([' ', '{']).next());
        let directive =
            name.and_then(domain_of).map(|domain| format!("@cacheControl(maxAge: {}) ", domain.max_age_seconds()));
        match directive.and_then(|directive| Some((directive, line.find(['{', '='])?))) {
            Some((directive, at)) => {
                let (head, tail) = line.split_at(at);
                out.push_str(head);
                out.push_str(&directive);
                out.push_str(tail);
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out.push_str(DIRECTIVE);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_tables_is_in_the_graph_and_annotated() {
        let sdl = crate::sdl::public();
        for name in CATALOG.iter().chain(&DEPLOYMENTS).chain(&COST) {
            let is_head = |line: &&str| {
                ["type", "interface", "union"].iter().any(|word| line.starts_with(&format!("{word} {name} ")))
            };
            let head = sdl.lines().find(is_head).unwrap_or_else(|| panic!("{name} is not in the graph"));
            assert!(head.contains("@cacheControl(maxAge: "), "{head}");
        }
    }

    #[test]
    fn nothing_that_is_read_live_or_tells_of_the_caller_is_kept() {
        for name in ["Viewer", "RateLimit", "Source", "AuditRecord", "Repository", "Workload", "Job", "Node", "Location", "Mutation", "Query"] {
            assert_eq!(domain_of(name), None, "{name}");
        }
    }
}
