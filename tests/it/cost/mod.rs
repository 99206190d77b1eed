//! Cost: how exports of charges are taken over, and what the graph says of them.

mod azure;
mod azure_query;
mod import;
mod lines;
mod measures;
mod parquet;
mod report;
mod sums;
mod told;
mod walls;

use std::{
    fs,
    path::{Path, PathBuf},
};

use it::TestPlatform;
use sources::{
    cost::{CostRules, Export, Renaming},
    ingest::{Annotations, CostImport, CostOutcome, CostReport},
};

/// The columns of the rows that tests write.
const HEADER: &str = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
    ChargePeriodStart,ChargePeriodEnd,ChargeCategory,InvoiceIssuerName,BillingAccountId,SubAccountId,ProviderName,ServiceName,\
    ServiceCategory,RegionId,ResourceId,Tags";

/// As configured unless said otherwise.
const ANNOTATIONS: Annotations<'static> = Annotations {
    resource_group: "azure.com/resource-group",
    namespace: "backstage.io/kubernetes-namespace",
    workspace: "terraform.io/workspace",
};

/// As by default, and what is networking is shared unless a component has it.
const RULES: &str = r#"[
    { "name": "component tag", "to": { "component_tag": ["component"] } },
    { "name": "network", "columns": { "ServiceCategory": ["Networking"] }, "to": "shared" },
    { "name": "team tag", "to": { "team_tag": ["team"] } }
]"#;

/// A charge as tests write it: of one day, in euros, of one provider.
#[derive(Debug, Clone)]
pub(super) struct Line {
    cost: String,
    /// Such as `2026-03-05`.
    day: String,
    service: &'static str,
    category: &'static str,
    sub_account: &'static str,
    resource: String,
    currency: &'static str,
    tags: Vec<(&'static str, String)>,
}

impl Line {
    pub(super) fn new(cost: &str, day: &str, component: &str) -> Self {
        Self {
            cost: cost.to_owned(),
            day: day.to_owned(),
            service: "Virtual Machines",
            category: "Compute",
            sub_account: "sub-1",
            resource: String::new(),
            currency: "EUR",
            tags: if component.is_empty() { Vec::new() } else { vec![("component", component.to_owned())] },
        }
    }

    fn text(&self) -> String {
        let day: chrono::NaiveDate = self.day.parse().unwrap();
        let first = chrono::Datelike::with_day(&day, 1).unwrap();
        let next = first.checked_add_months(chrono::Months::new(1)).unwrap();
        let tags: serde_json::Map<String, serde_json::Value> =
            self.tags.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into())).collect();
        let tags = serde_json::Value::Object(tags).to_string().replace('"', "\"\"");
        let Self { cost, service, category, sub_account, resource, currency, .. } = self;
        let tomorrow = day.succ_opt().unwrap();
        format!(
            "{cost},{cost},{cost},{cost},{currency},{first}T00:00:00Z,{next}T00:00:00Z,{day}T00:00:00Z,{tomorrow}T00:00:00Z,Usage,\
             Azure,account-1,{sub_account},Azure,{service},{category},westeurope,{resource},\"{tags}\""
        )
    }
}

/// A folder of the test's own.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("weft-it-cost-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn write(&self, name: &str, lines: &[Line]) -> PathBuf {
        let rows: Vec<String> = lines.iter().map(Line::text).collect();
        self.write_text(name, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    pub(super) fn write_text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How tests import unless they say otherwise: by the rules that are in effect, into the first tenant.
pub(super) struct Importer<'a> {
    platform: &'a TestPlatform,
    rules: CostRules,
    renaming: Renaming,
    scope: Option<&'static str>,
    sets_aside: bool,
    replaces: bool,
    again: bool,
}

impl<'a> Importer<'a> {
    pub(super) fn of(platform: &'a TestPlatform) -> Self {
        let rules = platform.app().config.cost.attribution.clone();
        Self {
            platform,
            rules,
            renaming: Renaming::default(),
            scope: None,
            sets_aside: false,
            replaces: false,
            again: false,
        }
    }

    async fn outcome(&self, path: &Path) -> CostOutcome {
        let import = CostImport {
            subject: "weft import",
            tenant: "default",
            scope: self.scope,
            renaming: &self.renaming,
            rules: &self.rules,
            annotations: ANNOTATIONS,
            sets_aside: self.sets_aside,
            replaces: self.replaces,
            again: self.again,
            progress: &|_| {},
        };
        let exports = Export::find(path).unwrap();
        assert_eq!(exports.len(), 1, "{exports:?}");
        self.platform.database().import_costs(&import, &exports[0]).await.unwrap()
    }

    pub(super) async fn done(&self, path: &Path) -> CostReport {
        match self.outcome(path).await {
            CostOutcome::Done(report) => report,
            other => panic!("{other:?}"),
        }
    }
}

/// Components of two teams, one below the other, and of a third one that keeps one of its components to itself.
const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: shop }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: checkout }
spec: { type: team, parent: shop, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: ledger }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: { name: commerce }
spec: { owner: shop }
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: { name: store }
spec: { owner: shop, domain: commerce }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: web }
spec: { type: website, lifecycle: production, owner: shop, system: store }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: cart }
spec: { type: service, lifecycle: production, owner: checkout, system: store }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: books }
spec: { type: service, lifecycle: production, owner: ledger }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: vault, annotations: { weft.dev/visibility: team } }
spec: { type: service, lifecycle: production, owner: ledger }
"#;

/// A platform with that catalog and nothing else.
async fn platform(folder: &Folder) -> TestPlatform {
    let platform = TestPlatform::start_empty(&[("WEFT_COST__ATTRIBUTION__RULES", RULES)]).await;
    import_catalog(&platform, folder, CATALOG).await;
    platform
}

async fn import_catalog(platform: &TestPlatform, folder: &Folder, text: &str) {
    let path = folder.write_text("catalog.yaml", text);
    let config = &platform.app().config.catalog;
    let report = gateway::commands::import_catalog(platform.database(), config, "default", &[path]).await.unwrap();
    assert!(report.refused.is_empty(), "{report:?}");
}
