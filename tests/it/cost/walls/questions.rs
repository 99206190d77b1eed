//! What is asked of a report: everything that can be selected, grouped and filtered.

use demo::estate::Role;
use serde_json::{Map, Value, json};

use super::world;

/// All that a report tells; whatever is new in it goes here.
pub(super) const SELECTIONS: [&str; 4] = [
    "currency total owned shared unallocated restricted residual previousTotal changeRatio",
    "completeUntil periods { from to invoiceIssuer status importedAt }",
    "groups(first: 100) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { kind total \
     share previousTotal changeRatio series { date amount isComplete } keys { dimension tag value label entity { ref } } } } }",
    "series { date amount isComplete } rows { cursor date kind amount one: key(index: 0) two: key(index: 1) none: key(index: 2) }",
];

/// What is read from the charges themselves: in one of forty documents, as it takes long.
const CHARGES: &str = "total rows { amount } lines(first: 60) { totalCount nodes { kind teamRef team { ref } componentRef component { ref } rule amount \
    effectiveCost chargePeriodStart serviceName subAccountId regionId resourceId tags columns } pageInfo { hasNextPage } } \
    unitCost(by: \"deployment\") { quantity amount previousAmount series { date quantity amount } } \
    commitments { used unused utilization coverage commitments { discountId name used unused } } \
    tagCoverage(tags: [\"component\", \"team\", \"env\"]) { taggable tagged ratio byTag { tag tagged ratio } }";

/// The first groups in some order, in turn.
const TOPS: [&str; 8] = [
    "top: 1, orderBy: TOTAL_DESC",
    "top: 2, orderBy: TOTAL_DESC",
    "top: 1, orderBy: TOTAL_ASC",
    "top: 2, orderBy: TOTAL_ASC",
    "top: 1, orderBy: KEY_ASC",
    "top: 2, orderBy: KEY_ASC",
    "orderBy: TOTAL_ASC",
    "orderBy: KEY_ASC",
];

pub(super) const DIMENSIONS: [&str; 14] = [
    "TEAM",
    "COMPONENT",
    "SYSTEM",
    "DOMAIN",
    "ENVIRONMENT",
    "PROVIDER",
    "SERVICE",
    "SERVICE_CATEGORY",
    "REGION",
    "SUB_ACCOUNT",
    "CHARGE_CATEGORY",
    "RESOURCE",
    "CLUSTER",
    "NAMESPACE",
];

/// A field of the filter: its name, and values that charges of payments, of other teams, hidden ones and none have.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    values: [&'static [&'static str]; 4],
    /// Values of charges, which tell the tenant.
    is_text: bool,
}

const fn of_catalog(name: &'static str, values: [&'static [&'static str]; 4]) -> Field {
    Field { name, values, is_text: false }
}

const fn text(name: &'static str, values: [&'static [&'static str]; 4]) -> Field {
    Field { name, values, is_text: true }
}

pub(super) const FIELDS: [Field; 15] = [
    of_catalog("team", [&["division"], &["aliens", "finance"], &["hush-team"], &["no-such"]]),
    of_catalog("team directly", [&["payments"], &["aliens", "aliens-below"], &["hush-team"], &["division"]]),
    of_catalog(
        "component",
        [
            &["pay-api", "pay-vault", "mover-in"],
            &["alien-api", "alien-vault", "alien-sub"],
            &["hush-aliens", "hush-moved", "hush-gone"],
            &["no-such"],
        ],
    ),
    of_catalog("system", [&["store"], &["alien-system"], &["hush-system"], &["no-such"]]),
    of_catalog("domain", [&["commerce"], &["alien-domain"], &["hush-domain"], &["no-such"]]),
    text("environment", [&["own-environment"], &["alien-environment"], &["hush-environment"], &["none"]]),
    text("provider", [&["own-provider"], &["alien-provider"], &["hush-provider"], &["none"]]),
    text("service", [&["own-service"], &["alien-service"], &["hush-service"], &["none"]]),
    text("serviceCategory", [&["own-category"], &["alien-category"], &["hush-category"], &["none"]]),
    text("region", [&["own-region"], &["alien-region"], &["hush-region"], &["none"]]),
    text("subAccount", [&["own-account"], &["alien-account"], &["hush-account"], &["none"]]),
    text("resource", [&["own-resource"], &["alien-resource"], &["hush-resource"], &["none"]]),
    of_catalog("chargeCategory", [&["PURCHASE"], &["TAX"], &["ADJUSTMENT"], &["UNKNOWN"]]),
    text("tag", [&["own-cc"], &["alien-cc"], &["hush-cc"], &["none"]]),
    text("tag's key", [&["own-key"], &["alien-key"], &["hush-key"], &["none"]]),
];

/// Whose values a filter names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Payments,
    Others,
    Hidden,
    /// Those of the other tenant.
    OtherTenant,
    Nobody,
}

impl Field {
    /// The filter by values of these.
    pub(super) fn filter(&self, tenant: &str, of: &[Of]) -> Value {
        let own_prefix = world::prefix(tenant);
        let values_of = |of: &Of| {
            let at = match of {
                Of::Payments | Of::OtherTenant => 0,
                Of::Others => 1,
                Of::Hidden => 2,
                Of::Nobody => 3,
            };
            let prefix = match of {
                _ if !self.is_text => "",
                Of::OtherTenant if own_prefix.is_empty() => world::OTHER_PREFIX,
                Of::OtherTenant => "",
                _ => own_prefix,
            };
            self.values[at].iter().map(move |value| format!("{prefix}{value}"))
        };
        // Catalogs are the same, so what names their entities names those of the viewer's tenant.
        let of = of.iter().filter(|of| self.is_text || **of != Of::OtherTenant);
        let values: Vec<String> = of.flat_map(values_of).collect();
        match self.name {
            "team directly" => json!({ "team": values, "transitive": false }),
            "tag" => {
                json!({ "tags": values.iter().map(|value| json!({ "key": "cc", "value": value })).collect::<Vec<_>>() })
            }
            "tag's key" => json!({ "tags": values.iter().map(|key| json!({ "key": key })).collect::<Vec<_>>() }),
            name => json!({ name: values }),
        }
    }

    /// Of several values, charges have all and not one.
    pub(super) fn needs_all(&self) -> bool {
        self.name.starts_with("tag")
    }

    /// It names whose charges, or which: what is hidden matches none of its values.
    pub(super) fn is_personal(&self) -> bool {
        !matches!(self.name, "provider" | "service" | "serviceCategory" | "region" | "chargeCategory")
    }
}

/// Everything to group by, one at a time.
pub(super) fn entries() -> Vec<Value> {
    DIMENSIONS.iter().map(|dimension| json!({ "dimension": dimension })).chain([json!({ "tag": "cc" })]).collect()
}

/// Ways to group: not at all, by one, and by each two.
pub(super) fn groupings() -> Vec<Vec<Value>> {
    let entries = entries();
    let mut groupings = vec![vec![]];
    for (at, one) in entries.iter().enumerate() {
        groupings.push(vec![one.clone()]);
        groupings.extend(entries.iter().skip(at + 1).map(|other| vec![one.clone(), other.clone()]));
    }
    groupings
}

/// Splits that a role may ask for.
pub(super) fn splits(role: &Role) -> &'static [&'static str] {
    let sees_all = role.scopes.contains(&"cost:read:all");
    if sees_all { &["SEPARATE", "EVEN", "PROPORTIONAL"] } else { &["SEPARATE"] }
}

/// A question. What it is not told comes in turns by `number`, each with each: the range, steps, the metric, whose charges are, the days before,
/// splits.
pub(super) fn question(number: usize, splits: &[&str], grouping: &[Value], filter: Option<Value>) -> Value {
    let (ranges, steps, metrics, owners) = (
        [("2026-02-01", "2026-03-31"), ("2026-02-10", "2026-03-20"), ("2026-01-01", "2026-03-31")],
        ["TOTAL", "DAY", "WEEK", "MONTH"],
        ["EFFECTIVE_COST", "BILLED_COST", "LIST_COST", "CONTRACTED_COST"],
        ["AT_CHARGE", "CURRENT"],
    );
    let count = ranges.len() * steps.len() * metrics.len() * owners.len() * 2 * splits.len();
    // Neighbours differ in most.
    let mut place = number * 211 % count;
    let mut next = |count: usize| {
        let at = place % count;
        place /= count;
        at
    };
    let (from, to) = ranges[next(ranges.len())];
    let mut question = json!({
        "range": { "from": from, "to": to },
        "ownership": owners[next(owners.len())],
        "compareToPrevious": next(2) == 0,
        "sharedCosts": splits[next(splits.len())],
        "granularity": steps[next(steps.len())],
        "metric": metrics[next(metrics.len())],
        "groupBy": grouping,
    });
    if let Some(filter) = filter {
        question["filter"] = filter;
    }
    question
}

/// What is selected of a report, with first groups by turn.
pub(super) fn selection(number: usize) -> String {
    if number % 40 == 7 {
        return CHARGES.to_owned();
    }
    let top = TOPS[number % TOPS.len()];
    format!("{} some: groups({top}) {{ totalCount nodes {{ kind total keys {{ value }} }} }}", SELECTIONS.join(" "))
}

/// A document that asks several questions at the root, and its variables.
pub(super) fn document(number: usize, questions: &[Value]) -> (String, Value) {
    let declared: Vec<String> = (0..questions.len()).map(|at| format!("$q{at}: CostQuery!")).collect();
    let asked = (0..questions.len()).map(|at| format!("q{at}: cost(query: $q{at}) {{ ...all }}"));
    let text = format!(
        "query({}) {{ {} }} fragment all on CostReport {{ {} }}",
        declared.join(", "),
        asked.collect::<Vec<_>>().join(" "),
        selection(number)
    );
    let variables: Map<String, Value> =
        questions.iter().enumerate().map(|(at, question)| (format!("q{at}"), question.clone())).collect();
    (text, variables.into())
}

/// Wherever else cost hangs: entities of payments, of others, and hidden ones.
pub(super) const PLACES: [(&str, &str); 22] = [
    ("own_api", "component(ref: \"pay-api\") { COST }"),
    ("own_vault", "component(ref: \"pay-vault\") { COST }"),
    ("own_in", "component(ref: \"mover-in\") { COST }"),
    ("own_out", "component(ref: \"mover-out\") { COST }"),
    ("others_api", "component(ref: \"alien-api\") { COST }"),
    ("others_vault", "component(ref: \"alien-vault\") { COST }"),
    ("kept_api", "component(ref: \"hush-api\") { COST }"),
    ("kept_books", "component(ref: \"hush-aliens\") { COST }"),
    ("kept_gone", "component(ref: \"hush-gone\") { COST }"),
    ("own_team", "team(ref: \"payments\") { COST }"),
    ("own_core", "team(ref: \"payments-core\") { COST }"),
    ("own_division", "team(ref: \"division\") { COST }"),
    ("others_team", "team(ref: \"aliens\") { COST }"),
    ("others_finance", "team(ref: \"finance\") { COST }"),
    ("kept_team", "team(ref: \"hush-team\") { COST }"),
    ("own_system", "entity(ref: \"system:store\") { ... on System { COST } }"),
    ("others_system", "entity(ref: \"system:alien-system\") { ... on System { COST } }"),
    ("kept_system", "entity(ref: \"system:hush-system\") { ... on System { COST } }"),
    ("own_domain", "entity(ref: \"domain:commerce\") { ... on Domain { COST } }"),
    ("others_domain", "entity(ref: \"domain:alien-domain\") { ... on Domain { COST } }"),
    ("kept_domain", "entity(ref: \"domain:hush-domain\") { ... on Domain { COST } }"),
    (
        "all",
        "components(first: 100, orderBy: { field: NAME }) { totalCount nodes { cost(query: $q) { total restricted rows { amount } } } }",
    ),
];

/// A document that asks one question of all of them.
pub(super) fn document_of_places(number: usize) -> String {
    let places: Vec<String> = PLACES
        .iter()
        .map(|(name, field)| format!("{name}: {}", field.replace("COST", "cost(query: $q) { ...all }")))
        .collect();
    format!("query($q: CostQuery!) {{ {} }} fragment all on CostReport {{ {} }}", places.join(" "), selection(number))
}
