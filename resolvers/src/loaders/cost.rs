//! Cost of many components, teams, systems or domains.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::EntityRef;
use sources::{
    SourceError,
    postgres::{CostCell, CostPeriods, CostQuestion},
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

impl Loader<CostKey> for Reader {
    type Value = Outcome<CostCells>;
    type Error = SourceError;

    async fn load(&self, keys: &[CostKey]) -> Result<HashMap<CostKey, Self::Value>, SourceError> {
        let database = self.sources.database();
        let mut outcomes = HashMap::new();
        for (question, parents) in grouped(keys, |key| (&key.question, key.parent.clone())) {
            let named: Vec<EntityRef> = parents.iter().flatten().cloned().collect();
            let found = async {
                let periods = database.cost_periods(&self.visibility, &question.query).await?;
                Ok((database.cost_cells(&self.visibility, question, &named).await?, Arc::new(periods)))
            };
            let (mut by_parent, periods): (HashMap<String, Vec<CostCell>>, _) = match found.await {
                Ok((cells, periods)) => {
                    let mut by_parent: HashMap<String, Vec<CostCell>> = HashMap::new();
                    for cell in cells {
                        by_parent.entry(cell.parent.clone()).or_default().push(cell);
                    }
                    (by_parent, periods)
                }
                Err(error) => {
                    let error: SourceError = error;
                    let failed = |parent| (CostKey { question: question.clone(), parent }, Err(error.clone()));
                    outcomes.extend(parents.into_iter().map(failed));
                    continue;
                }
            };
            for parent in parents {
                let name = parent.as_ref().map_or("", EntityRef::as_str);
                let cells = Arc::new(by_parent.remove(name).unwrap_or_default());
                let key = CostKey { question: question.clone(), parent };
                outcomes.insert(key, Ok((cells, Arc::clone(&periods))));
            }
        }
        Ok(outcomes)
    }
}
