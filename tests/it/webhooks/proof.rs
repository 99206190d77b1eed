//! Who is let in: every sender with either secret while one replaces the other, and nobody else; what is refused leaves nothing.

use chrono::TimeDelta;
use it::TestPlatform;
use reqwest::Method;
use simulator::hook::{self, Hook};

use super::{NEW, NEW_SIGNING, OLD, OLD_SIGNING, connect, counts, eager, hooks, now, with};

const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";

/// A delivery of each sender, unproven.
fn bare(platform: &TestPlatform) -> [Hook; 4] {
    let simulator = platform.simulator();
    let (path, _) = eager(platform);
    let push = simulator.gitlab().push_hook(&path).unwrap();
    let since = now(platform) - TimeDelta::days(7);
    let workspace = simulator.terraform().run_hooks("money", "payments", since).remove(0);
    let run = Hook { source: "awx", headers: Vec::new(), body: r#"{"id": 7, "status": "successful"}"#.to_owned() };
    [push, run, workspace, hook::resource_event(SUBSCRIPTION, "shop", "web", 1)]
}

/// The same with a secret, each in its sender's way.
fn proven(hook: Hook, secret: &str) -> Hook {
    match hook.source {
        "gitlab" => hook.gitlab_token(secret),
        "terraform" => hook.terraform_signed(secret),
        _ => hook.secret("x-weft-secret", secret),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_secret_of_a_sender_lets_it_in_and_nothing_else_does() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__WORKERS", "1")])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    for hook in bare(&platform) {
        let source = hook.source;
        let cut = |text: &str| text[..text.len() - 1].to_owned();
        let mut forged =
            vec![hook.clone(), proven(hook.clone(), "a-secret-nobody-has"), proven(hook.clone(), &cut(NEW))];
        // Proven with what another one would prove itself with.
        forged
            .push(hook.clone().gitlab_token("").secret("x-weft-secret", "").header("x-tfe-notification-signature", ""));
        if source == "terraform" {
            let signed = proven(hook.clone(), NEW);
            forged.push(Hook { body: signed.body.replace("money", "mone1"), ..signed.clone() });
            let signature = signed.headers.iter().find(|(name, _)| name.starts_with("x-tfe")).unwrap().1.clone();
            forged.push(signed.clone().header("x-tfe-notification-signature", &signature[..64]));
            forged.push(Hook { body: cut(&signed.body), ..signed });
        }
        for forged in forged {
            assert_eq!(network.send(forged.clone()).await, [401], "{source}: {forged:?}");
        }
        assert_eq!(counts(&mut connection).await.0, 0, "{source}");
        // Truncated on its way, with the secret: nothing is read from half of a body.
        if source != "terraform" {
            let half = Hook { body: hook.body[..hook.body.len() / 2].to_owned(), ..hook.clone() };
            assert_eq!(network.send(proven(half, NEW)).await, [400], "{source}");
            assert_eq!(counts(&mut connection).await.0, 0, "{source}");
        }
        assert_eq!(network.send(proven(hook.clone(), OLD)).await, [200], "{source}");
        assert_eq!(network.send(proven(hook.clone(), NEW)).await, [200], "{source}: a repeated delivery is welcome");
        assert_eq!(counts(&mut connection).await.0, 1, "{source}: and is one");
        sqlx::query("delete from webhook_delivery").execute(&mut connection).await.unwrap();
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_gitlab_holds_for_its_body_its_id_and_five_minutes() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (path, _) = eager(&platform);
    let hook = platform.simulator().gitlab().merge_request_hook(&path).unwrap();
    let at = now(&platform);
    let signed = hook.clone().gitlab_signed(NEW_SIGNING, at);
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (what, forged) in [
        ("another key", hook.clone().gitlab_signed(stranger, at)),
        ("another body", Hook { body: signed.body.replace("opened", "closed"), ..signed.clone() }),
        ("another id", signed.clone().header("webhook-id", "another")),
        ("another moment", signed.clone().header("webhook-timestamp", (at.timestamp() + 1).to_string())),
        (
            "no id",
            Hook {
                headers: signed.headers.iter().filter(|(name, _)| name != "webhook-id").cloned().collect(),
                ..signed.clone()
            },
        ),
        ("stale", hook.clone().gitlab_signed(NEW_SIGNING, at - TimeDelta::seconds(310))),
        ("from the future", hook.clone().gitlab_signed(NEW_SIGNING, at + TimeDelta::seconds(310))),
        ("the signing token in clear", hook.clone().gitlab_token(NEW_SIGNING)),
    ] {
        assert_eq!(network.send(forged).await, [401], "{what}");
    }
    assert_eq!(counts(&mut connection).await.0, 0);
    assert_eq!(network.send(signed.clone()).await, [200]);
    assert_eq!(network.send(hook.clone().gitlab_signed(OLD_SIGNING, at)).await, [200]);
    // Replayed under another key of its own: only the id that was signed counts.
    assert_eq!(network.send(signed.header("idempotency-key", "mine")).await, [200]);
    assert_eq!(counts(&mut connection).await.0, 1);
    let several = hook.gitlab_signed(NEW_SIGNING, at);
    let good = several.headers.iter().find(|(name, _)| name == "webhook-signature").unwrap().1.clone();
    assert_eq!(network.send(several.header("webhook-signature", format!("v1,AAAA v2,x {good}"))).await, [200]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_without_a_secret_is_as_one_that_does_not_exist() {
    let platform =
        TestPlatform::start_with(&[("HOOK", NEW), ("WEFT_WEBHOOKS__GITLAB__SECRETS", r#"[{ "env": "HOOK" }]"#)]).await;
    let network = hooks(&platform);
    let [push, run, workspace, event] = bare(&platform);
    for hook in [run, workspace, event] {
        assert_eq!(network.send(proven(hook.clone(), NEW)).await, [404], "{}", hook.source);
    }
    assert_eq!(network.send(Hook { source: "jira", ..proven(push.clone(), NEW) }).await, [404]);
    assert_eq!(network.send(proven(push, NEW)).await, [200]);
    for (method, path, status) in [
        (Method::GET, "/webhooks/gitlab", 405),
        (Method::PUT, "/webhooks/gitlab", 405),
        (Method::GET, "/webhooks/awx", 404),
        (Method::GET, "/webhooks", 404),
    ] {
        let answer = it::Answer::of(platform.client_with(None).request(method.clone(), path)).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
        assert!(answer.headers.contains_key("x-request-id"));
    }
    platform.stop().await;
}
