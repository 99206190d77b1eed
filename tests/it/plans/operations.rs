//! What is asked, group by group: a file of plans each.

/// One question.
pub(super) struct Operation {
    pub(super) what: String,
    pub(super) role: &'static str,
    pub(super) document: String,
}

fn operation(what: &str, document: &str) -> Operation {
    Operation { what: what.to_owned(), role: "engineer", document: document.to_owned() }
}

fn as_admin(what: &str, document: &str) -> Operation {
    Operation { role: "admin", ..operation(what, document) }
}

/// All but those with an id or a cursor in them, which the test gets first.
pub(super) fn groups() -> Vec<(&'static str, Vec<Operation>)> {
    vec![
        ("entity", entity()),
        ("orders", orders()),
        ("filters", filters()),
        ("related", related()),
        ("counts", counts()),
        ("logs", logs()),
        ("deployments", deployments()),
        ("costs", costs()),
    ]
}

fn entity() -> Vec<Operation> {
    let of = |fields: &str| format!("{{ component(ref: \"component-10100\") {{ {fields} }} }}");
    let many = |fields: &str| format!("{{ components(first: 50) {{ nodes {{ {fields} }} }} }}");
    vec![
        operation("an entity by its reference", &of("ref name")),
        as_admin("the same for whoever sees all", &of("ref name")),
        operation("owner and system of one", &of("owner { ... on Team { name } } system { name }")),
        operation("owners and systems of many", &many("owner { ... on Team { name } } system { name }")),
        operation("history of one", &of("history(first: 5) { nodes { kind } totalCount }")),
        operation("history of many", &many("history(first: 2) { nodes { kind } }")),
        operation("relations of one", &of("relations(first: 5) { nodes { type targetRef } totalCount }")),
        operation(
            "relations of many, of one type",
            &many("relations(first: 2, type: [\"dependsOn\"]) { nodes { targetRef } }"),
        ),
        operation("errors of one", &of("processingErrors { message }")),
        operation("errors of many", &many("processingErrors { message }")),
        operation(
            "a location: when it was read, what it declares, what is wrong there",
            "{ entity(ref: \"location:default/location-61\") { processingErrors { message } \
             ... on Location { lastReadAt entities(first: 5) { nodes { ref } totalCount } } } }",
        ),
    ]
}

fn orders() -> Vec<Operation> {
    let mut all = Vec::new();
    for (list, name) in [("entities", "all kinds"), ("components", "one kind")] {
        for field in ["REF", "NAME", "UPDATED_AT", "CREATED_AT"] {
            for direction in ["ASC", "DESC"] {
                for end in ["first", "last"] {
                    let order = format!("orderBy: {{ field: {field}, direction: {direction} }}");
                    let document = format!("{{ {list}({end}: 50, {order}) {{ nodes {{ ref }} }} }}");
                    all.push(operation(&format!("{name}, {end} by {field} {direction}"), &document));
                }
            }
        }
    }
    all
}

fn filters() -> Vec<Operation> {
    let of = |arguments: &str| format!("{{ components(first: 20, {arguments}) {{ nodes {{ ref }} }} }}");
    vec![
        operation("of one owner", &of("filter: { owner: [\"group-5001\"] }")),
        operation("of the viewer", &of("filter: { ownedByMe: true }")),
        operation("of one system", &of("filter: { system: [\"system-3025\"] }")),
        operation("with one tag", &of("filter: { tags: [\"tag-3\"] }")),
        operation("with one label", &of("filter: { labels: [{ key: \"tier\", value: \"1\" }] }")),
        operation("with one name", &of("filter: { name: [\"component-10100\"] }")),
        operation("with one of these references", &of("filter: { ref: [\"component-10100\", \"component-10101\"] }")),
        operation("with errors", &of("filter: { hasProcessingErrors: true }")),
        operation("a search", &of("search: \"fluorite\"")),
        operation("a search that finds nothing", &of("search: \"nothinglikeit\"")),
        operation("a search in one owner's", &of("search: \"fluorite\", filter: { owner: [\"group-5001\"] }")),
    ]
}

fn related() -> Vec<Operation> {
    let one = |fields: &str| format!("{{ component(ref: \"component-10100\") {{ {fields} }} }}");
    let team = |fields: &str| format!("{{ team(ref: \"group-5000\") {{ {fields} }} }}");
    vec![
        operation("what one depends on", &one("dependsOn(first: 10) { nodes { ref } }")),
        operation("what depends on one", &one("dependents(first: 10) { nodes { ref } totalCount }")),
        operation(
            "what many depend on",
            "{ components(first: 20) { nodes { dependsOn(first: 5) { nodes { ref } } } } }",
        ),
        operation("members of a team", &team("members(first: 10) { nodes { ref } totalCount }")),
        operation("teams below a team", &team("children(first: 10) { nodes { ref } }")),
        operation("what a team owns", &team("owns(first: 10) { nodes { ref } }")),
        operation(
            "how much a team owns, by kind",
            &team("owns(first: 1) { totalCount facets(by: [KIND]) { value count } }"),
        ),
        operation(
            "parts of a system",
            "{ entity(ref: \"system:default/system-3025\") { ... on System { components(first: 10) { nodes { ref } } } } }",
        ),
        operation(
            "teams of a person",
            "{ entity(ref: \"user:default/user-7010\") { ... on User { memberOf(first: 10) { nodes { ref } } } } }",
        ),
    ]
}

fn counts() -> Vec<Operation> {
    let of = |list: &str| format!("{{ {list} {{ totalCount }} }}");
    vec![
        operation("how many there are", &of("entities")),
        operation("how many of a kind", &of("components")),
        operation("how many of one owner", &of("components(filter: { owner: [\"group-5001\"] })")),
        operation("how many with one tag", &of("components(filter: { tags: [\"tag-3\"] })")),
        operation("facets of a kind", "{ components { facets(by: [TYPE, LIFECYCLE, OWNER, TAG]) { value count } } }"),
        operation(
            "facets of one owner",
            "{ components(filter: { owner: [\"group-5001\"] }) { facets(by: [TYPE, TAG]) { value count } } }",
        ),
        operation("ownership of everything", "{ ownershipReport { totals { owned unowned } } }"),
    ]
}

fn logs() -> Vec<Operation> {
    let of = |filter: &str| format!("{{ auditLog(first: 20{filter}) {{ nodes {{ action }} }} }}");
    vec![
        as_admin("the audit log", &of("")),
        as_admin("of one subject", &of(", filter: { subject: [\"subject-7\"] }")),
        as_admin("of one action", &of(", filter: { action: [\"action-7\"] }")),
        as_admin("of one target", &of(", filter: { target: [\"component:default/component-10100\"] }")),
    ]
}

fn deployments() -> Vec<Operation> {
    let of = |arguments: &str| format!("{{ deployments(first: 50, {arguments}) {{ nodes {{ status }} }} }}");
    let one = |fields: &str| format!("{{ component(ref: \"component-10100\") {{ {fields} }} }}");
    let many = |fields: &str| format!("{{ components(first: 50) {{ nodes {{ {fields} }} }} }}");
    let delivery = "delivery(range: { from: \"2025-07-20\", to: \"2025-12-10\" }) { deploymentCount }";
    vec![
        as_admin("the newest", "{ deployments(first: 50) { nodes { status } totalCount } }"),
        as_admin("of a team", &of("filter: { owner: [\"group-5001\"] }")),
        as_admin("to an environment", &of("filter: { environment: [\"production\"] }")),
        as_admin("of a component in a state", &of("filter: { component: [\"component-10100\"], status: [FAILED] }")),
        as_admin("of several components", &of("filter: { component: [\"component-10100\", \"component-10101\"] }")),
        as_admin("begun before", &of("filter: { startedBefore: \"2025-08-02T00:00:00Z\" }")),
        as_admin("what stands where, of one", &one("environments { environment deployment { status } }")),
        as_admin("what stands where, of many", &many("environments { environment deployment { status } }")),
        as_admin("the last five of many", &many("deployments(first: 5) { nodes { status } totalCount }")),
        as_admin("measures of one", &one(delivery)),
        as_admin("measures of many", &many(delivery)),
        as_admin("measures of a team", &format!("{{ team(ref: \"group-5001\") {{ {delivery} }} }}")),
    ]
}

fn costs() -> Vec<Operation> {
    let of = |query: &str| format!("cost(query: {{ {query} }}) {{ rows {{ amount }} }}");
    let root = |query: &str| format!("{{ {} }}", of(query));
    let team = |query: &str| format!("{{ team(ref: \"group-5001\") {{ {} }} }}", of(query));
    let one = |query: &str| format!("{{ component(ref: \"component-10150\") {{ {} }} }}", of(query));
    let days = "range: { from: \"2025-08-15\", to: \"2025-11-12\" }";
    let year = "range: { from: \"2025-01-01\", to: \"2025-12-31\" }";
    let by = |dimensions: &[&str]| -> String {
        let entries: Vec<String> = dimensions.iter().map(|one| format!("{{ dimension: {one} }}")).collect();
        format!("groupBy: [{}]", entries.join(", "))
    };
    let mine = "filter: { team: [\"group-5001\"] }";
    vec![
        as_admin("teams and services over ninety days", &root(&format!("{days}, {}", by(&["TEAM", "SERVICE"])))),
        operation("the same for whoever sees their own", &root(&format!("{days}, {}", by(&["TEAM", "SERVICE"])))),
        as_admin("teams by day", &root(&format!("{days}, granularity: DAY, {}", by(&["TEAM"])))),
        as_admin("a team's year by day", &team(&format!("{year}, granularity: DAY"))),
        as_admin("a team's services over ninety days", &root(&format!("{days}, {mine}, {}", by(&["SERVICE"])))),
        as_admin("a component by month", &one(&format!("{year}, granularity: MONTH"))),
        as_admin("components of a team, by region", &team(&format!("{days}, {}", by(&["COMPONENT", "REGION"])))),
        as_admin(
            "a week with one tag",
            &root(
                "range: { from: \"2025-08-15\", to: \"2025-08-21\" }, filter: { tags: [{ key: \"cost-center\", value: \"7\" }] }",
            ),
        ),
        as_admin(
            "teams over ninety days with shares of what is shared",
            &root(&format!("{days}, sharedCosts: PROPORTIONAL, {}", by(&["TEAM"]))),
        ),
    ]
}
