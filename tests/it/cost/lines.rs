//! Charges one by one, with their FOCUS columns.

use it::Statements;
use serde_json::{Value, json};

use super::{
    Folder, HEADER, Importer, Line, platform,
    report::{asked, import, lines, march, march_with, member},
};

#[tokio::test(flavor = "multi_thread")]
async fn charges_stand_one_by_one_newest_first_with_everything_that_the_file_says() {
    let folder = Folder::new("lines");
    let platform = platform(&folder).await;
    let line = Line { resource: "vm-7".to_owned(), ..Line::new("1.50", "2026-03-05", "web") };
    let text = format!(
        "{HEADER},ChargeDescription,PricingQuantity,PricingUnit,x_Team,InvoiceId\n{},\"Two, \"\"large\"\"\",2.50E+1,Hours,seven,inv-1\n",
        line.text()
    );
    Importer::of(&platform).done(&folder.write_text("charges.csv", &text)).await;
    let admin = platform.client("admin");
    let fields = "lines { totalCount pageInfo { hasNextPage } nodes { id kind teamRef team { name } componentRef component { name } rule amount
        billedCost effectiveCost listCost contractedCost billingCurrency billingPeriodStart billingPeriodEnd chargePeriodStart
        chargePeriodEnd chargeCategory chargeDescription invoiceIssuerName invoiceId serviceProviderName serviceCategory serviceName
        billingAccountId subAccountId regionId resourceId skuId pricingQuantity pricingUnit tags columns } }";
    let found = asked(&admin, march(), fields).await["lines"].clone();
    assert_eq!((&found["totalCount"], &found["pageInfo"]["hasNextPage"]), (&json!(1), &json!(false)));
    let mut node = found["nodes"][0].clone();
    let columns = node["columns"].take();
    let id = node["id"].take();
    assert_eq!(
        node,
        json!({ "id": null, "kind": "OWNED", "teamRef": "group:default/shop", "team": { "name": "shop" },
            "componentRef": "component:default/web", "component": { "name": "web" }, "rule": "component tag", "amount": "1.50",
            "billedCost": "1.50", "effectiveCost": "1.50", "listCost": "1.50", "contractedCost": "1.50", "billingCurrency": "EUR",
            "billingPeriodStart": "2026-03-01T00:00:00Z", "billingPeriodEnd": "2026-04-01T00:00:00Z",
            "chargePeriodStart": "2026-03-05T00:00:00Z", "chargePeriodEnd": "2026-03-06T00:00:00Z", "chargeCategory": "USAGE",
            "chargeDescription": "Two, \"large\"", "invoiceIssuerName": "Azure", "invoiceId": "inv-1", "serviceProviderName": "Azure",
            "serviceCategory": "Compute", "serviceName": "Virtual Machines", "billingAccountId": "account-1", "subAccountId": "sub-1",
            "regionId": "westeurope", "resourceId": "vm-7", "skuId": null, "pricingQuantity": "25.0", "pricingUnit": "Hours",
            "tags": { "component": "web" }, "columns": null })
    );
    for (name, value) in
        [("x_Team", "seven"), ("PricingQuantity", "2.50E+1"), ("BilledCost", "1.50"), ("ResourceId", "vm-7")]
    {
        assert_eq!(columns[name], value, "{name}");
    }
    // The same charge by its id, for those who may see it and nobody else.
    let node = "query($id: ID!) { node(id: $id) { id ... on CostLine { amount teamRef } } }";
    let by_id = json!({ "id": id });
    for client in [&admin, &member(&platform, "shop")] {
        let found = client.data(node, by_id.clone()).await["node"].clone();
        assert_eq!(found, json!({ "id": id, "amount": "1.50", "teamRef": "group:default/shop" }));
    }
    assert_eq!(member(&platform, "ledger").data(node, by_id).await["node"], Value::Null);
    // Keys that nobody gave out are of nothing.
    for key in
        ["1", "1.2026-03-05.0", "1.-100000-01-01.1", "-9223372036854775808.2026-03-05.1", "99.2026-03-05.1", "x.y.z"]
    {
        let id = schema::NodeId::of("CostLine", key).encode();
        assert_eq!(admin.data(node, json!({ "id": id })).await["node"], Value::Null, "{key}");
    }
    // A correction leaves its name alone.
    let corrected = text.replace("1.50,1.50", "1.75,1.75");
    Importer::of(&platform).done(&folder.write_text("charges.csv", &corrected)).await;
    let found = admin.data(node, json!({ "id": id })).await["node"].clone();
    assert_eq!(found, json!({ "id": id, "amount": "1.75", "teamRef": "group:default/shop" }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_charges_lead_through_all_of_them_and_add_up() {
    let folder = Folder::new("line-pages");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let text =
        "query($q: CostQuery!, $after: String) { cost(query: $q) { total restricted lines(first: 2, after: $after) {
        totalCount edges { cursor node { amount chargePeriodStart kind } } pageInfo { hasNextPage endCursor } } } }";
    let finops = platform.client("finops");
    let (mut after, mut told) = (Value::Null, Vec::new());
    loop {
        let cost = finops.data(text, json!({ "q": march(), "after": after })).await["cost"].clone();
        // What the ledger keeps to itself is in no line, and counted in none.
        assert_eq!(
            (&cost["total"], &cost["restricted"], &cost["lines"]["totalCount"]),
            (&json!("150.65"), &json!("100"), &json!(7))
        );
        let edges = cost["lines"]["edges"].as_array().unwrap();
        assert!(!edges.is_empty() && edges.len() <= 2);
        told.extend(edges.iter().map(|edge| {
            let node = &edge["node"];
            (node["chargePeriodStart"].as_str().unwrap()[..10].to_owned(), node["amount"].as_str().unwrap().to_owned())
        }));
        if cost["lines"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = cost["lines"]["pageInfo"]["endCursor"].clone();
    }
    let expected = [
        ("2026-03-20", "3.3"),
        ("2026-03-16", "0.01"),
        ("2026-03-15", "9.99"),
        ("2026-03-10", "20.20"),
        ("2026-03-10", "7"),
        ("2026-03-02", "0.05"),
        ("2026-03-01", "10.10"),
    ];
    assert_eq!(told, expected.map(|(day, amount)| (day.to_owned(), amount.to_owned())));
    let broken = finops.send(text, json!({ "q": march(), "after": "nonsense" })).await;
    assert_eq!(broken.code(), "BAD_USER_INPUT");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_charges_of_a_page_of_components_are_as_many_statements_as_of_one() {
    let statements = Statements::count();
    let folder = Folder::new("line-statements");
    let platform = platform(&folder).await;
    import(&platform, &folder, &lines()).await;
    let admin = platform.client("admin");
    let query = serde_json::to_string(&march_with(json!({}))["range"])
        .unwrap()
        .replace("\"from\"", "from")
        .replace("\"to\"", "to");
    let of = |first: usize| {
        format!(
            "{{ components(first: {first}, orderBy: {{ field: NAME }}) {{ nodes {{ name cost(query: {{ range: {query} }}) {{ lines {{ nodes {{ amount }} }} }} }} }} }}"
        )
    };
    statements.take();
    admin.data(&of(1), json!({})).await;
    let one = statements.take();
    let data = admin.data(&of(50), json!({})).await;
    let all = statements.take();
    assert_eq!(all.len(), one.len(), "{all:?}");
    let of_lines = all.iter().filter(|statement| statement.contains("cost_lines")).count();
    assert!((1..=5).contains(&of_lines), "{of_lines}");
    let web = data["components"]["nodes"].as_array().unwrap().iter().find(|node| node["name"] == "web").unwrap();
    assert_eq!(web["cost"]["lines"]["nodes"], json!([{ "amount": "0.05" }, { "amount": "10.10" }]));
    platform.stop().await;
}
