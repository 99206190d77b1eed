//! The vendors' own clients, as their users install them: what each reads is in `clients/`.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use aws_lc_rs::digest;
use serde_json::{Value, json};
use simulator::{Config, Simulator, Upstream, awx, azure, gitlab, openshift, terraform};
use tokio::{process::Command, time::timeout};

/// More than any of them takes on a slow machine, the first installation included.
const LONGEST: Duration = Duration::from_secs(300);

/// Signs, in what pip writes, that the registry cannot be reached; anything else is a failure of ours.
const UNREACHABLE: [&str; 6] = [
    "NameResolutionError",
    "NewConnectionError",
    "Failed to establish a new connection",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
];

const SUBSCRIPTION: &str = "11111111-2222-4333-8444-555555555555";

#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab() {
    let paths = super::paths(120);
    let config = Config { world: gitlab::World::builder().seed(7).paths(paths.clone()).build(), ..Config::default() };
    passes("gitlab_client.py", Upstream::Gitlab, "simulated-gitlab-token", config, json!({ "paths": paths }), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_and_kubectl() {
    let apps: Vec<_> = (0..40)
        .map(|number| openshift::App::believable(&format!("area-{}", number % 5), &format!("app-{number}")))
        .collect();
    let told = |app: &openshift::App| json!({ "namespace": app.namespace, "name": app.name, "kind": format!("{:?}", app.kind) });
    let expected = json!({ "apps": apps.iter().map(told).collect::<Vec<_>>() });
    let world = apps.into_iter().fold(openshift::World::builder(), openshift::WorldBuilder::app).build();
    let config = Config { openshift: world, has_tls: true, ..Config::default() };
    passes("kubernetes_client.py", Upstream::Openshift, "simulated-openshift-token", config, expected, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awxkit() {
    awxkit_below("/api/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awxkit_behind_a_platform_gateway() {
    awxkit_below("/api/controller/").await;
}

async fn awxkit_below(base_path: &str) {
    let templates: Vec<_> = (1..=60).map(|id| awx::Template::believable(id, &format!("Template {id}"))).collect();
    let told = |template: &awx::Template| {
        let kind = match template.kind {
            awx::Kind::Job => "job_template",
            awx::Kind::Workflow => "workflow_job_template",
        };
        json!([template.id, template.name, kind])
    };
    let expected = json!({ "templates": templates.iter().map(told).collect::<Vec<_>>() });
    let world = templates.into_iter().fold(awx::World::builder(), awx::WorldBuilder::template).build();
    let config = Config { awx: world, ..Config::default() };
    passes("awx_client.py", Upstream::Awx, "simulated-awx-token", config, expected, base_path).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pytfe_and_terraform() {
    let names: Vec<_> = (0..45).map(|number| format!("service-{number}")).collect();
    let world = terraform::World::builder().workspaces("acme", &names).limits(terraform::Limits::NONE).build();
    let expected = json!({ "organization": "acme", "workspaces": names });
    let config = Config { terraform: world, ..Config::default() };
    passes("terraform_client.py", Upstream::Terraform, "simulated-terraform-token", config, expected, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_identity_and_management() {
    let groups: Vec<_> = (0..30).map(|number| format!("group-{number}")).collect();
    let world = azure::World::builder().groups(SUBSCRIPTION, &groups).limits(azure::Limits::generous()).build();
    let expected = json!({
        "tenant": azure::TENANT_ID,
        "client": azure::CLIENT_ID,
        "subscription": SUBSCRIPTION,
        "groups": groups,
    });
    let config = Config { azure: world, has_tls: true, ..Config::default() };
    passes("azure_client.py", Upstream::Azure, "simulated-azure-secret", config, expected, "").await;
}

/// Runs one client against a simulator of its own.
async fn passes(script: &str, upstream: Upstream, token: &str, config: Config, expected: Value, base_path: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let python = match install(&folder).await {
        Ok(python) => python,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Command::new(python);
    client.arg(script).current_dir(&folder);
    client.env("PYTHONDONTWRITEBYTECODE", "1").env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    client.env("SIMULATOR_URL", simulator.url(upstream)).env("SIMULATOR_TOKEN", token);
    client.env("SIMULATOR_EXPECTED", expected.to_string()).env("SIMULATOR_BASE_PATH", base_path);
    let ca_file = std::env::temp_dir().join(format!("simulator-{script}-{}.pem", std::process::id()));
    if let Some(ca_pem) = simulator.ca_pem() {
        fs::write(&ca_file, ca_pem).unwrap();
        client.env("SIMULATOR_CA_FILE", &ca_file);
    }
    let output = run(&mut client).await.expect("the environment has a python");
    if simulator.ca_pem().is_some() {
        fs::remove_file(&ca_file).unwrap();
    }
    simulator.stop().await;
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{script}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The Python of an environment that has the requirements, made unless it is there; one process at a time.
async fn install(folder: &Path) -> Result<PathBuf, String> {
    let requirements = folder.join("requirements.txt");
    let digest = digest::digest(&digest::SHA256, &fs::read(&requirements).unwrap());
    let key: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("simulator-clients");
    let (environment, stamp) = (all.join(&key), all.join(format!("{key}.installed")));
    let python = environment.join("bin").join("python");
    fs::create_dir_all(&all).unwrap();
    let guard = File::create(all.join(".lock")).unwrap();
    let guard = tokio::task::spawn_blocking(move || guard.lock().map(|()| guard)).await.unwrap().unwrap();
    if stamp.exists() {
        return Ok(python);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&environment);
    let made = run(&mut venv).await.ok_or("`python3` is not installed")?;
    if !made.status.success() {
        return Err(format!("`python3 -m venv` fails: {}", String::from_utf8_lossy(&made.stdout)));
    }
    let mut pip = Command::new(&python);
    // Of pip's own patience, minutes for each package, little is enough.
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--retries=1"]);
    pip.arg("--requirement").arg(&requirements);
    let output = run(&mut pip).await.expect("the environment has a python");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        assert!(UNREACHABLE.iter().any(|sign| told.contains(sign)), "pip install: {told}");
        return Err(format!("the packages cannot be installed: {told}"));
    }
    fs::write(&stamp, "").unwrap();
    drop(guard);
    Ok(python)
}

/// What a command wrote; none when there is no such command.
async fn run(command: &mut Command) -> Option<Output> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.ok()?;
    Some(timeout(LONGEST, child.wait_with_output()).await.expect("an end in good time").expect("a status"))
}
