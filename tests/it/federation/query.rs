//! One query across own types and those of a team.

use it::Statements;
use serde_json::{Value, json};

use super::with_incidents;

const PAGE: &str = "query($first: Int) { components(first: $first) { nodes { ref name owner { __typename ... on Team { name } } \
    incidents { title severity } health } pageInfo { hasNextPage } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_one_execution_and_one_batched_call_whatever_its_size() {
    let statements = Statements::count();
    let (platform, service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    client.data("{ viewer { subject } }", json!({})).await;
    let own = "query($first: Int) { components(first: $first) { nodes { ref name owner { __typename ... on Team { name } } } pageInfo { hasNextPage } } }";
    for first in [5, 50, 100] {
        statements.take();
        client.data(own, json!({ "first": first })).await;
        let alone = statements.take().len();
        service.calls();
        let data = client.data(PAGE, json!({ "first": first })).await;
        assert_eq!(statements.take().len(), alone, "the federated page asks the database more than the own one");
        let calls = service.calls();
        assert_eq!(calls.len(), 1, "{calls:#?}");
        let nodes = data["components"]["nodes"].as_array().unwrap();
        assert!(nodes.len() > 1 && nodes.len() <= first);
        assert_eq!(calls[0].variables["representations"].as_array().unwrap().len(), nodes.len());
        for node in nodes {
            let (entity_ref, incidents) = (node["ref"].as_str().unwrap(), node["incidents"].as_array().unwrap());
            assert_eq!(incidents.len(), entity_ref.len() % 3, "{node}");
            assert_eq!(node["health"], if incidents.is_empty() { "good" } else { "bad" });
            assert!(
                incidents.iter().all(|incident| incident["title"].as_str().unwrap().ends_with(entity_ref)),
                "{node}"
            );
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_of_a_team_lead_back_to_own_types_and_equal_entities_are_asked_for_once() {
    let (platform, service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    let query = "query($open: Boolean) { viewer { subject } list: incidents(first: 2) { id component { ref title: name lifecycle \
        incidents(open: $open) { severity } } } incident(id: \"component:default/ledger-api#0\") { title component { name } } \
        none: incident(id: \"nothing\") { title } }";
    let data = client.data(query, json!({ "open": true })).await;
    let component = client.data("{ component(ref: \"payouts-api\") { name lifecycle } }", json!({})).await;
    let list = data["list"].as_array().unwrap();
    assert!(!list.is_empty(), "{data}");
    for incident in list {
        assert_eq!(incident["component"]["title"], component["component"]["name"]);
        assert_eq!(incident["component"]["lifecycle"], component["component"]["lifecycle"]);
        assert!(incident["component"]["incidents"].as_array().unwrap().iter().all(|one| one["severity"] == "HIGH"));
    }
    assert_eq!(data["none"], Value::Null);
    let keys: Vec<&String> = data.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["viewer", "list", "incident", "none"], "in the order asked");
    assert!(service.calls().len() <= 2, "roots and what hangs on them are one call each at most");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abstract_types_mutations_and_introspection_reach_into_the_subgraph() {
    let (platform, service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    let query = "{ entity(ref: \"component:default/payouts-api\") { __typename name ... on Component { health } ... on Api { title } } \
        __type(name: \"Component\") { fields { name } } }";
    let data = client.data(query, json!({})).await;
    assert_eq!(data["entity"]["__typename"], "Component");
    let odd = client.data(
        "{ entity(ref: \"component:default/payouts-api\") { __typename: name ... on Component { health } } }",
        json!({}),
    );
    assert_eq!(odd.await["entity"]["__typename"], "payouts-api", "a name is only a name");
    assert!(["good", "bad"].contains(&data["entity"]["health"].as_str().unwrap()), "{data}");
    let fields = data["__type"]["fields"].as_array().unwrap();
    for name in ["incidents", "owner"] {
        assert!(fields.iter().any(|field| field["name"] == name), "{name} is not told of");
    }
    service.calls();
    let mutation = "mutation { resolveIncident(id: \"component:default/payouts-api#0\") { id component { name } } }";
    let data = client.data(mutation, json!({})).await;
    let calls = service.calls();
    assert!(calls.len() == 1 && calls[0].query.starts_with("mutation"), "{calls:?}");
    assert_eq!(data["resolveIncident"]["component"]["name"], "payouts-api");
    let sdl = client.get("/schema.graphql").send().await.unwrap().text().await.unwrap();
    assert!(sdl.contains("resolveIncident(") && !sdl.contains("join__"), "{}", &sdl[..500]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_composed_graph_is_refused_as_ever() {
    let (platform, service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    for (query, variables, code) in [
        ("{ incidents { nothing } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { incident(id: $id) { title } }", json!({}), "BAD_USER_INPUT"),
        ("subscription { incidents { title } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let answer = client.send(query, variables).await;
        assert_eq!(answer.code(), code, "{query}: {}", answer.text);
        assert!(answer.json().get("data").is_none(), "{}", answer.text);
    }
    assert!(service.calls().is_empty());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_is_told_who_asks_as_configured() {
    let secret = "a secret that is long enough for HS256";
    for (identity, tells) in [
        ("{ \"kind\": \"none\" }".to_owned(), None),
        ("{ \"kind\": \"original\" }".to_owned(), Some("original")),
        ("{ \"kind\": \"signed\", \"secret\": { \"env\": \"WEFT_IT_SIGNING\" } }".to_owned(), Some("signed")),
    ] {
        let settings = [("WEFT_FEDERATION__IDENTITY", identity.as_str()), ("WEFT_IT_SIGNING", secret)];
        let (platform, service) = with_incidents(&settings).await;
        let token = platform.token("engineer");
        let client = platform.client_with(Some(token.clone()));
        let headers = [
            ("x-request-id", "my-request"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ];
        let mut request =
            client.post().json(&json!({ "query": "{ incidents { title } }" })).header("cookie", "secret=1");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = it::Answer::of(request).await;
        assert!(answer.json()["data"]["incidents"].is_array(), "{}", answer.text);
        let call = service.calls().remove(0);
        for (name, value) in headers {
            assert_eq!(call.headers[name], value);
        }
        assert!(!call.headers.contains_key("cookie"), "what is not meant for it is handed on");
        let told = call.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        match tells {
            None => assert_eq!(told, None),
            Some("original") => assert_eq!(told, Some(format!("Bearer {token}"))),
            Some(_) => {
                let told = told.unwrap();
                let claims = claims_of(told.trim_start_matches("Bearer "), secret);
                assert_eq!((&claims["iss"], &claims["aud"]), (&json!("weft"), &json!("incidents")));
                assert_eq!(claims["tenant"], "default");
                assert!(claims["scopes"].as_array().unwrap().contains(&json!("catalog:read")), "{claims}");
                assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 120);
            }
        }
        platform.stop().await;
    }
}

/// The claims of a token that is signed with the secret.
fn claims_of(token: &str, secret: &str) -> Value {
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_audience(&["incidents"]);
    let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}
