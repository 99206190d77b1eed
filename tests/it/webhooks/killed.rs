//! A gateway that is killed loses nothing that it has answered for, and nothing is done twice.

use it::{Program, TestPlatform, until};
use simulator::{Fault, Upstream, hook::Hooks};

use super::{HOOKED, NEW, all_done, connect, counts, deployments, eager};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_for_is_done_by_others_when_its_gateway_is_killed_in_the_middle() {
    let platform = TestPlatform::start().await;
    let weft = Program::of_this_build();
    // This one lets nobody in, and so works on nothing.
    let settings: Vec<(&str, &str)> = HOOKED
        .iter()
        .copied()
        .chain([("WEFT_WEBHOOKS__ATTEMPT_TIMEOUT", "2s"), ("WEFT_SOURCES__GITLAB__TIMEOUT", "60s")])
        .collect();
    let mut connection = connect(&platform).await;
    let (_, told) = eager(&platform);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Hang);
    let first = platform.program_with(&weft, &settings).await;
    let network = Hooks::to(&format!("{}/webhooks", first.url()));
    for hook in told.iter().cloned() {
        assert_eq!(network.send(hook.gitlab_token(NEW)).await, [200]);
    }
    // In the middle of an attempt: claimed, and GitLab was asked.
    until("a claim", async || {
        let claimed: i64 = sqlx::query_scalar("select count(*) from webhook_delivery where claimed_until > now()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        (claimed > 0).then_some(())
    })
    .await;
    first.stop().await;
    let count = i64::try_from(told.len()).unwrap();
    assert_eq!(counts(&mut connection).await, (count, 0), "all that was answered for is there, and none of it done");
    platform.simulator().faults(Upstream::Gitlab).clear();
    let second = platform.program_with(&weft, &settings).await;
    all_done(&mut connection, count).await;
    let written = deployments(&mut connection).await;
    let distinct: i64 = sqlx::query_scalar("select count(distinct (source_key, component_ref)) from deployment")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(written > 0 && written == distinct, "{written} rows of {distinct} deployments");
    second.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ends_in_order_gives_back_what_it_had_begun() {
    let platform = TestPlatform::start().await;
    let mut connection = connect(&platform).await;
    let config = platform.app().config.webhooks.clone();
    let database = platform.database();
    let delivery = |number: i64| sources::webhook::Delivery {
        sender: sources::webhook::Sender::Gitlab,
        dedup_key: number.to_string(),
        kind: "push".to_owned(),
        hint: sources::webhook::Hint::Project { id: Some(number), path: None, topic: sources::webhook::Topic::Code },
    };
    let deliveries: Vec<_> = (1..=3).map(delivery).collect();
    database.store_deliveries(sources::webhook::Sender::Gitlab, &deliveries, 100).await.unwrap();
    let (one, other) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let claimed = database.claim_deliveries(&config, one, 2).await.unwrap();
    assert_eq!(claimed.len(), 2);
    assert_eq!(database.claim_deliveries(&config, other, 10).await.unwrap().len(), 1, "each is claimed once");
    // Who does not hold the claim settles nothing.
    database.settle_deliveries(&claimed[0].ids(), other).await.unwrap();
    assert_eq!(counts(&mut connection).await, (3, 0));
    database.settle_deliveries(&claimed[0].ids(), one).await.unwrap();
    database.release_deliveries(one).await.unwrap();
    let again = database.claim_deliveries(&config, other, 10).await.unwrap();
    assert_eq!(again.iter().map(|task| &task.object_key).collect::<Vec<_>>(), [&claimed[1].object_key]);
    assert_eq!(again[0].deliveries[0].attempts, 1, "what was given back was no attempt");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_the_gateway_each_time_is_set_aside() {
    let platform = TestPlatform::start().await;
    let mut connection = connect(&platform).await;
    sqlx::raw_sql(
        "insert into webhook_delivery (id, source, dedup_key, object_key, kind, hint, received_at, next_attempt_at, attempts, claimed_by, claimed_until)
         select gen_random_uuid(), 'gitlab', n::text, 'project ' || n, 'push', '{\"of\":\"project\",\"id\":1,\"path\":null,\"topic\":\"code\"}',
             now(), now(), n, gen_random_uuid(), now() - interval '1 second'
         from unnest(array[11, 12]) as n",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let config = platform.app().config.webhooks.clone();
    let claimed = platform.database().claim_deliveries(&config, uuid::Uuid::new_v4(), 10).await.unwrap();
    assert_eq!(claimed.iter().map(|task| task.object_key.as_str()).collect::<Vec<_>>(), ["project 11"]);
    let error: String = sqlx::query_scalar("select last_error from webhook_delivery where state = 'quarantined'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(error.contains("ended with the gateway"), "{error}");
    platform.stop().await;
}
