//! What is charged to whom, and what else it might be: worlds that somebody who may not see the difference cannot tell apart.
//!
//! Every name says whose it is: `own` is of the payments team and the teams below it, `alien` of other teams, `hush` of nobody
//! but members of a team, `common` of all. Both tenants have the same catalog; what the second is charged begins with `harbor-`.

use chrono::{Datelike, Months, NaiveDate};
use demo::estate::{DEFAULT_TENANT, OTHER_TENANT};
use gateway::commands::{cost_import, import_catalog};
use it::TestPlatform;
use serde_json::json;
use sources::{cost::Export, ingest::CostOutcome};
use sqlx::{Connection, PgConnection};

use super::super::{Folder, HEADER};

/// Who may see an entity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Open,
    Hidden,
    /// Hidden later.
    Late,
}

/// Kind, name, who may see it, and the rest of its spec.
const CATALOG: [(&str, &str, Sight, &str); 32] = [
    ("Group", "division", Sight::Open, "type: unit, children: []"),
    ("Group", "payments", Sight::Open, "type: team, parent: division, children: []"),
    ("Group", "payments-core", Sight::Open, "type: team, parent: payments, children: []"),
    ("Group", "payments-deep", Sight::Open, "type: team, parent: payments-core, children: []"),
    ("Group", "aliens", Sight::Open, "type: team, children: []"),
    ("Group", "aliens-below", Sight::Open, "type: team, parent: aliens, children: []"),
    ("Group", "finance", Sight::Open, "type: team, children: []"),
    ("Group", "developer-platform", Sight::Open, "type: team, children: []"),
    ("Group", "hush-team", Sight::Hidden, "type: team, children: []"),
    ("Domain", "commerce", Sight::Open, "owner: payments"),
    ("Domain", "alien-domain", Sight::Open, "owner: aliens"),
    ("Domain", "hush-domain", Sight::Hidden, "owner: aliens"),
    ("System", "store", Sight::Open, "owner: payments, domain: commerce"),
    ("System", "alien-system", Sight::Open, "owner: aliens, domain: alien-domain"),
    ("System", "hush-system", Sight::Hidden, "owner: aliens, domain: hush-domain"),
    ("Component", "pay-api", Sight::Open, "owner: payments, system: store"),
    ("Component", "pay-core", Sight::Open, "owner: payments-core, system: store"),
    ("Component", "pay-deep", Sight::Open, "owner: payments-deep, system: hush-system"),
    ("Component", "pay-vault", Sight::Hidden, "owner: payments, system: store"),
    ("Component", "mover-in", Sight::Open, "owner: payments"),
    ("Component", "mover-out", Sight::Open, "owner: aliens"),
    ("Component", "alien-api", Sight::Open, "owner: aliens, system: alien-system"),
    ("Component", "alien-sub", Sight::Open, "owner: aliens-below, system: alien-system"),
    ("Component", "alien-finance", Sight::Open, "owner: finance"),
    ("Component", "alien-vault", Sight::Hidden, "owner: finance"),
    ("Component", "alien-platform", Sight::Open, "owner: developer-platform"),
    ("Component", "alien-late", Sight::Late, "owner: aliens"),
    ("Component", "hush-api", Sight::Open, "owner: hush-team"),
    ("Component", "hush-aliens", Sight::Hidden, "owner: aliens, system: alien-system"),
    ("Component", "hush-below", Sight::Hidden, "owner: aliens-below"),
    ("Component", "hush-moved", Sight::Hidden, "owner: aliens"),
    ("Component", "hush-gone", Sight::Hidden, "owner: aliens"),
];

/// Owners until the middle of February.
const MOVES: [(&str, &str); 3] = [("mover-in", "aliens"), ("mover-out", "payments"), ("hush-moved", "payments")];
const MOVED: &str = "2026-02-15";

/// For what or whom charges are, by a tag; with the word that their values begin with.
const TARGETS: [(&str, &str, &str); 24] = [
    ("component", "pay-api", "own"),
    ("component", "pay-core", "own"),
    ("component", "pay-deep", "own"),
    ("component", "pay-vault", "own"),
    ("component", "mover-in", "own"),
    ("component", "mover-out", "own"),
    ("team", "payments", "own"),
    ("team", "payments-deep", "own"),
    ("component", "alien-api", "alien"),
    ("component", "alien-sub", "alien"),
    ("component", "alien-finance", "alien"),
    ("component", "alien-vault", "alien"),
    ("component", "alien-platform", "alien"),
    ("component", "alien-late", "alien"),
    ("team", "aliens", "alien"),
    ("team", "finance", "alien"),
    ("component", "hush-api", "hush"),
    ("component", "hush-aliens", "hush"),
    ("component", "hush-below", "hush"),
    ("component", "hush-moved", "hush"),
    ("component", "hush-gone", "hush"),
    ("team", "hush-team", "hush"),
    ("shared", "true", "alien"),
    ("", "", "alien"),
];
const DAYS: [&str; 8] =
    ["2025-12-20", "2026-01-10", "2026-02-05", "2026-02-12", "2026-02-20", "2026-03-05", "2026-03-18", "2026-03-25"];
/// Until when an export tells everything is told to everybody, so it is the same in all worlds.
const LAST_DAYS: [&str; 5] = ["2025-06-30", "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31"];

/// What is different from the world that others are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Nothing,
    /// All that the payments team may not see: other amounts, other names, for others, no longer there, and new ones.
    OfOthers,
    /// Which of what only teams may see costs what, with names that others do not see. Its sum by whatever is not personal stays.
    OfHidden,
    /// As `OfHidden`, with what is hidden after it was counted.
    OfHiddenLate,
    /// Everything.
    Everything,
}

#[derive(Debug, Clone)]
struct Charge {
    tag: &'static str,
    target: &'static str,
    is_own: bool,
    day: &'static str,
    /// Millionths.
    amount: i64,
    word: String,
    /// What tells it apart where that is personal.
    personal: String,
    category: &'static str,
    issuer: String,
    currency: &'static str,
}

impl Charge {
    fn is_of_payments(&self) -> bool {
        self.is_own && !(self.target == "mover-out" && self.day >= MOVED)
    }

    fn text(&self) -> String {
        let Self { tag, target, day, amount, word, personal, category, issuer, currency, .. } = self;
        let costs = [1, 3, 5, 7].map(|part| {
            let amount = amount + part;
            format!("{}.{:06}", amount / 1_000_000, amount % 1_000_000)
        });
        let date: NaiveDate = day.parse().unwrap();
        let first = date.with_day(1).unwrap();
        let next = first.checked_add_months(Months::new(1)).unwrap();
        let tomorrow = date.succ_opt().unwrap();
        let mut tags = json!({ "environment": format!("{personal}-environment"), "cluster": format!("{personal}-cluster"),
            "namespace": format!("{personal}-namespace"), "cc": format!("{personal}-cc"), format!("{personal}-key"): "x" });
        if !tag.is_empty() {
            tags[*tag] = json!(target);
        }
        let tags = tags.to_string().replace('"', "\"\"");
        format!(
            "{},{currency},{first}T00:00:00Z,{next}T00:00:00Z,{day}T00:00:00Z,{tomorrow}T00:00:00Z,{category},{issuer},account-1,\
             {personal}-account,{word}-provider,{word}-service,{word}-category,{word}-region,{personal}-resource,\"{tags}\"",
            costs.join(",")
        )
    }
}

/// What a tenant is charged, as a world has it.
fn charges(tenant: &str, change: Change) -> Vec<Charge> {
    let prefix = prefix(tenant);
    let mut charges = Vec::new();
    for (at, (tag, target, side)) in TARGETS.iter().enumerate() {
        for (turn, day) in DAYS.iter().enumerate() {
            let word = format!("{prefix}{}", if turn % 2 == 0 { "common" } else { side });
            let category = match *side {
                _ if turn % 2 == 0 => "Usage",
                "own" => "Purchase",
                "alien" => "Tax",
                _ => "Adjustment",
            };
            let place = i64::try_from(at * DAYS.len() + turn + 1).unwrap();
            let step = if prefix.is_empty() { 1_370_100 } else { 7_110_010 };
            charges.push(Charge {
                tag,
                target,
                is_own: *side == "own",
                day,
                amount: place * step,
                personal: word.clone(),
                word,
                category,
                issuer: "Common".to_owned(),
                currency: "EUR",
            });
        }
    }
    let model = |target: &'static str, word: &str, day, currency, amount| Charge {
        tag: "component",
        target,
        is_own: word == "own",
        day,
        amount,
        word: format!("{prefix}{word}"),
        personal: format!("{prefix}{word}"),
        category: "Usage",
        issuer: "Common".to_owned(),
        currency,
    };
    // A month with two currencies of payments, and a third one of others.
    charges.push(model("pay-api", "own", "2025-06-10", "EUR", 11_000_000));
    charges.push(model("pay-api", "own", "2025-06-11", "USD", 12_000_000));
    charges.push(model("alien-api", "alien", "2025-06-10", "CHF", 13_000_000));
    // Others have sources of their own; of one only what payments can no longer see was theirs.
    charges.push(Charge {
        issuer: format!("{prefix}Alien"),
        ..model("alien-api", "alien", "2026-02-05", "EUR", 14_000_000)
    });
    charges.push(Charge { issuer: "Old".to_owned(), ..model("hush-moved", "hush", "2026-01-10", "EUR", 15_000_000) });
    let mut charges = match change {
        Change::Nothing => charges,
        Change::OfOthers => others(charges, prefix, Charge::is_of_payments),
        Change::OfHidden => hidden(&charges, |charge| charge.target.starts_with("hush")),
        Change::OfHiddenLate => {
            hidden(&charges, |charge| charge.target.starts_with("hush") || charge.target == "alien-late")
        }
        Change::Everything => others(charges, prefix, |_| false),
    };
    for day in LAST_DAYS {
        charges.push(Charge { tag: "", target: "", ..model("", "common", day, "EUR", 1_000_000) });
    }
    charges
}

/// Changes all charges but those that are kept.
fn others(charges: Vec<Charge>, prefix: &str, is_kept: impl Fn(&Charge) -> bool) -> Vec<Charge> {
    let mut changed = Vec::new();
    for (at, charge) in charges.into_iter().enumerate() {
        if is_kept(&charge) {
            changed.push(charge);
            continue;
        }
        let renamed = format!("{prefix}alien-other-{at}");
        match at % 4 {
            _ if charge.issuer == "Old" => {}
            0 => changed.push(Charge { amount: charge.amount * 3 + 1_234, ..charge }),
            1 => {}
            2 => {
                let (tag, target, _) = TARGETS[8 + at % 16];
                changed.push(Charge { tag, target, ..charge });
            }
            _ => changed.push(Charge { word: renamed.clone(), personal: renamed, currency: "GBP", ..charge }),
        }
    }
    for (at, day) in ["2026-01-03", "2026-02-01", "2026-02-14", "2026-03-01", "2026-03-30"].into_iter().enumerate() {
        let new = format!("{prefix}alien-new-{at}");
        let (tag, target, _) = TARGETS[8 + at * 3];
        changed.push(Charge {
            tag,
            target,
            is_own: false,
            day,
            amount: 77_000_000,
            word: new.clone(),
            personal: new,
            category: "Credit",
            issuer: format!("{prefix}Alien"),
            currency: "USD",
        });
    }
    changed
}

/// Of the charges of a day that are of the hidden ones, gives each what the next one has.
fn hidden(charges: &[Charge], is_hidden: impl Fn(&Charge) -> bool) -> Vec<Charge> {
    let mut changed = charges.to_vec();
    let mut days: Vec<&str> = charges.iter().map(|charge| charge.day).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let of_day: Vec<usize> = charges
            .iter()
            .enumerate()
            .filter(|(_, charge)| charge.day == day && charge.issuer == "Common" && is_hidden(charge))
            .map(|(at, _)| at)
            .collect();
        for (place, at) in of_day.iter().enumerate() {
            let next = &charges[of_day[(place + 1) % of_day.len()]];
            let Charge { amount, word, category, .. } = next.clone();
            changed[*at] =
                Charge { amount, word, category, personal: format!("hush-other-{at}"), ..changed[*at].clone() };
        }
    }
    changed
}

/// What the names of the second tenant's charges begin with.
pub(super) const OTHER_PREFIX: &str = "harbor-";

/// What the names of a tenant's charges begin with.
pub(super) fn prefix(tenant: &str) -> &'static str {
    if tenant == OTHER_TENANT { OTHER_PREFIX } else { "" }
}

/// What all charges of the first tenant in days sum up to, at the second of the four costs.
pub(super) fn total(from: &str, to: &str) -> schema::Decimal {
    let mut sum = schema::Decimal::default();
    for charge in charges(DEFAULT_TENANT, Change::Nothing) {
        if charge.day >= from && charge.day <= to {
            let text = charge.text();
            sum += &schema::Decimal::read(text.split(',').nth(1).unwrap()).unwrap();
        }
    }
    sum
}

/// A platform of a world.
pub(super) async fn platform(name: &str, first: Change, second: Change) -> (TestPlatform, Folder) {
    let folder = Folder::new(name);
    // Every question of a walk is asked of many parents, and in one document with others.
    let platform = TestPlatform::start_empty(&[
        ("WEFT_LIMITS__ALIASES_MAX", "1000"),
        ("WEFT_LIMITS__ROOT_ALIASES_MAX", "100"),
        ("WEFT_LIMITS__ROOT_FIELDS_MAX", "100"),
        ("WEFT_LIMITS__COST_MAX", "1000000"),
        ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s"),
        ("WEFT_LIMITS__RATE__POINTS", "1000000000"),
        ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"),
    ])
    .await;
    for (tenant, change) in [(DEFAULT_TENANT, first), (OTHER_TENANT, second)] {
        load_catalog(&platform, &folder, tenant, false).await;
        move_owners(&platform, tenant).await;
        load_charges(&platform, &folder, tenant, change).await;
    }
    let remove = "mutation { removeEntity(input: { ref: \"component:default/hush-gone\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    // When it was imported is no secret, and not the same in two worlds.
    run(&platform, "update cost_slice set imported_at = '2026-04-15Z'").await;
    (platform, folder)
}

/// The catalog of a tenant; `is_late`: with one component hidden that was not at first.
pub(super) async fn load_catalog(platform: &TestPlatform, folder: &Folder, tenant: &str, is_late: bool) {
    let documents = CATALOG.map(|(kind, name, sight, spec)| {
        let is_hidden = sight == Sight::Hidden || (is_late && sight == Sight::Late);
        let annotations = if is_hidden { "weft.dev/visibility: team" } else { "" };
        let more = if kind == "Component" { "type: service, lifecycle: production, " } else { "" };
        format!(
            "{{ apiVersion: backstage.io/v1alpha1, kind: {kind}, metadata: {{ name: {name}, annotations: {{ {annotations} }} }}, \
             spec: {{ {more}{spec} }} }}"
        )
    });
    let path = folder.write_text(&format!("{tenant}.yaml"), &documents.join("\n---\n"));
    let config = &platform.app().config.catalog;
    let report = import_catalog(platform.database(), config, tenant, &[path]).await.unwrap();
    assert!(report.refused.is_empty(), "{report:?}");
}

async fn move_owners(platform: &TestPlatform, tenant: &str) {
    for (component, owner) in MOVES {
        let of = format!("tenant = '{tenant}' and entity_ref = 'component:default/{component}'");
        run(platform, &format!("update owner_interval set valid_from = '{MOVED}Z' where {of}")).await;
        run(
            platform,
            &format!(
                "insert into owner_interval (tenant, entity_id, entity_ref, owner_ref, valid_from, valid_to) \
                 select tenant, entity_id, entity_ref, 'group:default/{owner}', '2024-01-01Z', '{MOVED}Z' \
                 from owner_interval where {of}"
            ),
        )
        .await;
    }
}

async fn load_charges(platform: &TestPlatform, folder: &Folder, tenant: &str, change: Change) {
    let rows: Vec<String> = charges(tenant, change).iter().map(Charge::text).collect();
    let path = folder.write_text(&format!("{tenant}.csv"), &format!("{HEADER}\n{}\n", rows.join("\n")));
    let import = cost_import(&platform.app().config, tenant, &|_| {});
    for export in Export::find(&path).unwrap() {
        let outcome = platform.database().import_costs(&import, &export).await.unwrap();
        let CostOutcome::Done(report) = outcome else { panic!("{outcome:?}") };
        assert_eq!(report.rows, u64::try_from(rows.len()).unwrap());
    }
}

async fn run(platform: &TestPlatform, statement: &str) {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
}
