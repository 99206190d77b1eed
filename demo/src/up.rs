//! `make demo`: everything up, one sentence a step, until Ctrl-C.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use gateway::{
    commands::{ended_by_signal, import_catalog},
    config::Environment,
};
use serde_json::{Map, Value, json};
use sources::Clock;

use crate::{
    costs, database, discovered,
    estate::{Estate, Role, roles},
    hooked,
    platform::{Platform, PlatformConfig, TOKEN_LIFETIME, client_secret},
    postgres::{Cluster, ClusterConfig, Profile},
    redis::RedisServer,
    sample, team, upstreams,
};

/// What `make demo` was told.
pub struct UpArgs {
    /// Entities beyond the standard estate.
    pub estate: Option<usize>,
    /// The environment.
    pub environment: Environment,
}

/// Starts everything, tells how to use it, and ends it on Ctrl-C.
pub async fn run(args: UpArgs) -> anyhow::Result<()> {
    let folder = PathBuf::from(args.environment.get("WEFT_DEMO_DIR").unwrap_or_else(|| ".weft".to_owned()));
    let (listen, admin_listen) = addresses(&args.environment)?;
    check_free(listen)?;
    // From here on Ctrl-C waits until what was started can be ended in order.
    let demo = start(&folder, args.estate, listen, admin_listen);
    let (cluster, redis, platform, database_url) = tokio::select! {
        demo = demo => demo?,
        () = ended_by_signal() => return Ok(()),
    };
    let file = folder.join("demo.json");
    let redis_url = redis.as_ref().map(RedisServer::url);
    write_json(&file, &platform, &database_url, redis_url.as_deref())?;
    let step = Step::begin("A team's own GraphQL service, in the same graph");
    let team = tokio::select! {
        team = team::start(&platform) => team,
        () = ended_by_signal() => return end(&file, platform, redis, cluster).await,
    };
    step.done(&match &team {
        Ok(team) => format!("at {}: {{ components(first: 3) {{ nodes {{ name incidents {{ title }} }} }} }}", team.url),
        Err(error) => format!("not there, the graph is Weft's own: {error:#}"),
    });
    introduce(&platform, &file).await?;
    // GitLab, AWX and Terraform tell what happens, besides being asked now and then.
    let _following = hooked::follow(&platform);
    let renewal = TOKEN_LIFETIME / 2;
    loop {
        tokio::select! {
            () = ended_by_signal() => break,
            () = tokio::time::sleep(renewal) => write_json(&file, &platform, &database_url, redis_url.as_deref())?,
        }
    }
    end(&file, platform, redis, cluster).await
}

async fn end(file: &Path, platform: Platform, redis: Option<RedisServer>, cluster: Cluster) -> anyhow::Result<()> {
    println!("\nEnding.");
    // Nobody shall find the address of something that is gone.
    let _ = fs::remove_file(file);
    platform.stop().await;
    if let Some(redis) = redis {
        redis.stop().await?;
    }
    cluster.stop().await
}

async fn start(
    folder: &Path,
    estate: Option<usize>,
    listen: SocketAddr,
    admin_listen: SocketAddr,
) -> anyhow::Result<(Cluster, Option<RedisServer>, Platform, String)> {
    let step = Step::begin("A private PostgreSQL");
    let config = ClusterConfig { folder: folder.to_owned(), profile: Profile::Durable };
    let cluster = Cluster::start(config).await?;
    database::create(&cluster.url("postgres"), "weft").await?;
    let database_url = cluster.url("weft");
    step.done(&format!("on port {}", cluster.port()));

    let step = Step::begin("A private Redis");
    let redis = RedisServer::start(&folder.join("redis")).await?;
    step.done(&match &redis {
        Some(redis) => format!("on port {}", redis.port()),
        None => "not installed: caches are in process".to_owned(),
    });
    let mut settings = vec![
        ("WEFT_TELEMETRY__LOG".to_owned(), "warn".to_owned()),
        // Whoever looks shall see it move.
        ("WEFT_SYNC__INTERVAL".to_owned(), "10s".to_owned()),
        ("WEFT_LIVE__JOB_INTERVAL".to_owned(), "500ms".to_owned()),
    ];
    settings.extend(discovered::settings());
    settings.extend(hooked::settings());
    settings.extend(redis.as_ref().map(|redis| ("REDIS_URL".to_owned(), redis.url())));

    let step = Step::begin("The fake upstreams, the issuer and the gateway");
    let catalog = match estate {
        Some(count) => Estate::generated(count),
        None => Estate::standard(),
    };
    let files = folder.join("estate");
    catalog.write(&files)?;
    let tenants = catalog.tenants();
    let standard = Estate::standard();
    let platform = Platform::start(PlatformConfig {
        database_url: database_url.clone(),
        listen,
        admin_listen,
        estate: catalog,
        keys_folder: Some(folder.join("issuer")),
        settings,
        clock: Clock::system(),
        collects_metrics: true,
    })
    .await?;
    discovered::put(&platform.simulator);
    step.done(&format!("at {}", platform.url()));

    let step = Step::begin("The catalog of two tenants");
    let app = platform.serving.app();
    let mut loaded = Vec::new();
    for tenant in tenants {
        let paths = [files.join(tenant)];
        let report = import_catalog(app.sources.database(), &app.config.catalog, tenant, &paths).await?;
        for refusal in &report.refused {
            eprintln!("refused {}: {}", refusal.target, refusal.message);
        }
        loaded.push(format!("{} entities of `{tenant}`, {} of them new", report.loaded(), report.created));
    }
    step.done(&loaded.join("; "));

    let step = Step::begin("Eighteen months of cost");
    let today = Clock::system().now().date_naive();
    let mut loaded = Vec::new();
    for tenant in standard.tenants() {
        let folders = costs::write(&folder.join("costs").join(tenant), &standard, tenant, today)?;
        let charges = costs::import(app.sources.database(), &app.config, tenant, &folders).await?;
        loaded.push(format!("{charges} new charges of `{tenant}`"));
    }
    step.done(&loaded.join("; "));
    Ok((cluster, redis, platform, database_url))
}

/// A step that takes a moment: what, then how long it took.
struct Step(Instant);

impl Step {
    fn begin(what: &str) -> Self {
        println!("{what} …");
        Self(Instant::now())
    }

    fn done(self, how: &str) {
        println!("  {how} ({:.1} s)", self.0.elapsed().as_secs_f64());
    }
}

fn addresses(environment: &Environment) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let read = |name: &str, default: &str| {
        let text = environment.get(name).unwrap_or_else(|| default.to_owned());
        text.parse::<SocketAddr>().with_context(|| format!("{name}: `{text}` is not an address such as 127.0.0.1:8080"))
    };
    let listen = read("WEFT_LISTEN", "127.0.0.1:8080")?;
    let mut admin = read("WEFT_ADMIN_LISTEN", "127.0.0.1:9090")?;
    if environment.get("WEFT_ADMIN_LISTEN").is_none() && check_free(admin).is_err() {
        // Nobody asked for this port in particular.
        admin.set_port(0);
    }
    Ok((listen, admin))
}

fn check_free(address: SocketAddr) -> anyhow::Result<()> {
    std::net::TcpListener::bind(address).map(|_| ()).with_context(|| {
        format!(
            "{address} is taken by another program: end it, or choose another with WEFT_LISTEN=127.0.0.1:8081 make demo"
        )
    })
}

/// Writes what scripts need; in one step, so that nobody reads half of it.
fn write_json(file: &Path, platform: &Platform, database_url: &str, redis_url: Option<&str>) -> anyhow::Result<()> {
    let tokens: Map<String, Value> =
        roles().iter().map(|role| (role.name.to_owned(), platform.token(role).into())).collect();
    let clients: Map<String, Value> = roles().iter().map(|role| (role.name.to_owned(), client(role))).collect();
    let simulator = &platform.simulator;
    let json = json!({
        "graphql": format!("{}/graphql", platform.url()),
        "websocket": format!("ws://{}/graphql", platform.serving.address()),
        "admin": format!("http://{}", platform.serving.admin_address()),
        "issuer": simulator.issuer_url(),
        "clients": clients,
        "database_url": database_url,
        "redis_url": redis_url,
        "tokens": tokens,
        "upstreams": upstreams::json(simulator),
        "sample_query": sample::QUERY,
        "pid": std::process::id(),
    });
    let draft = file.with_extension("json.new");
    fs::write(&draft, format!("{json:#}\n"))?;
    fs::rename(&draft, file)?;
    Ok(())
}

fn client(role: &Role) -> Value {
    json!({ "client_id": role.name, "client_secret": client_secret(role) })
}

async fn introduce(platform: &Platform, file: &Path) -> anyhow::Result<()> {
    let all = roles();
    let engineer = all.first().context("there is no role")?;
    let answer = sample::ask(&platform.url(), &platform.token(engineer), 2).await?;
    println!("\nTokens, for a day each (also in {}):", file.display());
    for role in &all {
        println!(
            "\n  {}: {} of {}, tenant {}\n  {}",
            role.name,
            role.subject,
            role.teams.join(", "),
            role.tenant,
            platform.token(role)
        );
    }
    println!("\nA first query:\n\n{}\n\nIts answer as `engineer`, for `first: 2`:\n\n{answer:#}", sample::QUERY);
    let finops = all.iter().find(|role| role.name == "finops").context("there is no finops")?;
    let cost = sample::ask_cost(&platform.url(), &platform.token(finops)).await?;
    println!("\nWhat was spent this month and last, as `finops`:\n\n{}\n\n{cost:#}", sample::cost_query()?);
    println!("\nWeft is up:");
    println!("  GraphQL   {}/graphql", platform.url());
    println!("  explorer  {}/graphiql", platform.url());
    println!("  metrics   http://{}/metrics", platform.serving.admin_address());
    println!("Ctrl-C ends everything; the data stays for the next start.");
    Ok(())
}
