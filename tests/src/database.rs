//! A database for one test: a copy of a template that holds the schema and the demo's estate.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::Context;
use demo::{
    database,
    estate::Estate,
    postgres::{Cluster, ClusterConfig, Profile},
};
use gateway::{
    commands::import_catalog,
    config::{Config, Environment},
};
use sources::postgres::{Database, MIGRATIONS};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A database of a test's own. Dropped by [`TestDatabase::drop_it`]; a test that fails leaves it to be looked at.
pub struct TestDatabase {
    admin_url: String,
    name: String,
    /// The server, where it is this test's own.
    cluster: Option<Cluster>,
    /// Where that server was told to live.
    folder: Option<PathBuf>,
}

impl TestDatabase {
    /// A database with the schema, and with the estate if asked for.
    pub async fn create(with_estate: bool) -> anyhow::Result<Self> {
        let (admin_url, cluster) = match Environment::of_process().get("WEFT_TEST_DATABASE_URL") {
            Some(url) => (url, None),
            None => own_server().await?,
        };
        Self::create_on(admin_url, cluster, with_estate).await
    }

    /// The same on a server of its own, which may be crashed.
    pub async fn create_apart(with_estate: bool) -> anyhow::Result<Self> {
        let (admin_url, cluster) = own_server().await?;
        Self::create_on(admin_url, cluster, with_estate).await
    }

    async fn create_on(
        admin_url: String,
        cluster: Option<(Cluster, PathBuf)>,
        with_estate: bool,
    ) -> anyhow::Result<Self> {
        let template = template(&admin_url, with_estate).await?;
        let name = format!("it_{:016x}", rand::random::<u64>());
        database::copy(&admin_url, &template, &name).await?;
        let (cluster, folder) = cluster.unzip();
        Ok(Self { admin_url, name, cluster, folder })
    }

    /// Its address.
    pub fn url(&self) -> String {
        url_of(&self.admin_url, &self.name)
    }

    /// Crashes its own server, and starts it again.
    pub async fn crash(&self) -> anyhow::Result<()> {
        self.cluster.as_ref().context("the server is shared with other tests")?.crash().await
    }

    /// Runs these statements, whatever they are; each text is a transaction.
    pub async fn run(&self, statements: &[&str]) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.url()).await?;
        for text in statements {
            sqlx::raw_sql(AssertSqlSafe((*text).to_owned())).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    /// Drops it.
    pub async fn drop_it(self) -> anyhow::Result<()> {
        match self.cluster {
            Some(cluster) => {
                let place = cluster.data_dir().parent().map(Path::to_path_buf);
                cluster.stop().await?;
                // The server's own user may have had to keep it elsewhere than in the folder that was asked for.
                for folder in place.iter().chain(&self.folder) {
                    if folder.exists() {
                        std::fs::remove_dir_all(folder)?;
                    }
                }
                Ok(())
            }
            None => database::drop(&self.admin_url, &self.name).await,
        }
    }
}

async fn own_server() -> anyhow::Result<(String, Option<(Cluster, PathBuf)>)> {
    let folder = std::env::temp_dir().join(format!("weft-it-{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let cluster = Cluster::start(ClusterConfig { folder: folder.clone(), profile: Profile::Fast }).await?;
    Ok((cluster.url("postgres"), Some((cluster, folder))))
}

/// The template, made by whichever test comes first. Its name holds what it was made of, so an old one is not taken for new.
async fn template(admin_url: &str, with_estate: bool) -> anyhow::Result<String> {
    let estate = Estate::standard();
    let mut hasher = DefaultHasher::new();
    MIGRATIONS.iter().for_each(|migration| migration.checksum.hash(&mut hasher));
    if with_estate {
        for tenant in estate.tenants() {
            estate.entities(tenant).for_each(|entity| entity.to_yaml().hash(&mut hasher));
        }
    }
    let name = format!("it_template_{:016x}", hasher.finish());
    let mut lock = PgConnection::connect(admin_url).await.context("the test database server does not answer")?;
    sqlx::query("select pg_advisory_lock(7403)").execute(&mut lock).await?;
    let is_there: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut lock)
        .await?;
    if !is_there {
        // Made under another name first: one that is half done must not be copied.
        let draft = format!("{name}_draft");
        database::drop(admin_url, &draft).await?;
        database::create(admin_url, &draft).await?;
        fill(&url_of(admin_url, &draft), with_estate.then_some(&estate)).await?;
        database::rename(admin_url, &draft, &name).await?;
    }
    lock.close().await?;
    Ok(name)
}

async fn fill(url: &str, estate: Option<&Estate>) -> anyhow::Result<()> {
    let variables = [("DATABASE_URL".to_owned(), url.to_owned())];
    let config = Config::load(None, &Environment::of(variables))?.config;
    let database = Database::open(&config.database, sources::Clock::system())?;
    database.migrate().await?;
    if let Some(estate) = estate {
        let folder: PathBuf = std::env::temp_dir().join(format!("weft-it-estate-{}", std::process::id()));
        estate.write(&folder)?;
        for tenant in estate.tenants() {
            let report = import_catalog(&database, &config.catalog, tenant, &[folder.join(tenant)]).await?;
            anyhow::ensure!(report.refused.is_empty(), "the estate is not valid: {:?}", report.refused);
        }
        std::fs::remove_dir_all(&folder)?;
    }
    database.close().await;
    Ok(())
}

/// The address of another database of the same server.
fn url_of(admin_url: &str, name: &str) -> String {
    match admin_url.rsplit_once('/') {
        Some((server, _)) => format!("{server}/{name}"),
        None => admin_url.to_owned(),
    }
}
