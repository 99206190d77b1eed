//! What the graph says of charges, and to whom.

use it::{Client, TestPlatform};
use serde_json::{Value, json};

use super::{Folder, Importer, Line, platform};

const TOTALS: &str = "total owned shared unallocated restricted residual currency";

async fn asked(client: &Client, query: Value, fields: &str) -> Value {
    let text = format!("query($q: CostQuery!) {{ cost(query: $q) {{ {fields} }} }}");
    client.data(&text, json!({ "q": query })).await["cost"].clone()
}

fn march() -> Value {
    json!({ "range": { "from": "2026-03-01", "to": "2026-03-31" } })
}

fn with(mut query: Value, more: Value) -> Value {
    query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    query
}

/// A month of charges: of both teams of the shop, of the ledger with its hidden component, shared ones and such of nobody.
fn lines() -> Vec<Line> {
    let network =
        |cost: &str, day: &str| Line { service: "Virtual Network", category: "Networking", ..Line::new(cost, day, "") };
    let storage = |cost: &str, day: &str, component: &str| Line {
        service: "Storage",
        category: "Storage",
        ..Line::new(cost, day, component)
    };
    vec![
        Line::new("10.10", "2026-03-01", "web"),
        storage("0.05", "2026-03-02", "web"),
        Line::new("20.20", "2026-03-10", "cart"),
        Line::new("7", "2026-03-10", "books"),
        Line::new("100", "2026-03-11", "vault"),
        network("9.99", "2026-03-15"),
        network("0.01", "2026-03-16"),
        Line::new("3.3", "2026-03-20", ""),
        Line::new("4", "2026-02-20", "web"),
    ]
}

/// The rules in effect, and one for what is shared.
async fn import(platform: &TestPlatform, folder: &Folder, lines: &[Line]) {
    let mut importer = Importer::of(platform);
    let shared = sources::cost::Rule {
        name: "network".to_owned(),
        columns: [("ServiceCategory".to_owned(), vec!["Networking".to_owned()])].into(),
        tags: Default::default(),
        to: sources::cost::Assignment::Shared,
    };
    importer.rules.rules.push(shared);
    importer.done(&folder.write("charges.csv", lines)).await;
}

fn member(platform: &TestPlatform, team: &str) -> Client {
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
