//! What a report says besides sums: unit cost, commitments, coverage of tags, and shared costs by a configured rule.

use serde_json::{Value, json};

use super::{
    Folder, HEADER, Importer, Line, RULES, import_catalog, platform,
    report::{asked, import, lines, march, march_with, member},
};
use crate::deployments::{apply, event, lease};

#[tokio::test(flavor = "multi_thread")]
async fn one_deployment_costs_what_was_spent_through_how_many_there_were() {
    let folder = Folder::new("units");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    let fields = "total unitCost(by: \"deployment\") { metric unit quantity amount previousAmount series { date quantity amount } }";
    let before = asked(&admin, march(), fields).await;
    assert_eq!(
        (&before["unitCost"]["quantity"], &before["unitCost"]["amount"]),
        (&Value::Null, &Value::Null),
        "nobody counted"
    );
    let lease = lease(platform.database()).await;
    const DAY: i64 = 24 * 60;
    let events = [
        // Of February, in the middle of the days before.
        event("component:default/web", 6, -14 * DAY, "z"),
        event("component:default/web", 1, 0, "a"),
        event("component:default/web", 2, 8 * DAY, "b"),
        event("component:default/cart", 3, 8 * DAY, "c"),
        event("component:default/books", 4, 9 * DAY, "d"),
        event("component:default/vault", 5, 9 * DAY, "e"),
    ];
    apply(&platform, &lease, &events).await;
    let query = march_with(json!({ "granularity": "WEEK", "compareToPrevious": true }));
    let unit = asked(&admin, query.clone(), fields).await["unitCost"].clone();
    assert_eq!((&unit["quantity"], &unit["amount"]), (&json!("5"), &json!("30.13")));
    // Of the days before there is a charge, and the first deployment that is known is of a later day.
    assert_eq!(unit["previousAmount"], Value::Null);
    let late = json!({ "range": { "from": "2026-02-18", "to": "2026-02-21" }, "compareToPrevious": true });
    let late = asked(&admin, late, fields).await["unitCost"].clone();
    assert_eq!(
        (&late["quantity"], &late["amount"], &late["previousAmount"]),
        (&json!("0"), &Value::Null, &Value::Null)
    );
    let early = json!({ "range": { "from": "2026-02-10", "to": "2026-02-28" } });
    assert_eq!(asked(&admin, early, fields).await["unitCost"]["quantity"], Value::Null, "nobody counted all of them");
    let series: Vec<(&Value, &Value)> =
        unit["series"].as_array().unwrap().iter().map(|point| (&point["quantity"], &point["amount"])).collect();
    let null = Value::Null;
    let told = [json!("1"), json!("0.05"), json!("4"), json!("34.2975"), json!("0")];
    assert_eq!(series[..4], [(&told[4], &null), (&told[0], &told[1]), (&told[2], &told[3]), (&told[4], &null)]);
    // Those of others count for nobody else, and what is hidden for nobody who may not see it.
    for (team, quantity, amount) in [("shop", "3", "10.116667"), ("checkout", "1", "20.2"), ("ledger", "2", "53.5")] {
        let unit = asked(&member(&platform, team), march(), fields).await["unitCost"].clone();
        assert_eq!((&unit["quantity"], &unit["amount"]), (&json!(quantity), &json!(amount)), "{team}");
    }
    // Neither what the vault costs nor its deployment.
    let finops = asked(&platform.client("finops"), march(), fields).await["unitCost"].clone();
    assert_eq!((&finops["quantity"], &finops["amount"]), (&json!("4"), &json!("12.6625")));
    let nested = "{ component(ref: \"web\") { cost(query: { range: { from: \"2026-03-01\", to: \"2026-03-31\" } }) { unitCost(by: \"deployment\") { quantity amount } } } }";
    let nested = admin.data(nested, json!({})).await;
    assert_eq!(nested["component"]["cost"]["unitCost"], json!({ "quantity": "2", "amount": "5.075" }));
    let unknown = admin
        .send(
            "query($q: CostQuery!) { cost(query: $q) { unitCost(by: \"order\") { amount } } }",
            json!({ "q": march() }),
        )
        .await;
    assert_eq!(unknown.code(), "BAD_USER_INPUT");
    assert!(unknown.text.contains("`deployment`"), "{}", unknown.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commitments_tell_what_of_them_was_used() {
    let folder = Folder::new("commitments");
    let platform = platform(&folder).await;
    let row = |cost: &str, component: &str, more: &str| {
        format!("{},{more}\n", Line::new(cost, "2026-03-05", component).text())
    };
    let text = format!(
        "{HEADER},CommitmentDiscountId,CommitmentDiscountName,CommitmentDiscountType,CommitmentDiscountStatus,PricingCategory\n{}{}{}{}{}{}",
        row("3", "web", "ri-1,Big,Reservation,Used,Committed"),
        row("1", "cart", "ri-1,Big,Reservation,Used,Committed"),
        row("2.5", "", "ri-1,Big,Reservation,Unused,Committed"),
        row("5", "web", "sp-1,,Savings Plan,Used,Committed"),
        row("6", "web", ",,,,Standard"),
        row("9", "web", ",,,,Dynamic"),
    );
    Importer::of(&platform).done(&folder.write_text("charges.csv", &text)).await;
    let fields = "commitments { used unused utilization coverage commitments { discountId name type used unused } }";
    let told = asked(&platform.client("admin"), march(), fields).await["commitments"].clone();
    assert_eq!(
        told,
        json!({ "used": "9", "unused": "2.5", "utilization": 9.0 / 11.5, "coverage": 9.0 / 15.0, "commitments": [
            { "discountId": "ri-1", "name": "Big", "type": "Reservation", "used": "4", "unused": "2.5" },
            { "discountId": "sp-1", "name": null, "type": "Savings Plan", "used": "5", "unused": "0" } ] })
    );
    // Only what is the viewer's own.
    let own = asked(&member(&platform, "checkout"), march(), fields).await["commitments"].clone();
    assert_eq!(
        (&own["used"], &own["unused"], &own["commitments"].as_array().unwrap().len()),
        (&json!("1"), &json!("0"), &1)
    );
    let none = asked(&member(&platform, "ledger"), march(), fields).await["commitments"].clone();
    assert_eq!(none, json!({ "used": "0", "unused": "0", "utilization": null, "coverage": null, "commitments": [] }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_missed_on_what_can_carry_them() {
    let folder = Folder::new("coverage");
    let platform = platform(&folder).await;
    let tagged = |cost: &str, resource: &str, tags: &[(&'static str, &str)]| Line {
        resource: resource.to_owned(),
        tags: tags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
        ..Line::new(cost, "2026-03-05", "")
    };
    let lines = [
        tagged("10", "vm-1", &[("component", "web"), ("cc", "7")]),
        tagged("5", "vm-2", &[("component", "cart"), ("cc", "")]),
        tagged("1", "vm-3", &[]),
        // A fee carries none.
        tagged("100", "", &[]),
    ];
    import(&platform, &folder, &lines).await;
    let admin = platform.client("admin");
    let fields = "tagCoverage(tags: [\"component\", \"cc\"]) { taggable tagged ratio byTag { tag tagged ratio } }";
    let told = asked(&admin, march(), fields).await["tagCoverage"].clone();
    assert_eq!(
        told,
        json!({ "taggable": "16", "tagged": "10", "ratio": 0.625, "byTag": [
            { "tag": "component", "tagged": "15", "ratio": 0.9375 }, { "tag": "cc", "tagged": "10", "ratio": 0.625 } ] })
    );
    // The days before have a part in nothing of it.
    let late = json!({ "range": { "from": "2026-03-04", "to": "2026-03-06" }, "compareToPrevious": true });
    let late = asked(&admin, late, &format!("{fields} lines {{ totalCount }} commitments {{ used }}")).await;
    assert_eq!((&late["tagCoverage"]["taggable"], &late["lines"]["totalCount"]), (&json!("16"), &json!(4)));
    let configured = asked(&admin, march(), "tagCoverage { tagged byTag { tag } }").await["tagCoverage"].clone();
    assert_eq!(configured, json!({ "tagged": "15", "byTag": [{ "tag": "component" }] }));
    let own = asked(&member(&platform, "checkout"), march(), fields).await["tagCoverage"].clone();
    assert_eq!((&own["taggable"], &own["tagged"]), (&json!("5"), &json!("0")));
    let none = asked(&member(&platform, "ledger"), march(), fields).await["tagCoverage"].clone();
    assert_eq!((&none["taggable"], &none["ratio"]), (&json!("0"), &Value::Null));
    let many: Vec<String> = (0..21).map(|n| format!("\"{n}\"")).collect();
    let many = format!(
        "query($q: CostQuery!) {{ cost(query: $q) {{ tagCoverage(tags: [{}]) {{ tagged }} }} }}",
        many.join(", ")
    );
    assert_eq!(admin.send(&many, json!({ "q": march() })).await.code(), "BAD_USER_INPUT");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_costs_are_split_by_a_configured_rule() {
    let folder = Folder::new("rule-split");
    let splits = r#"{ "people": { "shop": 1, "group:default/ledger": "0.5" } }"#;
    let platform =
        it::TestPlatform::start_empty(&[("WEFT_COST__ATTRIBUTION__RULES", RULES), ("WEFT_COST__SPLITS", splits)]).await;
    import_catalog(&platform, &folder, super::CATALOG).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    let rule = json!({ "sharedCosts": "RULE", "splitRule": "people", "groupBy": [{ "dimension": "TEAM" }] });
    let fields = "total owned shared residual groups { nodes { kind total keys { value } } } lines(first: 100) { nodes { amount teamRef } }";
    let told = asked(&admin, march_with(rule.clone()), fields).await;
    assert_eq!((&told["total"], &told["shared"], &told["owned"]), (&json!("150.65"), &json!("0"), &json!("147.35")));
    let groups: Vec<(&str, &str)> = told["groups"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["keys"][0]["value"].as_str().unwrap_or("-"), group["total"].as_str().unwrap()))
        .collect();
    // Ten thirds of euros: the twelve digits of a weight, and what is left over for the largest share.
    assert_eq!(
        groups,
        [
            ("group:default/ledger", "110.33333333333"),
            ("group:default/checkout", "20.2"),
            ("group:default/shop", "16.81666666667"),
            ("-", "3.3"),
        ]
    );
    assert_eq!(told["residual"], "0.00000000001");
    let lines = told["lines"]["nodes"].as_array().unwrap();
    assert_eq!(lines.iter().filter(|line| line["teamRef"] == "group:default/ledger").count(), 4);
    for (more, says) in [
        (json!({ "sharedCosts": "RULE", "splitRule": "none" }), "one of `people`"),
        (json!({ "sharedCosts": "RULE" }), "goes with"),
        (json!({ "splitRule": "people" }), "goes with"),
    ] {
        let text = "query($q: CostQuery!) { cost(query: $q) { total } }";
        let refused = admin.send(text, json!({ "q": march_with(more) })).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    let engineer = member(&platform, "shop");
    let refused =
        engineer.send("query($q: CostQuery!) { cost(query: $q) { total } }", json!({ "q": march_with(rule) })).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    platform.stop().await;
}
