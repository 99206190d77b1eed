//! How much of what is charged has tags, and how much of what was committed was used: from the charges themselves, as sums know neither.

use std::collections::HashMap;

use schema::{CommitmentDiscount, Decimal, EntityRef, Visibility};
use sqlx::FromRow;

use super::{CostQuestion, statement::Statement, width::Width};
use crate::{SourceError, postgres::Database};

/// Spend that can carry tags, and what of it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagSums {
    /// On resources.
    pub taggable: Decimal,
    /// Of that, with all of the tags.
    pub tagged: Decimal,
    /// Of that, with each of them.
    pub by_tag: Vec<Decimal>,
}

/// Commitments, and the spend that they could cover.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommitmentSums {
    /// One by one, most unused first.
    pub commitments: Vec<CommitmentDiscount>,
    /// Usage that a commitment covers, at prices without commitments.
    pub covered: Decimal,
    /// The same, with usage at standard prices.
    pub coverable: Decimal,
}

#[derive(FromRow)]
struct TagRow {
    parent: String,
    taggable: String,
    tagged: String,
    by_tag: Vec<String>,
}

#[derive(FromRow)]
struct CommitmentRow {
    parent: String,
    discount_id: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
    used: String,
    unused: String,
    covered: String,
    coverable: String,
}

/// It covers usage.
const IS_COVERED: &str =
    "k.columns ->> 'ChargeCategory' = 'Usage' and k.columns ->> 'CommitmentDiscountStatus' = 'Used'";

impl Database {
    /// What of the spend of each parent has these tags; shared costs are taken as they were charged, not split.
    pub async fn cost_tags(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
        tags: &[String],
    ) -> Result<HashMap<String, TagSums>, SourceError> {
        let question = question.unsplit();
        let statement = Statement::new(visibility, &question, Width::Lines);
        let mut query = statement.begin("cost_tags", parents);
        query.push(" select ").push(statement.parent());
        query.push(
            " as parent, coalesce(sum(c.amount), 0)::text as taggable, coalesce(sum(c.amount) filter (where true",
        );
        for tag in tags {
            query.push(" and k.tags ->> ").push_bind(tag.clone()).push(" <> ''");
        }
        query.push("), 0)::text as tagged, array[");
        for (at, tag) in tags.iter().enumerate() {
            query.push(if at > 0 { ", " } else { "" }).push("coalesce(sum(c.amount) filter (where k.tags ->> ");
            query.push_bind(tag.clone()).push(" <> ''), 0)::text");
        }
        query.push("]::text[] as by_tag");
        self.push_charges(&mut query, &statement, visibility);
        query.push(" and k.resource is not null group by 1");
        let rows: Vec<TagRow> = self.planned("cost_tags", query).await?;
        let sums = rows.into_iter().map(|row| {
            let sums = TagSums {
                taggable: number(&row.taggable),
                tagged: number(&row.tagged),
                by_tag: row.by_tag.iter().map(|sum| number(sum)).collect(),
            };
            (row.parent, sums)
        });
        Ok(sums.collect())
    }

    /// What of the commitments of each parent was used; shared costs are taken as they were charged, not split.
    pub async fn cost_commitments(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
    ) -> Result<HashMap<String, CommitmentSums>, SourceError> {
        let question = question.unsplit();
        let statement = Statement::new(visibility, &question, Width::Lines);
        let mut query = statement.begin("cost_commitments", parents);
        query.push(" select ").push(statement.parent());
        query.push(format_args!(
            " as parent, k.columns ->> 'CommitmentDiscountId' as discount_id, max(k.columns ->> 'CommitmentDiscountName') as name, \
             max(k.columns ->> 'CommitmentDiscountType') as type, \
             coalesce(sum(c.effective_cost) filter (where k.columns ->> 'CommitmentDiscountStatus' = 'Used'), 0)::text as used, \
             coalesce(sum(c.effective_cost) filter (where k.columns ->> 'CommitmentDiscountStatus' = 'Unused'), 0)::text as unused, \
             coalesce(sum(c.contracted_cost) filter (where {IS_COVERED}), 0)::text as covered, \
             coalesce(sum(c.contracted_cost) filter (where {IS_COVERED} or k.columns ->> 'ChargeCategory' = 'Usage' \
             and k.columns ->> 'PricingCategory' = 'Standard'), 0)::text as coverable"
        ));
        self.push_charges(&mut query, &statement, visibility);
        query.push(
            " group by 1, 2 order by 1, coalesce(sum(c.effective_cost) filter (where k.columns ->> 'CommitmentDiscountStatus' = 'Unused'), 0) \
             desc, 2",
        );
        let rows: Vec<CommitmentRow> = self.planned("cost_commitments", query).await?;
        let mut found: HashMap<String, CommitmentSums> = HashMap::new();
        for row in rows {
            let sums = found.entry(row.parent).or_default();
            sums.covered += &number(&row.covered);
            sums.coverable += &number(&row.coverable);
            if let Some(discount_id) = row.discount_id {
                let (used, unused) = (number(&row.used), number(&row.unused));
                let commitment = CommitmentDiscount { discount_id, name: row.name, r#type: row.r#type, used, unused };
                sums.commitments.push(commitment);
            }
        }
        Ok(found)
    }

    /// Appends ` from` the charges that are asked for, with their keys.
    fn push_charges(
        &self,
        query: &mut sqlx::QueryBuilder<sqlx::Postgres>,
        statement: &Statement<'_>,
        visibility: &Visibility,
    ) {
        statement.push_from(query, statement.source());
        query.push(" join cost_key k on k.tenant = ").push_bind(visibility.tenant.clone());
        query.push(" and k.id = c.key_id");
        statement.push_where(query);
        query.push(" and not hidden.it");
    }
}

fn number(text: &str) -> Decimal {
    Decimal::read(text).unwrap_or_default()
}
