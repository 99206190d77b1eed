//! What the graph says of charges, and to whom.

use it::{Client, Statements, TestPlatform};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::{CATALOG, Folder, Importer, Line, import_catalog, platform};

const TOTALS: &str = "total owned shared unallocated restricted residual currency";

pub(super) async fn asked(client: &Client, query: Value, fields: &str) -> Value {
    let text = format!("query($q: CostQuery!) {{ cost(query: $q) {{ {fields} }} }}");
    client.data(&text, json!({ "q": query })).await["cost"].clone()
}

pub(super) fn march() -> Value {
    json!({ "range": { "from": "2026-03-01", "to": "2026-03-31" } })
}

/// March, and what else is asked.
pub(super) fn march_with(more: Value) -> Value {
    let mut query = march();
    query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    query
}

/// A month of charges: of both teams of the shop, of the ledger with its hidden component, shared ones and such of nobody.
pub(super) fn lines() -> Vec<Line> {
    let network =
        |cost: &str, day: &str| Line { service: "Virtual Network", category: "Networking", ..Line::new(cost, day, "") };
    vec![
        Line::new("10.10", "2026-03-01", "web"),
        Line { service: "Storage", category: "Storage", ..Line::new("0.05", "2026-03-02", "web") },
        Line::new("20.20", "2026-03-10", "cart"),
        Line::new("7", "2026-03-10", "books"),
        Line::new("100", "2026-03-11", "vault"),
        network("9.99", "2026-03-15"),
        network("0.01", "2026-03-16"),
        Line::new("3.3", "2026-03-20", ""),
        Line::new("4", "2026-02-20", "web"),
    ]
}

pub(super) async fn import(platform: &TestPlatform, folder: &Folder, lines: &[Line]) {
    Importer::of(platform).done(&folder.write("charges.csv", lines)).await;
}

pub(super) fn member(platform: &TestPlatform, team: &str) -> Client {
    let mut claims = demo::platform::claims(&TestPlatform::role("engineer"));
    claims.teams = vec![team.to_owned()];
    platform.client_with(Some(platform.simulator().issuer().token(&claims)))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_adds_up_and_each_sees_their_own() {
    let folder = Folder::new("kinds");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let totals = async |client: &Client| asked(client, march(), TOTALS).await;
    let of = |total: &str, owned: &str, shared: &str, unallocated: &str, restricted: &str| {
        json!({ "total": total, "owned": owned, "shared": shared, "unallocated": unallocated, "restricted": restricted,
            "residual": "0", "currency": "EUR" })
    };
    assert_eq!(totals(&platform.client("admin")).await, of("150.65", "137.35", "10.00", "3.3", "0"));
    // Who may know everything, but not what the ledger keeps to itself.
    assert_eq!(totals(&platform.client("finops")).await, of("150.65", "37.35", "10.00", "3.3", "100"));
    assert_eq!(totals(&member(&platform, "shop")).await, of("30.35", "30.35", "0", "0", "0"));
    assert_eq!(totals(&member(&platform, "checkout")).await, of("20.20", "20.20", "0", "0", "0"));
    assert_eq!(totals(&member(&platform, "ledger")).await, of("107", "107", "0", "0", "0"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_rows_and_series_tell_the_same_total() {
    let folder = Folder::new("groups");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let finops = platform.client("finops");
    let query =
        march_with(json!({ "groupBy": [{ "dimension": "TEAM" }, { "dimension": "SERVICE" }], "granularity": "WEEK",
        "compareToPrevious": true }));
    let fields = "total previousTotal changeRatio completeUntil periods { from to invoiceIssuer status }
        groups(top: 1) { totalCount nodes { kind total share previousTotal keys { dimension value label entity { ref } } } }
        series { date amount isComplete } rows { date team: key(index: 0) service: key(index: 1) none: key(index: 9) kind amount }";
    let report = asked(&finops, query, fields).await;
    assert_eq!((&report["total"], &report["previousTotal"]), (&json!("150.65"), &json!("4")));
    assert_eq!(report["changeRatio"], 150.65 / 4.0 - 1.0);
    assert_eq!(report["completeUntil"], "2026-03-20");
    assert_eq!(
        report["periods"],
        json!([{ "from": "2026-03-01", "to": "2026-03-31", "invoiceIssuer": "Azure", "status": "UNKNOWN" }])
    );
    let groups = report["groups"]["nodes"].as_array().unwrap();
    let told: Vec<(&str, &str, Value)> = groups
        .iter()
        .map(|group| {
            (group["kind"].as_str().unwrap(), group["total"].as_str().unwrap(), group["keys"][0]["label"].clone())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("RESTRICTED", "100", json!("Restricted")),
            ("OWNED", "20.20", json!("checkout")),
            ("SHARED", "10.00", json!("Shared")),
            ("UNALLOCATED", "3.3", json!("Unallocated")),
            ("REMAINDER", "17.15", json!("Others")),
        ]
    );
    assert_eq!(groups[1]["keys"][0]["entity"]["ref"], "group:default/checkout");
    assert_eq!(groups[1]["keys"][1]["value"], "Virtual Machines");
    assert!(groups[0]["keys"].as_array().unwrap().iter().all(|key| key["value"].is_null()));
    // Until the twentieth everything is there: one step of the four that have begun is not over.
    let series = report["series"].as_array().unwrap();
    let steps: Vec<_> =
        series.iter().map(|point| (point["date"].as_str().unwrap(), point["isComplete"] == true)).collect();
    assert_eq!(steps, [("2026-03-01", true), ("2026-03-02", true), ("2026-03-09", true), ("2026-03-16", false)]);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows[0]["team"], "shop");
    assert!(rows.iter().all(|row| row["none"].is_null()));
    let dates: Vec<&str> = rows.iter().map(|row| row["date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted());
    let sum = |values: &[Value]| -> String {
        let mut sum = schema::Decimal::default();
        values.iter().for_each(|value| sum += &schema::Decimal::read(value["amount"].as_str().unwrap()).unwrap());
        sum.to_string()
    };
    assert_eq!((sum(rows), sum(series)), ("150.65".to_owned(), "150.65".to_owned()));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_groups_and_rows_lead_through_everything() {
    let folder = Folder::new("pages");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    let query = march_with(json!({ "groupBy": [{ "dimension": "COMPONENT" }], "granularity": "DAY" }));
    let (mut groups, mut rows) = (Vec::new(), Vec::new());
    let (mut after_group, mut after_row) = (Value::Null, Value::Null);
    for _ in 0..20 {
        let text = "query($q: CostQuery!, $g: String, $r: String) { cost(query: $q) {
            groups(first: 2, after: $g) { edges { cursor node { total } } pageInfo { hasNextPage } totalCount }
            rows(first: 3, after: $r) { cursor amount } } }";
        let page = admin.data(text, json!({ "q": query, "g": after_group, "r": after_row })).await["cost"].clone();
        let edges = page["groups"]["edges"].as_array().unwrap();
        groups.extend(edges.iter().map(|edge| edge["node"]["total"].clone()));
        rows.extend(page["rows"].as_array().unwrap().iter().map(|row| row["amount"].clone()));
        let more = page["groups"]["pageInfo"]["hasNextPage"] == true;
        after_group = edges.last().map_or(after_group, |edge| edge["cursor"].clone());
        after_row = page["rows"].as_array().unwrap().last().map_or(after_row, |row| row["cursor"].clone());
        if !more && page["rows"].as_array().unwrap().is_empty() {
            break;
        }
    }
    assert_eq!(groups, ["100", "20.20", "10.15", "10.00", "7", "3.3"]);
    assert_eq!(rows, ["10.10", "0.05", "7", "20.20", "100", "9.99", "0.01", "3.3"]);
    // A variable makes the engine resolve the rows; else they are written as bytes.
    let text = "query($q: CostQuery!, $i: Int!) { cost(query: $q) {
        engine: rows { __typename cursor date key(index: $i) none: key(index: 3) kind amount }
        bytes: rows { __typename cursor date key(index: 0) none: key(index: 3) kind amount } } }";
    let both = admin.data(text, json!({ "q": query, "i": 0 })).await["cost"].clone();
    assert_eq!(both["engine"], both["bytes"]);
    assert_eq!(both["bytes"].as_array().unwrap().len(), 8);
    for (argument, message) in [
        ("groups(top: 0) { totalCount }", "`top` is 0"),
        ("groups(first: 101) { totalCount }", "`first` is 101"),
        ("rows(first: 10001) { amount }", "`first` is 10001"),
        ("rows(after: \"x\") { amount }", "cursor"),
    ] {
        let text = format!("query($q: CostQuery!) {{ cost(query: $q) {{ {argument} }} }}");
        let answer = admin.send(&text, json!({ "q": query })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{argument}");
        assert!(answer.text.contains(message), "{argument}: {}", answer.text);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_is_split_to_the_last_digit() {
    let folder = Folder::new("splits");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    for split in ["EVEN", "PROPORTIONAL"] {
        let query = march_with(json!({ "sharedCosts": split, "groupBy": [{ "dimension": "TEAM" }] }));
        let report =
            asked(&admin, query, "total owned shared residual groups { nodes { kind total keys { value } } }").await;
        assert_eq!(report["total"], "150.65", "{split}");
        assert_eq!(report["shared"], "0");
        let teams: Vec<_> =
            report["groups"]["nodes"].as_array().unwrap().iter().map(|group| group["total"].clone()).collect();
        let expected = match split {
            // A third each; what rounding left over goes to whom most belongs.
            "EVEN" => ["110.33333333333", "23.53333333334", "13.48333333333", "3.3"],
            // The vault has no part in the weights: of 37.35 the cart has 20.20.
            _ => ["108.87416331994", "25.60829986614", "12.86753681392", "3.3"],
        };
        assert_eq!(teams, expected, "{split}: {report:#}");
    }
    let finops = platform.client("finops");
    let query = march_with(json!({ "sharedCosts": "EVEN", "filter": { "team": ["checkout"] } }));
    assert_eq!(asked(&finops, query, "total").await["total"], "23.53333333334");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_changes_its_team_is_counted_by_day_or_as_today() {
    let folder = Folder::new("moves");
    let platform = platform(&folder).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    // The cart was the shop's until the tenth, in the middle of a day that is still theirs.
    sqlx::raw_sql(
        "update owner_interval set valid_from = '2026-03-10T12:00:00Z' where entity_ref = 'component:default/cart'; \
         insert into owner_interval (tenant, entity_id, entity_ref, owner_ref, valid_from, valid_to) \
         select tenant, entity_id, entity_ref, 'group:default/ledger', '2026-01-01Z', '2026-03-10T12:00:00Z' \
         from owner_interval where entity_ref = 'component:default/cart'",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let days = ["2026-03-09", "2026-03-10", "2026-03-11", "2026-03-31"];
    import(&platform, &folder, &days.map(|day| Line::new("1.5", day, "cart"))).await;
    let admin = platform.client("admin");
    for (ownership, expected) in
        [("AT_CHARGE", vec![("checkout", "3.0"), ("ledger", "3.0")]), ("CURRENT", vec![("checkout", "6.0")])]
    {
        let query = march_with(json!({ "ownership": ownership, "groupBy": [{ "dimension": "TEAM" }] }));
        let fields = "total groups(orderBy: KEY_ASC) { nodes { total keys { label } } }";
        let report = asked(&admin, query, fields).await;
        assert_eq!(report["total"], "6.0");
        let groups: Vec<_> = report["groups"]["nodes"].as_array().unwrap().iter().collect();
        let groups: Vec<(&str, &str)> = groups
            .iter()
            .map(|group| (group["keys"][0]["label"].as_str().unwrap(), group["total"].as_str().unwrap()))
            .collect();
        assert_eq!(groups, expected, "{ownership}");
    }
    // Whoever had it then is told what it was charged then, and not a day more.
    assert_eq!(asked(&member(&platform, "ledger"), march(), "total").await["total"], "3.0");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_what_others_spend() {
    let folder = Folder::new("others");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let dimensions =
        ["TEAM", "COMPONENT", "SYSTEM", "DOMAIN", "ENVIRONMENT", "PROVIDER", "SERVICE", "SUB_ACCOUNT", "RESOURCE"];
    let filters = [
        json!({}),
        json!({ "team": ["ledger"] }),
        json!({ "component": ["books"] }),
        json!({ "component": ["vault"] }),
        json!({ "component": ["web", "books", "vault"] }),
        json!({ "system": ["store"] }),
        json!({ "domain": ["commerce"] }),
        json!({ "service": ["Virtual Machines"] }),
        json!({ "service": ["Virtual Network"] }),
        json!({ "subAccount": ["sub-1"] }),
        json!({ "tags": [{ "key": "component" }] }),
        json!({ "tags": [{ "key": "component", "value": "vault" }] }),
    ];
    let fields = "total shared unallocated restricted previousTotal
        groups(top: 1, first: 100) { totalCount nodes { kind total previousTotal keys { value label } } }
        series { amount } rows { amount kind label: key }";
    let shop = member(&platform, "shop");
    let nobody = member(&platform, "nobody");
    for filter in &filters {
        for dimension in dimensions {
            for ownership in ["AT_CHARGE", "CURRENT"] {
                let query = march_with(json!({ "filter": filter, "groupBy": [{ "dimension": dimension }],
                    "granularity": "DAY", "ownership": ownership, "compareToPrevious": true }));
                let what = format!("{filter} {dimension} {ownership}");
                let told = asked(&shop, query.clone(), fields).await;
                let text = told.to_string();
                // Neither figures nor names of what the ledger has, nor of what is nobody's or everybody's.
                for secret in ["ledger", "books", "vault", "\"7\"", "\"100\"", "107", "9.99", "3.3", "10.00", "150.65"]
                {
                    assert!(!text.contains(secret), "{what}: {secret} in {text}");
                }
                assert_eq!(told["restricted"], "0");
                let empty = asked(&nobody, query, fields).await;
                assert_eq!((&empty["total"], &empty["groups"]["totalCount"]), (&json!("0"), &json!(0)), "{what}");
                assert!(empty["rows"].as_array().unwrap().is_empty());
            }
        }
    }
    // What is hidden is like what is not there, for whoever may know all the rest, too.
    let finops = platform.client("finops");
    for filter in [
        json!({ "component": ["vault"] }),
        json!({ "component": ["no-such"] }),
        json!({ "tags": [{ "key": "component", "value": "vault" }] }),
    ] {
        let query = march_with(json!({ "filter": filter }));
        assert_eq!(asked(&finops, query, TOTALS).await["total"], "0", "{filter}");
    }
    for split in ["EVEN", "PROPORTIONAL"] {
        let text = "query($q: CostQuery!) { cost(query: $q) { total } }";
        let answer = shop.send(text, json!({ "q": march_with(json!({ "sharedCosts": split })) })).await;
        assert_eq!(answer.code(), "FORBIDDEN", "{}", answer.text);
    }
    let other_tenant = platform.client("other_tenant_engineer");
    assert_eq!(asked(&other_tenant, march(), "total").await["total"], "0");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_hidden_later_is_hidden_at_once() {
    let folder = Folder::new("later");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let finops = platform.client("finops");
    assert_eq!(asked(&finops, march(), TOTALS).await["restricted"], "100");
    let hidden = CATALOG
        .replace("metadata: { name: books }", "metadata: { name: books, annotations: { weft.dev/visibility: team } }");
    import_catalog(&platform, &folder, &hidden).await;
    assert_eq!(asked(&finops, march(), TOTALS).await["restricted"], "107");
    let query = march_with(json!({ "groupBy": [{ "dimension": "SERVICE" }] }));
    let report = asked(&finops, query, "total groups { nodes { kind total keys { value } } }").await;
    assert_eq!(report["total"], "150.65");
    assert_eq!(report["groups"]["nodes"][0]["total"], "107");
    import_catalog(&platform, &folder, CATALOG).await;
    assert_eq!(asked(&finops, march(), TOTALS).await["restricted"], "100");
    // What was hidden stays so when its component is gone, also after another look at everything.
    let remove = "mutation { removeEntity(input: { ref: \"component:default/vault\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    for _ in 0..2 {
        assert_eq!(asked(&finops, march(), TOTALS).await["restricted"], "100");
        let query = march_with(json!({ "filter": { "component": ["vault"] } }));
        assert_eq!(asked(&finops, query, "total").await["total"], "0");
        let rules = &platform.app().config.cost.attribution;
        platform.database().attribute_costs("default", rules, super::ANNOTATIONS).await.unwrap();
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_a_page_of_anything_is_two_statements() {
    let statements = Statements::count();
    let folder = Folder::new("nested");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    let cost = "cost(query: { range: { from: \"2026-03-01\", to: \"2026-03-31\" } }) { total }";
    let query = format!("{{ components(first: 50, orderBy: {{ field: NAME }}) {{ nodes {{ name {cost} }} }} }}");
    let without = "{ components(first: 50, orderBy: { field: NAME }) { nodes { name } } }";
    statements.take();
    admin.data(without, json!({})).await;
    let before = statements.take().len();
    let data = admin.data(&query, json!({})).await;
    assert_eq!(statements.take().len(), before + 2);
    let found: Vec<_> = data["components"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["name"].as_str().unwrap().to_owned(), node["cost"]["total"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("books", "7"), ("cart", "20.20"), ("vault", "100"), ("web", "10.15")];
    assert_eq!(found, expected.map(|(name, total)| (name.to_owned(), total.to_owned())));
    let others = format!(
        "{{ team(ref: \"shop\") {{ {cost} }} system: entity(ref: \"system:store\") {{ ... on System {{ {cost} }} }} \
         domain: entity(ref: \"domain:commerce\") {{ ... on Domain {{ {cost} }} }} }}"
    );
    let others = admin.data(&others, json!({})).await;
    for place in ["team", "system", "domain"] {
        assert_eq!(others[place]["cost"]["total"], "30.35", "{place}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_do_not_mix_and_scopes_are_needed() {
    let folder = Folder::new("currencies");
    let platform = platform(&folder).await;
    let lines = [Line::new("1", "2026-03-01", "web"), Line { currency: "USD", ..Line::new("2", "2026-03-01", "web") }];
    import(&platform, &folder, &lines).await;
    let admin = platform.client("admin");
    let text = "query($q: CostQuery!) { cost(query: $q) { total currency } }";
    let answer = admin.send(text, json!({ "q": march() })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    assert!(answer.text.contains("`EUR`, `USD`"), "{}", answer.text);
    let usd = asked(&admin, march_with(json!({ "currency": "USD" })), "total currency").await;
    assert_eq!(usd, json!({ "total": "2", "currency": "USD" }));
    let mut claims = demo::platform::claims(&TestPlatform::role("engineer"));
    claims.scopes = vec!["catalog:read".to_owned()];
    let client = platform.client_with(Some(platform.simulator().issuer().token(&claims)));
    assert_eq!(client.send(text, json!({ "q": march() })).await.code(), "FORBIDDEN");
    let answer = client.send("{ component(ref: \"web\") { cost(query: { range: { from: \"2026-03-01\", to: \"2026-03-02\" } }) { total } } }", json!({})).await;
    assert_eq!(answer.code(), "FORBIDDEN");
    platform.stop().await;
}
