//! Random charges, ownership histories, filters, groupings, splits and viewers: every answer is that of a plain computation that looks
//! at each charge, and its parts add up to the whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{NaiveDate, TimeDelta};
use futures::{StreamExt, stream};
use it::TestPlatform;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use schema::{
    ChargeCategory, CostDimension, CostDimensionInput, CostFilter, CostGranularity, CostMetric, CostQuery, CostRowKind,
    Date, DateRange, Decimal, EntityRef, KeyValueInput, OwnershipBasis, PageArgs, SharedCostSplit, Visibility, scope,
};
use sources::postgres::{CostParent, CostQuestion, SplitWeights};
use sqlx::{Connection, PgConnection};

use super::{CATALOG, Folder, Importer, Line, platform};

/// Histories, and questions to each: 10,000 in all.
const HISTORIES: usize = 10;
const QUESTIONS: usize = 1_000;
const ROWS: usize = 150;
/// Of so many questions one is also asked for its charges.
const LINES_EVERY: usize = 25;

const COMPONENTS: [&str; 4] = ["web", "cart", "books", "vault"];
const TEAMS: [&str; 3] = ["shop", "checkout", "ledger"];
const SERVICES: [(&str, &str); 3] =
    [("Virtual Machines", "Compute"), ("Storage", "Storage"), ("Virtual Network", "Networking")];

fn team(name: &str) -> String {
    format!("group:default/{name}")
}

fn component(name: &str) -> String {
    format!("component:default/{name}")
}

fn first_day() -> NaiveDate {
    "2026-01-10".parse().unwrap()
}

/// A charge, as the plain computation knows it.
#[derive(Debug, Clone)]
struct Charge {
    day: NaiveDate,
    cost: Decimal,
    service: (&'static str, &'static str),
    sub_account: &'static str,
    resource: Option<String>,
    tags: BTreeMap<&'static str, String>,
}

impl Charge {
    fn random(rng: &mut StdRng) -> Self {
        let service = *SERVICES.choose(rng).unwrap();
        let mut tags = BTreeMap::new();
        match rng.random_range(0..10) {
            0..6 => drop(tags.insert("component", (*COMPONENTS.choose(rng).unwrap()).to_owned())),
            6 => drop(tags.insert("team", (*TEAMS.choose(rng).unwrap()).to_owned())),
            7 => drop(tags.insert("component", "nobody".to_owned())),
            _ => {}
        }
        if rng.random_bool(0.5) {
            tags.insert("env", (*["prod", "test"].choose(rng).unwrap()).to_owned());
        }
        if rng.random_bool(0.3) {
            tags.insert("cc", rng.random_range(0..3).to_string());
        }
        let digits = rng.random_range(0..7);
        let amount = rng.random_range(-20_000..200_000_i64);
        let text = format!("{}{:0>7}", if amount < 0 { "-" } else { "" }, amount.abs());
        let (whole, fraction) = text.split_at(text.len() - digits);
        let cost = if digits == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") };
        let resource = rng.random_bool(0.4).then(|| format!("vm-{}", rng.random_range(0..3)));
        Self {
            day: first_day() + TimeDelta::days(rng.random_range(0..90)),
            cost: Decimal::read(&cost).unwrap(),
            service,
            sub_account: ["sub-1", "sub-2"].choose(rng).unwrap(),
            resource,
            tags,
        }
    }

    fn line(&self) -> Line {
        Line {
            service: self.service.0,
            category: self.service.1,
            sub_account: self.sub_account,
            resource: self.resource.clone().unwrap_or_default(),
            tags: self.tags.iter().map(|(key, value)| (*key, value.clone())).collect(),
            ..Line::new(&self.cost.to_string(), &self.day.to_string(), "")
        }
    }

    /// The component it is for.
    fn component(&self) -> Option<String> {
        self.tags.get("component").filter(|name| COMPONENTS.contains(&name.as_str())).map(|name| component(name))
    }

    fn is_shared(&self) -> bool {
        self.component().is_none() && self.service.1 == "Networking"
    }
}

/// Who owned what, and since which day: the last entry is of today.
type Owners = BTreeMap<String, Vec<(NaiveDate, String)>>;

/// What the plain computation knows.
struct World {
    charges: Vec<Charge>,
    owners: Owners,
}

/// A viewer: how they are called, and what they may see.
#[derive(Debug, Clone)]
struct Viewer {
    teams: Vec<&'static str>,
    scopes: Vec<&'static str>,
}

impl Viewer {
    fn visibility(&self) -> Visibility {
        Visibility {
            tenant: "default".to_owned(),
            subject: "somebody".to_owned(),
            user: None,
            teams: self.teams.iter().map(|name| EntityRef::stored(team(name))).collect(),
            scopes: self.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }

    /// The viewer's teams and those below.
    fn own(&self) -> BTreeSet<String> {
        below(self.teams.iter().copied())
    }
}

fn below<'a>(teams: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = teams.map(team).collect();
    if all.contains(&team("shop")) {
        all.insert(team("checkout"));
    }
    all
}

type Cells = BTreeMap<(CostRowKind, Vec<Option<String>>, NaiveDate, bool), Decimal>;

impl World {
    fn random(rng: &mut StdRng) -> Self {
        let mut owners = Owners::new();
        for (name, now) in COMPONENTS.iter().zip(["shop", "checkout", "ledger", "ledger"]) {
            let mut history = Vec::new();
            let mut day = first_day() - TimeDelta::days(30);
            for _ in 0..rng.random_range(0..3) {
                history.push((day, team(TEAMS.choose(rng).unwrap())));
                day += TimeDelta::days(rng.random_range(1..60));
            }
            history.push((day, team(now)));
            owners.insert(component(name), history);
        }
        Self { charges: (0..ROWS).map(|_| Charge::random(rng)).collect(), owners }
    }

    /// Whose a charge is.
    fn owner(&self, charge: &Charge, basis: OwnershipBasis) -> Option<String> {
        if let Some(component) = charge.component() {
            let history = &self.owners[&component];
            let then = history.iter().rev().find(|(since, _)| *since <= charge.day).unwrap_or(&history[0]);
            return Some(match basis {
                OwnershipBasis::AtCharge => then.1.clone(),
                OwnershipBasis::Current => history.last().unwrap().1.clone(),
            });
        }
        // What is shared is nobody's, whatever its tags say: that rule stands first.
        charge.tags.get("team").filter(|_| !charge.is_shared()).map(|name| team(name))
    }

    fn is_in(query: &CostQuery, day: NaiveDate) -> Option<bool> {
        let (from, to) = (query.range.from.0, query.range.to.0);
        if day >= from && day <= to {
            return Some(false);
        }
        let days = to - from + TimeDelta::days(1);
        (query.compare_to_previous && day < from && day >= from - days).then_some(true)
    }

    /// What each team gets of what is shared, with what rounding left over.
    fn weights(&self, query: &CostQuery, is_previous: bool) -> Vec<(String, Decimal)> {
        const PARTS: i64 = 1_000_000_000_000;
        let mut owned: BTreeMap<String, Decimal> = BTreeMap::new();
        // What the vault costs is nobody's business, and would show in the shares.
        let is_counted = |charge: &&Charge| {
            Self::is_in(query, charge.day) == Some(is_previous)
                && charge.component().as_deref() != Some(&component("vault"))
        };
        for charge in self.charges.iter().filter(is_counted) {
            if let Some(owner) = self.owner(charge, query.ownership) {
                *owned.entry(owner).or_default() += &charge.cost;
            }
        }
        if query.shared_costs == SharedCostSplit::Rule {
            owned = given().into_iter().map(|(team, weight)| (team.as_str().to_owned(), weight)).collect();
        }
        let zero = Decimal::default();
        owned.values_mut().for_each(|amount| *amount = amount.clone().max(zero.clone()));
        let mut whole = Decimal::default();
        owned.values().for_each(|amount| whole += amount);
        let parts = Decimal::read(&PARTS.to_string()).unwrap();
        let count = Decimal::read(&owned.len().to_string()).unwrap();
        let mut weights: Vec<(String, Decimal, Decimal)> = Vec::new();
        for (name, amount) in &owned {
            let is_even = query.shared_costs == SharedCostSplit::Even || whole == zero;
            let share = if is_even { &parts.0 / &count.0 } else { &amount.0 * &parts.0 / &whole.0 };
            let share = share.with_scale(0);
            weights.push((name.clone(), amount.clone(), Decimal(share * &Decimal::read("0.000000000001").unwrap().0)));
        }
        let mut given = Decimal::default();
        weights.iter().for_each(|(_, _, weight)| given += weight);
        weights.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        if let Some(largest) = weights.first_mut() {
            largest.2 = Decimal(&largest.2.0 + (Decimal::read("1").unwrap().0 - given.0));
        }
        weights.into_iter().map(|(name, _, weight)| (name, weight)).collect()
    }

    fn answer(&self, query: &CostQuery, viewer: &Viewer) -> Cells {
        let mut cells = Cells::new();
        let split = query.shared_costs != SharedCostSplit::Separate;
        let weights =
            [false, true].map(|is_previous| if split { self.weights(query, is_previous) } else { Vec::new() });
        for charge in &self.charges {
            let Some(is_previous) = Self::is_in(query, charge.day) else { continue };
            let weights = &weights[usize::from(is_previous)];
            if charge.is_shared() && split && !weights.is_empty() {
                for (owner, weight) in weights {
                    let amount = Decimal(&charge.cost.0 * &weight.0);
                    self.count(&mut cells, query, viewer, charge, Some(owner.clone()), &amount, is_previous);
                }
            } else {
                let owner = self.owner(charge, query.ownership);
                self.count(&mut cells, query, viewer, charge, owner, &charge.cost, is_previous);
            }
        }
        cells
    }

    #[expect(clippy::too_many_arguments, reason = "one place that says what counts")]
    fn count(
        &self,
        cells: &mut Cells,
        query: &CostQuery,
        viewer: &Viewer,
        charge: &Charge,
        owner: Option<String>,
        amount: &Decimal,
        is_previous: bool,
    ) {
        let filter = query.filter.clone().unwrap_or_default();
        let own = viewer.own();
        let sees_everything = viewer.scopes.contains(&scope::ADMIN);
        let component = charge.component();
        let is_hidden = component.as_deref() == Some(&self::component("vault"))
            && !own.contains(&team("ledger"))
            && !sees_everything;
        let sees_all = sees_everything || viewer.scopes.contains(&scope::COST_READ_ALL);
        if is_hidden && (!sees_all || filter.is_personal()) {
            return;
        }
        if !sees_all && !owner.as_ref().is_some_and(|owner| own.contains(owner)) {
            return;
        }
        let system = component.as_deref().filter(|name| name.ends_with("/web") || name.ends_with("/cart"));
        let system = system.map(|_| "system:default/store".to_owned());
        let domain = system.as_ref().map(|_| "domain:default/commerce".to_owned());
        let refs = |refs: &[EntityRef]| refs.iter().map(|one| one.as_str().to_owned()).collect::<BTreeSet<_>>();
        let is_one = |values: &Option<Vec<EntityRef>>, value: &Option<String>| {
            values.as_ref().is_none_or(|values| value.as_ref().is_some_and(|value| refs(values).contains(value)))
        };
        let is_text = |values: &Option<Vec<String>>, value: &str| {
            values.as_ref().is_none_or(|values| values.iter().any(|wanted| wanted == value))
        };
        let environment = charge.tags.get("env").cloned();
        let teams = filter.team.as_ref().map(|teams| {
            let names: BTreeSet<String> = refs(teams);
            if filter.transitive { below(names.iter().map(|name| name.rsplit('/').next().unwrap())) } else { names }
        });
        let matches = teams.is_none_or(|teams| owner.as_ref().is_some_and(|owner| teams.contains(owner)))
            && is_one(&filter.component, &component)
            && is_one(&filter.system, &system)
            && is_one(&filter.domain, &domain)
            && is_text(&filter.environment, environment.as_deref().unwrap_or_default())
            && is_text(&filter.provider, "Azure")
            && is_text(&filter.service, charge.service.0)
            && is_text(&filter.service_category, charge.service.1)
            && is_text(&filter.region, "westeurope")
            && is_text(&filter.sub_account, charge.sub_account)
            && filter
                .resource
                .as_ref()
                .is_none_or(|wanted| charge.resource.as_ref().is_some_and(|id| wanted.contains(id)))
            && filter.charge_category.as_ref().is_none_or(|wanted| wanted.contains(&ChargeCategory::Usage))
            && filter.tags.iter().flatten().all(|KeyValueInput { key, value }| {
                charge.tags.get(key.as_str()).is_some_and(|found| value.as_ref().is_none_or(|wanted| wanted == found))
            });
        if !matches {
            return;
        }
        let kind = match () {
            () if is_hidden => CostRowKind::Restricted,
            () if owner.is_some() => CostRowKind::Owned,
            () if charge.is_shared() => CostRowKind::Shared,
            () => CostRowKind::Unallocated,
        };
        let key = |entry: &CostDimensionInput| match entry {
            _ if is_hidden => None,
            CostDimensionInput::Tag(key) => charge.tags.get(key.as_str()).cloned(),
            CostDimensionInput::Dimension(dimension) => match dimension {
                CostDimension::Team => owner.clone(),
                CostDimension::Component => component.clone(),
                CostDimension::System => system.clone(),
                CostDimension::Domain => domain.clone(),
                CostDimension::Environment => environment.clone(),
                CostDimension::Provider => Some("Azure".to_owned()),
                CostDimension::Service => Some(charge.service.0.to_owned()),
                CostDimension::ServiceCategory => Some(charge.service.1.to_owned()),
                CostDimension::Region => Some("westeurope".to_owned()),
                CostDimension::SubAccount => Some(charge.sub_account.to_owned()),
                CostDimension::ChargeCategory => Some("Usage".to_owned()),
                CostDimension::Resource => charge.resource.clone(),
                CostDimension::Cluster | CostDimension::Namespace => None,
            },
        };
        let from = query.range.from.0;
        let step = if is_previous { from } else { query.granularity.step(charge.day, from) };
        let keys = query.group_by.iter().map(key).collect();
        *cells.entry((kind, keys, step, is_previous)).or_default() += amount;
    }
}

/// What a rule says that each team carries.
fn given() -> SplitWeights {
    let weight = |name: &str, weight: &str| (EntityRef::stored(team(name)), Decimal::read(weight).unwrap());
    vec![weight("shop", "2"), weight("ledger", "0.5"), weight("checkout", "3.25")]
}

/// All charges of an answer, page by page: newest first, each once.
async fn lines(platform: &TestPlatform, viewer: &Viewer, question: &CostQuestion) -> BTreeMap<CostRowKind, Decimal> {
    let mut sums: BTreeMap<CostRowKind, Decimal> = BTreeMap::new();
    let (mut after, mut days, mut seen) = (None, Vec::new(), BTreeSet::new());
    loop {
        let page = PageArgs { limit: 37, from_end: false, after: after.clone(), before: None };
        let found = platform.database().cost_lines(&viewer.visibility(), question, &[], &page).await.unwrap();
        let page = found.into_values().next().unwrap_or_default();
        for (_, line) in &page.rows {
            *sums.entry(line.kind).or_default() += &line.amount;
            days.push(line.starts_at.0);
            assert!(seen.insert((line.key.clone(), line.team.clone())), "a charge is there twice");
            assert_eq!(line.columns["BillingAccountId"], "account-1");
        }
        if !page.has_next {
            break;
        }
        after = page.rows.last().map(|(cursor, _)| cursor.clone());
    }
    assert!(days.is_sorted_by(|one, next| one >= next), "newest first");
    sums
}

fn some<T: Clone>(rng: &mut StdRng, chance: f64, from: &[T]) -> Option<Vec<T>> {
    rng.random_bool(chance).then(|| {
        let count = rng.random_range(1..=2.min(from.len()));
        from.sample(rng, count).cloned().collect()
    })
}

fn random_filter(rng: &mut StdRng) -> CostFilter {
    let refs = |names: &[String]| names.iter().cloned().map(EntityRef::stored).collect::<Vec<_>>();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let tags = [("cc", Some("1")), ("cc", None), ("env", Some("prod"))];
    let tags: Vec<KeyValueInput> = tags
        .iter()
        .map(|(key, value)| KeyValueInput { key: (*key).to_owned(), value: value.map(str::to_owned) })
        .collect();
    CostFilter {
        team: some(rng, 0.2, &refs(&TEAMS.map(team))),
        transitive: rng.random_bool(0.5),
        component: some(rng, 0.15, &refs(&COMPONENTS.map(component))),
        system: some(rng, 0.05, &refs(&["system:default/store".to_owned()])),
        domain: some(rng, 0.05, &refs(&["domain:default/commerce".to_owned()])),
        environment: some(rng, 0.1, &texts(&["prod", "test"])),
        provider: some(rng, 0.1, &texts(&["Azure", "AWS"])),
        service: some(rng, 0.15, &texts(&["Virtual Machines", "Storage"])),
        service_category: some(rng, 0.1, &texts(&["Compute", "Networking"])),
        region: some(rng, 0.05, &texts(&["westeurope"])),
        sub_account: some(rng, 0.1, &texts(&["sub-1", "sub-2"])),
        resource: some(rng, 0.1, &texts(&["vm-0", "vm-1"])),
        charge_category: some(rng, 0.05, &[ChargeCategory::Usage, ChargeCategory::Tax]),
        tags: some(rng, 0.1, &tags),
    }
}

fn random_query(rng: &mut StdRng, viewer: &Viewer) -> CostQuery {
    use CostDimension::*;
    let all = [
        Team,
        Component,
        System,
        Domain,
        Environment,
        Provider,
        Service,
        ServiceCategory,
        Region,
        SubAccount,
        ChargeCategory,
        Resource,
        Cluster,
        Namespace,
    ];
    let mut entries: Vec<CostDimensionInput> = all.map(CostDimensionInput::Dimension).to_vec();
    entries.push(CostDimensionInput::Tag("cc".to_owned()));
    // Narrow questions are answered from other tables than wide ones.
    let entries = if rng.random_bool(0.5) { vec![entries[0].clone(), entries[6].clone()] } else { entries };
    let count = rng.random_range(0..=2);
    let from = first_day() + TimeDelta::days(rng.random_range(-5..60));
    let to = from + TimeDelta::days(rng.random_range(0..70));
    let may_split = viewer.scopes.iter().any(|scope| matches!(*scope, scope::ADMIN | scope::COST_READ_ALL));
    let splits =
        [SharedCostSplit::Separate, SharedCostSplit::Even, SharedCostSplit::Proportional, SharedCostSplit::Rule];
    let shared_costs = if may_split { *splits.choose(rng).unwrap() } else { SharedCostSplit::Separate };
    let granularities = [CostGranularity::Total, CostGranularity::Day, CostGranularity::Week, CostGranularity::Month];
    CostQuery {
        range: DateRange { from: Date(from), to: Date(to) },
        granularity: *granularities.choose(rng).unwrap(),
        metric: CostMetric::EffectiveCost,
        group_by: entries.sample(rng, count).cloned().collect(),
        filter: rng.random_bool(0.6).then(|| random_filter(rng)),
        shared_costs,
        split_rule: (shared_costs == SharedCostSplit::Rule).then(|| "given".to_owned()),
        ownership: *[OwnershipBasis::AtCharge, OwnershipBasis::AtCharge, OwnershipBasis::Current].choose(rng).unwrap(),
        currency: rng.random_bool(0.3).then(|| "EUR".to_owned()),
        compare_to_previous: rng.random_bool(0.3),
    }
}

/// Takes the charges of a world over, with its ownership, in place of those before.
async fn take_over(platform: &TestPlatform, folder: &Folder, world: &World) {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::raw_sql(
        "truncate cost_export, cost_slice, cost_row, cost_key, cost_mix, cost_target, cost_component_day, cost_component_month, \
         cost_service_day, cost_service_month, cost_owner_day, cost_owner_month, cost_state",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    for (component, history) in &world.owners {
        let (id, tenant): (uuid::Uuid, String) = sqlx::query_as(
            "with gone as (delete from owner_interval where entity_ref = $1) select id, tenant from entity where ref = $1",
        )
        .bind(component)
        .fetch_one(&mut connection)
        .await
        .unwrap();
        for (at, (since, owner)) in history.iter().enumerate() {
            sqlx::query(
                "insert into owner_interval (tenant, entity_id, entity_ref, owner_ref, valid_from, valid_to) \
                 values ($1, $2, $3, $4, $5::timestamp at time zone 'UTC', $6::timestamp at time zone 'UTC')",
            )
            .bind(&tenant)
            .bind(id)
            .bind(component)
            .bind(owner)
            .bind(since)
            .bind(history.get(at + 1).map(|next| next.0))
            .execute(&mut connection)
            .await
            .unwrap();
        }
    }
    let importer = Importer::of(platform);
    let lines: Vec<Line> = world.charges.iter().map(Charge::line).collect();
    importer.done(&folder.write("charges.csv", &lines)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_questions_are_answered_as_by_a_plain_computation() {
    let folder = Folder::new("sums");
    let platform = platform(&folder).await;
    assert!(CATALOG.contains("name: vault, annotations"));
    let mut rng = StdRng::seed_from_u64(5);
    let viewers = [
        Viewer { teams: vec![], scopes: vec![scope::ADMIN] },
        Viewer { teams: vec!["checkout"], scopes: vec![scope::COST_READ, scope::COST_READ_ALL] },
        Viewer { teams: vec!["shop"], scopes: vec![scope::COST_READ] },
        Viewer { teams: vec!["ledger"], scopes: vec![scope::COST_READ] },
        Viewer { teams: vec![], scopes: vec![scope::COST_READ] },
    ];
    let mut answered = 0;
    for round in 0..HISTORIES {
        let world = World::random(&mut rng);
        take_over(&platform, &folder, &world).await;
        let questions: Vec<(Viewer, CostQuery)> = (0..QUESTIONS)
            .map(|_| {
                let viewer = viewers.choose(&mut rng).unwrap().clone();
                let query = random_query(&mut rng, &viewer);
                (viewer, query)
            })
            .collect();
        let (platform, world) = (&platform, &world);
        let mut answers = stream::iter(questions.into_iter().enumerate())
            .map(|(at, (viewer, query))| async move {
                let weights = query.split_rule.as_ref().map(|_| Arc::new(given()));
                let question = CostQuestion { query, parent: CostParent::None, weights };
                let cells = platform.database().cost_cells(&viewer.visibility(), &question, &[]).await.unwrap();
                let lines = if at % LINES_EVERY == 0 { Some(lines(platform, &viewer, &question).await) } else { None };
                (viewer, question.query, cells, lines)
            })
            .buffer_unordered(4);
        while let Some((viewer, query, cells, lines)) = answers.next().await {
            let expected = world.answer(&query, &viewer);
            if let Some(lines) = lines {
                let mut sums: BTreeMap<CostRowKind, Decimal> = BTreeMap::new();
                for ((kind, _, _, is_previous), amount) in &expected {
                    if !is_previous && *kind != CostRowKind::Restricted {
                        *sums.entry(*kind).or_default() += amount;
                    }
                }
                assert_eq!(
                    lines, sums,
                    "the charges do not add up to the report: round {round}, {viewer:?}, {query:#?}"
                );
            }
            let mut found = Cells::new();
            for cell in cells {
                let key = (cell.kind, cell.keys, cell.step, cell.is_previous);
                assert!(found.insert(key, cell.amount).is_none(), "a cell is there twice");
            }
            assert_eq!(found, expected, "round {round}, {viewer:?}, {query:#?}");
            answered += usize::from(!found.is_empty());
        }
    }
    // Most questions have an answer.
    assert!(answered > HISTORIES * QUESTIONS / 2, "{answered}");
    platform.stop().await;
}
