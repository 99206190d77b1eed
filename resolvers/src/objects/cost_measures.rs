//! What a report says besides sums: what one unit cost, what of commitments was used, what has tags.

use async_graphql::Context;
use chrono::NaiveDate;
use schema::{CommitmentSummary, Date, Decimal, TagCoverage, TagCoverageByTag, UnitCost, UnitCostPoint, scope};
use sources::postgres::{CommitmentSums, TagSums};

use crate::{
    costs::{Report, ratio},
    error::{OrFieldError, Result, bad_input},
    loaders::{CostCommitmentsKey, CostDeploymentsKey, CostKey, CostTagsKey},
    request::RequestData,
};

/// Most commitments that are told one by one.
const COMMITMENTS_MAX: usize = 100;

/// Most keys of tags.
const TAGS_MAX: usize = 20;

/// What can be counted.
const DEPLOYMENT: &str = "deployment";

/// What of the commitments was used.
pub async fn commitments(ctx: &Context<'_>, key: &CostKey) -> Result<CommitmentSummary> {
    let loaded = RequestData::of(ctx).load_one(CostCommitmentsKey(key.clone())).await.or_field_error()?;
    let CommitmentSums { mut commitments, covered, coverable } =
        loaded.transpose().or_field_error()?.unwrap_or_default();
    let (mut used, mut unused) = (Decimal::default(), Decimal::default());
    for commitment in &commitments {
        used += &commitment.used;
        unused += &commitment.unused;
    }
    let mut paid = used.clone();
    paid += &unused;
    commitments.truncate(COMMITMENTS_MAX);
    Ok(CommitmentSummary {
        utilization: ratio(&used, &paid),
        coverage: ratio(&covered, &coverable),
        used,
        unused,
        commitments,
    })
}

/// What of the spend has tags.
pub async fn tag_coverage(ctx: &Context<'_>, key: &CostKey, tags: Option<Vec<String>>) -> Result<TagCoverage> {
    let request = RequestData::of(ctx);
    let tags = tags.unwrap_or_else(|| request.cost_options().required_tags.clone());
    if tags.len() > TAGS_MAX {
        return Err(bad_input(format!("`tags` holds {} keys: at most {TAGS_MAX} are allowed", tags.len())));
    }
    if tags.iter().any(|tag| tag.contains('\0') || tag.chars().count() > 512) {
        return Err(bad_input("`tags` holds a key with a NUL character, or one of more than 512 characters"));
    }
    let asked = CostTagsKey { cost: key.clone(), tags: tags.clone() };
    let loaded = request.load_one(asked).await.or_field_error()?;
    let TagSums { taggable, tagged, by_tag } = loaded.transpose().or_field_error()?.unwrap_or_default();
    let mut sums = by_tag.into_iter();
    let by_tag = tags.into_iter().map(|tag| {
        let tagged = sums.next().unwrap_or_default();
        TagCoverageByTag { tag, ratio: ratio(&tagged, &taggable), tagged }
    });
    Ok(TagCoverage { by_tag: by_tag.collect(), ratio: ratio(&tagged, &taggable), taggable, tagged })
}

/// What one of what is counted cost.
pub async fn unit_cost(ctx: &Context<'_>, report: &Report, key: &CostKey, by: &str) -> Result<UnitCost> {
    if by != DEPLOYMENT {
        return Err(bad_input(format!("nothing counts `{}`: `by` can be `{DEPLOYMENT}`", shortened(by))));
    }
    let request = RequestData::of(ctx);
    let target = key.parent.as_ref().map(|parent| parent.as_str().to_owned());
    request.require(scope::DEPLOYMENTS_READ, "cost.unitCost", target).await?;
    let loaded = request.load_one(CostDeploymentsKey(key.clone())).await.or_field_error()?;
    let (counts, since) = loaded.transpose().or_field_error()?.unwrap_or_default();
    // Where the first deployment that is known is of a later day, nobody counted all of them.
    let counted = |first: NaiveDate, count: i64| since.is_some_and(|since| since <= first).then_some(count);
    // What is restricted is of components whose deployments are not seen.
    let seen = report.seen();
    let of_step = |first: NaiveDate| {
        let count = counted(first, counts.steps.get(&first).copied().unwrap_or(0));
        let amount = seen.steps.get(&first).cloned().unwrap_or_default();
        UnitCostPoint { date: Date(first), quantity: count.map(decimal), amount: count.and_then(|n| amount.divided(n)) }
    };
    let range = report.query.range;
    let quantity = counted(range.from.0, counts.steps.values().sum());
    let before = report.query.previous_range().filter(|_| report.has_previous());
    let previous = before.and_then(|before| counted(before.from.0, counts.previous));
    Ok(UnitCost {
        metric: DEPLOYMENT.to_owned(),
        unit: DEPLOYMENT.to_owned(),
        amount: quantity.and_then(|count| seen.total.divided(count)),
        quantity: quantity.map(decimal),
        previous_amount: previous.and_then(|count| seen.previous.divided(count)),
        series: report.steps().all().into_iter().map(|(first, _)| of_step(first)).collect(),
    })
}

fn decimal(count: i64) -> Decimal {
    Decimal(count.into())
}

fn shortened(text: &str) -> String {
    text.chars().take(50).collect()
}
