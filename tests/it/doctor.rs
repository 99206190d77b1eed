//! `weft doctor`: of each upstream it says what is wrong, in the words of those who have to mend it.

use std::{fs, process::Command};

use it::{Program, TestPlatform};
use simulator::{Fault, Upstream};

/// Each upstream, and how the report calls it.
const UPSTREAMS: [(Upstream, &str); 5] = [
    (Upstream::Gitlab, "sources.gitlab"),
    (Upstream::Openshift, "sources.openshift.west"),
    (Upstream::Awx, "sources.awx"),
    (Upstream::Terraform, "sources.terraform"),
    (Upstream::Azure, "sources.azure"),
];

/// What it printed, and whether it was content. `edit` changes the file; a variable without a value is taken away.
async fn doctor(platform: &TestPlatform, edit: impl Fn(&str) -> String, changed: &[(&str, &str)]) -> (String, bool) {
    let (toml, variables) = platform.configuration();
    let file = std::env::temp_dir().join(format!("weft-it-doctor-{:016x}.toml", rand::random::<u64>()));
    fs::write(&file, edit(toml)).unwrap();
    let mut command = Command::new(Program::of_this_build());
    command.arg("--config").arg(&file).arg("doctor").envs(variables.iter().cloned());
    for (name, value) in changed {
        match *value {
            "" => command.env_remove(name),
            value => command.env(name, value),
        };
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    fs::remove_file(&file).unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (text, output.status.success())
}

/// The report with the configuration as it is.
async fn plainly(platform: &TestPlatform, changed: &[(&str, &str)]) -> (String, bool) {
    doctor(platform, str::to_owned, changed).await
}

fn says(report: &str, key: &str, what: &str) -> bool {
    report.lines().any(|line| line.starts_with(&format!("FAILED  {key}: {what}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_upstream_that_fails_it_says_how_and_of_no_other() {
    let platform = TestPlatform::start().await;
    let (report, is_content) = plainly(&platform, &[]).await;
    assert!(is_content && !report.contains("FAILED"), "{report}");
    for (_, key) in UPSTREAMS {
        assert!(
            report.lines().any(|line| line.starts_with(&format!("ok      {key}: "))),
            "{key} is missing:\n{report}"
        );
    }
    let redirect = Fault::Redirect { location: "https://login.example.com/".to_owned() };
    for (fault, what) in [
        (Fault::ExpiredToken, "token:"),
        (Fault::Status { code: 403 }, "right:"),
        (Fault::Html, "answer:"),
        (redirect, "address:"),
        (Fault::Status { code: 503 }, "upstream:"),
    ] {
        for (upstream, _) in UPSTREAMS {
            platform.simulator().faults(upstream).always(fault.clone());
        }
        let (report, is_content) = plainly(&platform, &[]).await;
        assert!(!is_content, "{report}");
        for (upstream, key) in UPSTREAMS {
            assert!(says(&report, key, what), "{fault:?} of {key} is not called {what:?}:\n{report}");
            platform.simulator().faults(upstream).clear();
        }
    }
    platform.simulator().faults(Upstream::Awx).always(Fault::Hang);
    let (report, _) = plainly(&platform, &[("WEFT_SOURCES__AWX__TIMEOUT", "300ms")]).await;
    assert!(says(&report, "sources.awx", "timeout:"), "{report}");
    assert_eq!(report.matches("FAILED").count(), 1, "{report}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_wrong_is_told_from_one_that_is_not_trusted() {
    let platform = TestPlatform::start().await;
    let gitlab = platform.simulator().gitlab_url().to_owned();
    for (base_url, what) in [
        ("http://127.0.0.1:9".to_owned(), "connection:"),
        ("https://gitlab.invalid".to_owned(), "name resolution:"),
        (gitlab.replace("http://", "https://"), "TLS:"),
        (format!("{gitlab}/elsewhere"), "right or address:"),
    ] {
        let (report, is_content) = plainly(&platform, &[("WEFT_SOURCES__GITLAB__BASE_URL", &base_url)]).await;
        assert!(!is_content && says(&report, "sources.gitlab", what), "{base_url} is not called {what:?}:\n{report}");
    }
    platform.stop().await;
}

/// The file with one more name that the default tenant may read.
fn with_name(toml: &str, section: &str, name: &str) -> String {
    let (before, after) = toml.split_once(section).unwrap();
    assert!(after.contains("default = ["), "{after}");
    format!("{before}{section}{}", after.replacen("default = [", &format!("default = [\"{name}\", "), 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_named() {
    let platform = TestPlatform::start().await;
    platform.simulator().openshift().change(|world| world.forbid_cluster_lists(true).hide_namespace("money-payouts"));
    let edit = |toml: &str| {
        with_name(&with_name(toml, "[[sources.openshift]]", "money-payouts"), "[sources.terraform]", "nowhere")
    };
    let (report, is_content) = doctor(&platform, edit, &[]).await;
    assert!(!is_content, "{report}");
    assert!(says(&report, "sources.openshift.west", "right: the token may not list deployments in 1 of"), "{report}");
    assert!(says(&report, "sources.terraform", "right: there is no organization `nowhere`"), "{report}");
    assert!(!says(&report, "sources.gitlab", ""), "{report}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_the_rest_is_looked_at_all_the_same() {
    let platform = TestPlatform::start().await;
    let (report, is_content) = plainly(&platform, &[("DATABASE_URL", "")]).await;
    assert!(!is_content && says(&report, "database.url", "not set"), "{report}");
    assert!(report.contains("ok      sources.gitlab: "), "{report}");
    let (report, _) = plainly(&platform, &[("DATABASE_URL", "postgres://weft@127.0.0.1:9/weft")]).await;
    assert!(says(&report, "database.url", "") && report.contains("ok      sources.azure: "), "{report}");
    platform.stop().await;
}
