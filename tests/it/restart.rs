//! Postgres ends in the middle of everything and comes back: errors with a code meanwhile, then all is well by itself, and of an
//! import that was under way there is nothing.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gateway::commands::import_catalog;
use it::TestPlatform;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

const IMPORTED: usize = 3_000;
/// Longest time from the moment when Postgres takes connections again until everybody is answered.
const RECOVERY_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_is_told_is_over_by_itself_and_leaves_no_half_of_an_import() {
    let platform = TestPlatform::start_apart(&[]).await;
    let folder = std::env::temp_dir().join(format!("weft-it-restart-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for number in 0..IMPORTED {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: late-{number:04}\n  tags: [late]\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n  dependsOn: [component:late-0000]\n"
        );
        fs::write(folder.join(format!("{number:04}.yaml")), text).unwrap();
    }
    let (database, config) = (platform.database().clone(), platform.app().config.catalog.clone());
    let import = {
        let (database, config, folder) = (database.clone(), config.clone(), folder.clone());
        tokio::spawn(async move { import_catalog(&database, &config, "default", &[folder]).await })
    };
    let is_over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (client, is_over) = (platform.client("engineer"), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let query = "{ components(first: 5) { totalCount nodes { ref owner { ... on Team { name } } } } }";
                    answers.push(client.send(query, json!({})).await);
                }
                answers
            })
        })
        .collect();

    writing_has_begun(&platform.database_url()).await;
    platform.crash_postgres().await;
    let client = platform.client("engineer");
    let recovered = tokio::time::timeout(RECOVERY_MAX, async {
        while !is_well(&client.query("{ component(ref: \"payments-api\") { name } }", json!({})).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    recovered.await.expect("all is well again by itself");
    is_over.store(true, Ordering::Relaxed);
    let mut counts = [0, 0];
    for caller in callers {
        for answer in caller.await.unwrap() {
            let told = answer.json();
            counts[usize::from(!is_well(&told))] += 1;
            for error in told["errors"].as_array().unwrap_or(&Vec::new()) {
                assert_eq!(error["extensions"]["code"], "DATABASE_UNAVAILABLE", "{told:#}");
                assert_eq!(error["extensions"]["retryable"], true, "{told:#}");
            }
        }
    }
    println!("{} answers without an error, {} with", counts[0], counts[1]);

    let failure = import.await.unwrap().expect_err("the import fails with its connection");
    println!("the import says: {failure:#}");
    let late = "{ components(first: 1, filter: { tags: [\"late\"] }) { totalCount } auditLog(first: 100) { nodes { action } } }";
    let before = platform.client("admin").data(late, json!({})).await;
    assert_eq!(before["components"]["totalCount"], 0, "half of an import is there");
    let imports = |data: &Value| {
        data["auditLog"]["nodes"].as_array().unwrap().iter().filter(|node| node["action"] == "import.catalog").count()
    };
    let report = import_catalog(&database, &config, "default", std::slice::from_ref(&folder)).await.unwrap();
    assert_eq!((report.created, report.refused.len()), (IMPORTED, 0));
    let after = platform.client("admin").data(late, json!({})).await;
    assert_eq!(after["components"]["totalCount"], IMPORTED);
    assert_eq!(imports(&after), imports(&before) + 1, "one import happened, and one is recorded");
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

fn is_well(answer: &Value) -> bool {
    answer.get("errors").is_none()
}

/// Waits until some transaction has written.
async fn writing_has_begun(database_url: &str) {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    let query = "select count(*) from pg_stat_activity where backend_xid is not null and datname = current_database()";
    while sqlx::query_scalar::<_, i64>(query).fetch_one(&mut connection).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
