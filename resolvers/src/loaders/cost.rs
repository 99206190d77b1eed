//! Cost of many components, teams, systems or domains.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::NaiveDate;
use schema::{CostLineRecord, EntityRef, Page, PageArgs};
use sources::{
    SourceError,
    postgres::{CommitmentSums, CostCell, CostPeriods, CostQuestion, DeploymentCounts, TagSums},
};

use super::{Outcome, Reader, grouped};

/// What somebody's charges sum up to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostKey {
    /// What is asked.
    pub question: CostQuestion,
    /// Of whom; none at the root.
    pub parent: Option<EntityRef>,
}

/// The cells of one parent, and what is known of the data behind them.
pub type CostCells = (Arc<Vec<CostCell>>, Arc<CostPeriods>);

/// A page of somebody's charges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostLinesKey {
    /// Whose, and which.
    pub cost: CostKey,
    /// Which page.
    pub page: PageArgs,
}

/// A charge by its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostLineKey(pub String);

/// How many charges somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostLinesCountKey(pub CostKey);

/// What of somebody's spend has these tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostTagsKey {
    /// Whose, and which.
    pub cost: CostKey,
    /// The keys of the tags.
    pub tags: Vec<String>,
}

/// What of the commitments in somebody's charges was used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostCommitmentsKey(pub CostKey);

/// How often somebody's components were deployed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostDeploymentsKey(pub CostKey);

/// The deployments, and the first day since when they are known.
pub type KnownDeployments = (DeploymentCounts, Option<NaiveDate>);

/// Gives each parent its part of what was found for all of them; nothing found is nothing.
fn spread<K: Hash + Eq, V: Default>(
    outcomes: &mut HashMap<K, Outcome<V>>,
    parents: Vec<Option<EntityRef>>,
    mut found: Outcome<HashMap<String, V>>,
    key: impl Fn(Option<EntityRef>) -> K,
) {
    for parent in parents {
        let outcome = match &mut found {
            Ok(found) => Ok(found.remove(name(parent.as_ref())).unwrap_or_default()),
            Err(error) => Err(error.clone()),
        };
        outcomes.insert(key(parent), outcome);
    }
}

/// As answers name a parent.
fn name(parent: Option<&EntityRef>) -> &str {
    parent.map_or("", EntityRef::as_str)
}

fn named(parents: &[Option<EntityRef>]) -> Vec<EntityRef> {
    parents.iter().flatten().cloned().collect()
}

fn cost_key(question: &CostQuestion, parent: Option<EntityRef>) -> CostKey {
    CostKey { question: question.clone(), parent }
}

impl Loader<CostLinesKey> for Reader {
    type Value = Outcome<Page<CostLineRecord>>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostLinesKey]) -> Result<HashMap<CostLinesKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((question, page), parents) in
            grouped(keys, |key| ((&key.cost.question, &key.page), key.cost.parent.clone()))
        {
            let database = self.sources.database();
            let found = database.cost_lines(&self.visibility, question, &named(&parents), page).await;
            let key = |parent| CostLinesKey { cost: cost_key(question, parent), page: page.clone() };
            spread(&mut outcomes, parents, found, key);
        }
        Ok(outcomes)
    }
}

impl Loader<CostLineKey> for Reader {
    type Value = Arc<CostLineRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostLineKey]) -> Result<HashMap<CostLineKey, Self::Value>, SourceError> {
        let names: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.sources.database().cost_lines_by_keys(&self.visibility, &names).await?;
        Ok(found.into_iter().map(|(key, record)| (CostLineKey(key), Arc::new(record))).collect())
    }
}

impl Loader<CostLinesCountKey> for Reader {
    type Value = Outcome<Option<i64>>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostLinesCountKey]) -> Result<HashMap<CostLinesCountKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (question, parents) in grouped(keys, |key| (&key.0.question, key.0.parent.clone())) {
            let database = self.sources.database();
            let found = database.cost_lines_count(&self.visibility, question, &named(&parents)).await;
            let found = found.map(|counts| {
                let of = |parent: &Option<EntityRef>| {
                    let parent = name(parent.as_ref());
                    (parent.to_owned(), counts.as_ref().map(|counts| counts.get(parent).copied().unwrap_or(0)))
                };
                parents.iter().map(of).collect()
            });
            spread(&mut outcomes, parents, found, |parent| CostLinesCountKey(cost_key(question, parent)));
        }
        Ok(outcomes)
    }
}

impl Loader<CostTagsKey> for Reader {
    type Value = Outcome<TagSums>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostTagsKey]) -> Result<HashMap<CostTagsKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((question, tags), parents) in
            grouped(keys, |key| ((&key.cost.question, &key.tags), key.cost.parent.clone()))
        {
            let database = self.sources.database();
            let found = database.cost_tags(&self.visibility, question, &named(&parents), tags).await;
            let key = |parent| CostTagsKey { cost: cost_key(question, parent), tags: tags.clone() };
            spread(&mut outcomes, parents, found, key);
        }
        Ok(outcomes)
    }
}

impl Loader<CostCommitmentsKey> for Reader {
    type Value = Outcome<CommitmentSums>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostCommitmentsKey]) -> Result<HashMap<CostCommitmentsKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (question, parents) in grouped(keys, |key| (&key.0.question, key.0.parent.clone())) {
            let database = self.sources.database();
            let found = database.cost_commitments(&self.visibility, question, &named(&parents)).await;
            spread(&mut outcomes, parents, found, |parent| CostCommitmentsKey(cost_key(question, parent)));
        }
        Ok(outcomes)
    }
}

impl Loader<CostDeploymentsKey> for Reader {
    type Value = Outcome<KnownDeployments>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostDeploymentsKey]) -> Result<HashMap<CostDeploymentsKey, Self::Value>, SourceError> {
        let database = self.sources.database();
        let since = database.deployments_since(&self.visibility.tenant).await?;
        let mut outcomes = HashMap::new();
        for (question, parents) in grouped(keys, |key| (&key.0.question, key.0.parent.clone())) {
            let found = database.cost_deployments(&self.visibility, question, &named(&parents)).await;
            let found = found.map(|mut counts| {
                let of = |parent: &Option<EntityRef>| {
                    let parent = name(parent.as_ref());
                    (parent.to_owned(), (counts.remove(parent).unwrap_or_default(), since))
                };
                parents.iter().map(of).collect()
            });
            spread(&mut outcomes, parents, found, |parent| CostDeploymentsKey(cost_key(question, parent)));
        }
        Ok(outcomes)
    }
}

impl Loader<CostKey> for Reader {
    type Value = Outcome<CostCells>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostKey]) -> Result<HashMap<CostKey, Self::Value>, SourceError> {
        let database = self.sources.database();
        let mut outcomes = HashMap::new();
        for (question, parents) in grouped(keys, |key| (&key.question, key.parent.clone())) {
            let found = async {
                let periods = Arc::new(database.cost_periods(&self.visibility, &question.query).await?);
                let cells = database.cost_cells(&self.visibility, question, &named(&parents)).await?;
                let mut by_parent: HashMap<String, Vec<CostCell>> = HashMap::new();
                for cell in cells {
                    by_parent.entry(cell.parent.clone()).or_default().push(cell);
                }
                let of = |parent: &Option<EntityRef>| {
                    let parent = name(parent.as_ref());
                    let cells = by_parent.remove(parent).unwrap_or_default();
                    (parent.to_owned(), (Arc::new(cells), Arc::clone(&periods)))
                };
                Ok(parents.iter().map(of).collect())
            };
            let found = found.await;
            spread(&mut outcomes, parents, found, |parent| cost_key(question, parent));
        }
        Ok(outcomes)
    }
}
