//! Redis killed, hung, emptied, restarted, or never there: no request fails, and none waits longer than for one command.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use it::TestRedis;
use redis::cmd;
use schema::SourceKind;
use sources::{
    Clock,
    cache::{Access, CacheMode, Evictions, Lives, Parts, SourceCache},
    health::Health,
    redis::{Namespace, Redis, RedisStore},
};
use tokio::{sync::watch, task::JoinSet};

use super::{Rig, ask, name, name_becomes};

/// Components that name a project each.
const COMPONENTS: [&str; 3] = ["payments-api", "payouts-api", "ledger-api"];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_redis_no_request_fails() {
    let Some(redis) = TestRedis::own().await else { return };
    let mut rig = Rig::with(redis, &[("WEFT_REDIS__BREAKER__OPEN_FOR", "200ms")]).await;
    is_ok_again(&rig).await;
    all_answer(&rig).await;
    rig.redis_mut().kill().await;
    all_answer(&rig).await;
    let readiness = rig.platform.readiness().await;
    assert_eq!((readiness.status.as_u16(), &readiness.json()["redis"]), (200, &"down".into()));
    rig.redis_mut().revive().await;
    is_ok_again(&rig).await;
    all_answer(&rig).await;
    rig.redis_mut().hang().await;
    all_answer(&rig).await;
    rig.redis_mut().go_on().await;
    is_ok_again(&rig).await;
    rig.redis().run::<()>(&cmd("FLUSHALL")).await;
    all_answer(&rig).await;
    // It is of use again, and not only there.
    let other = rig.platform.replica().await;
    let calls = rig.calls();
    name(&other.engineer()).await;
    assert_eq!(rig.calls(), calls);
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_not_there_keeps_nobody_from_starting() {
    let Some(mut redis) = TestRedis::own().await else { return };
    redis.kill().await;
    let mut rig = Rig::with(redis, &[("WEFT_REDIS__CONNECT_TIMEOUT", "300ms")]).await;
    all_answer(&rig).await;
    assert_eq!(rig.platform.readiness().await.json()["redis"], "down");
    rig.redis_mut().revive().await;
    is_ok_again(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_once_for_a_redis_that_hangs_however_often_it_looks() {
    let Some(mut server) = TestRedis::own().await else { return };
    let settings = [("WEFT_REDIS__BREAKER__FAILURES_MAX", "1000000")];
    let loaded = {
        let variables = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = gateway::config::Environment::of(server.settings().into_iter().chain(variables));
        gateway::config::Config::load(None, &environment).unwrap()
    };
    let (clock, evictions) = (Clock::system(), Evictions::new());
    let redis = Redis::new(&loaded.config.redis, Arc::clone(&evictions), clock.clone()).unwrap().unwrap();
    let (mut tasks, (_ending, ended)) = (JoinSet::new(), watch::channel(false));
    redis.start(&mut tasks, ended).await;
    let base_url = "https://gitlab.example.com".parse().unwrap();
    let namespace = Namespace::new(SourceKind::Gitlab, "test", 1, &base_url, &"token".into());
    let tags_of = |key: &str| vec![key.to_owned()];
    let minute = Duration::from_secs(60);
    let cache = SourceCache::new(Parts {
        upstream: SourceKind::Gitlab,
        entries_max: 100,
        evictions,
        tags_of,
        shared: Some(Arc::new(RedisStore::<String>::new(redis, namespace, tags_of))),
        fetch: Arc::new(|keys| async { Ok(keys.into_iter().map(|key| (key.clone(), Ok(key))).collect()) }.boxed()),
        lives: Lives { fresh: minute, stale: minute, negative: minute },
        batch_max: 10,
        wait_max: minute,
        clock: clock.clone(),
        health: Arc::new(Health::new(clock)),
    });
    server.hang().await;
    let access = Access::new(CacheMode::Use);
    let started = Instant::now();
    for n in 0..40 {
        let outcomes = cache.get_many(vec![format!("key {n}")], &access).await;
        assert!(outcomes.values().all(Result::is_ok));
    }
    let took = started.elapsed();
    // Twice forty commands would be four seconds.
    assert!(took >= Duration::from_millis(50) && took < Duration::from_millis(1_800), "{took:?}");
    println!("40 looks of one request at a hung Redis: {took:?}");
    server.go_on().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_evicted_while_redis_is_away_is_evicted_everywhere_once_it_is_back() {
    for hangs in [false, true] {
        let Some(redis) = TestRedis::own().await else { return };
        let mut rig = Rig::with(redis, &[("WEFT_REDIS__BREAKER__OPEN_FOR", "200ms")]).await;
        let other = rig.platform.replica().await;
        let old = name(&rig.platform.client("engineer")).await;
        assert_eq!(name(&other.engineer()).await, old);
        if hangs {
            rig.redis_mut().hang().await
        } else {
            rig.redis_mut().kill().await
        }
        rig.rename("Renamed");
        rig.platform.app().sources.gitlab().unwrap().evict_projects(&[super::PATH.to_owned()]).await;
        assert_eq!(name(&rig.platform.client("engineer")).await, "Renamed");
        if hangs {
            rig.redis_mut().go_on().await
        } else {
            rig.redis_mut().revive().await
        }
        name_becomes(&other.engineer(), "Renamed").await;
        other.stop().await;
        rig.stop().await;
    }
}

/// Asks for what no memory has any more, and for what is new.
async fn all_answer(rig: &Rig) {
    rig.wait(16 * 60);
    let client = rig.platform.client("engineer");
    for component in COMPONENTS {
        let started = Instant::now();
        let answer = ask(&client, component).await;
        assert!(answer["data"]["component"]["repository"]["path"].is_string(), "{answer}");
        assert!(answer.get("errors").is_none(), "{answer}");
        assert!(started.elapsed() < Duration::from_secs(5), "{component} took {:?}", started.elapsed());
    }
}

async fn is_ok_again(rig: &Rig) {
    let until = async {
        while rig.platform.readiness().await.json()["redis"] != "ok" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), until).await.expect("Redis is found again");
}
