use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::gitlab::{Project, World};

use super::Setup;

async fn world() -> Setup {
    let files = BTreeMap::from([("docs/catalog info.yaml".to_owned(), "kind: Component\n".to_owned())]);
    let project = Project { files, ..Project::believable("group/sub/project") };
    let empty = Project { is_empty: true, ..Project::new("group/empty") };
    Setup::of(World::builder().project(project).project(empty).build()).await
}

#[tokio::test]
async fn version_and_token_say_what_the_gateway_checks_at_start() {
    let setup = world().await;
    for path in ["/api/v4/metadata", "/api/v4/version"] {
        let answer: Value = setup.get(path).await.json().await.unwrap();
        assert_eq!(answer["version"], "18.5.0-ee");
        assert!(answer["revision"].is_string() && answer["enterprise"] == true && answer["kas"].is_object());
    }
    let token: Value = setup.get("/api/v4/personal_access_tokens/self").await.json().await.unwrap();
    assert_eq!(token["scopes"], json!(["read_api"]));
    assert_eq!(token["expires_at"], "2027-01-31", "a date, 335 days from the clock's now");
    assert_eq!((&token["active"], &token["revoked"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_project_is_found_by_encoded_path_and_by_number() {
    let setup = world().await;
    let by_path: Value = setup.get("/api/v4/projects/group%2Fsub%2Fproject").await.json().await.unwrap();
    assert_eq!(by_path["path_with_namespace"], "group/sub/project");
    assert_eq!((&by_path["empty_repo"], &by_path["archived"]), (&json!(false), &json!(false)));
    assert_eq!(by_path["default_branch"], "main");
    let by_id: Value = setup.get(&format!("/api/v4/projects/{}", by_path["id"])).await.json().await.unwrap();
    assert_eq!(by_id, by_path);
    let missing = setup.get("/api/v4/projects/group%2Fabsent").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json::<Value>().await.unwrap(), json!({ "message": "404 Project Not Found" }));
    let languages: Value = setup.get("/api/v4/projects/group%2Fsub%2Fproject/languages").await.json().await.unwrap();
    assert!(languages.as_object().unwrap().values().all(Value::is_number));
}

#[tokio::test]
async fn a_raw_file_is_text_and_its_absence_says_what_is_absent() {
    let setup = world().await;
    let file = |project: &str, path: &str, name: &str| {
        format!("/api/v4/projects/{project}/repository/files/{path}/raw?ref={name}")
    };
    let found = setup.get(&file("group%2Fsub%2Fproject", "docs%2Fcatalog%20info.yaml", "HEAD")).await;
    assert!(found.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(found.text().await.unwrap(), "kind: Component\n");
    let cases = [
        (file("group%2Fsub%2Fproject", "absent", "HEAD"), "404 File Not Found"),
        (file("group%2Fsub%2Fproject", "docs%2Fcatalog%20info.yaml", "other"), "404 Commit Not Found"),
        (file("group%2Fempty", "README.md", "HEAD"), "404 Commit Not Found"),
    ];
    for (path, expected) in cases {
        let response = setup.get(&path).await;
        assert_eq!(response.status(), 404);
        assert_eq!(response.json::<Value>().await.unwrap()["message"], expected);
    }
}
