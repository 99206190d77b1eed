//! `CostGroup`: charges with the same keys and of the same kind.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use schema::{
    CostDimension, CostDimensionInput, CostGroupOrder, CostPoint, CostRowKind, Cursor, Decimal, EntityRef, Page,
    PageArgs, PageInfo,
};

use super::Entity;
use crate::{
    connection::shown_count,
    costs::{Group, Report, change_ratio, ratio},
    error::{Nullable, OrFieldError, Result, bad_input},
};

/// Charges with the same keys and of the same kind.
#[derive(Clone)]
pub struct CostGroup {
    report: Arc<Report>,
    group: Arc<Group>,
}

/// Charges with the same keys and of the same kind.
#[Object]
impl CostGroup {
    /// One key for each entry of `groupBy`, in its order.
    async fn keys(&self) -> Vec<CostGroupKey> {
        let entries = self.report.query.group_by.iter().zip(&self.group.keys);
        entries.map(|(entry, value)| CostGroupKey::of(entry, value.as_deref(), self.group.kind)).collect()
    }
    /// What kind of charges it holds.
    async fn kind(&self) -> CostRowKind {
        self.group.kind
    }
    /// Their sum.
    async fn total(&self) -> &Decimal {
        &self.group.sums.total
    }
    /// The share of the report's total, 0 to 1; null when that is 0.
    async fn share(&self) -> Option<f64> {
        ratio(&self.group.sums.total, &self.report.total(None))
    }
    /// Their sum over as many days before; null without `compareToPrevious` or without data.
    async fn previous_total(&self) -> Option<Decimal> {
        self.report.previous(&self.group)
    }
    /// The change from `previousTotal`, 0.1 for 10 % more; null when that is null or 0.
    async fn change_ratio(&self) -> Option<f64> {
        change_ratio(&self.group.sums.total, self.report.previous(&self.group).as_ref())
    }
    /// Their sum by steps of `granularity`, oldest first. A step without a charge is 0 up to `completeUntil` and
    /// missing after it.
    #[graphql(directive = crate::cost::cost::apply(2), directive = crate::cost::flat::apply())]
    async fn series(&self) -> Option<Vec<CostPoint>> {
        Some(self.report.steps().points(&self.group.sums.steps))
    }
}

/// One value that a group was made by.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct CostGroupKey {
    /// The dimension; null for a tag.
    dimension: Option<CostDimension>,
    /// The tag's key; null for a dimension.
    tag: Option<String>,
    /// The value; null when the charges have none, when the viewer may not see it, and in the `REMAINDER` group.
    value: Option<String>,
    /// The value for people to read. Never empty: `Unallocated`, for example, where there is no value.
    label: String,
}

impl CostGroupKey {
    fn of(entry: &CostDimensionInput, value: Option<&str>, kind: CostRowKind) -> Self {
        let (dimension, tag) = match entry {
            CostDimensionInput::Dimension(dimension) => (Some(*dimension), None),
            CostDimensionInput::Tag(tag) => (None, Some(tag.clone())),
        };
        Self { dimension, tag, value: value.map(str::to_owned), label: label(entry, value, kind) }
    }
}

#[ComplexObject]
impl CostGroupKey {
    /// The team, component, system or domain that `value` refers to.
    async fn entity(&self, ctx: &Context<'_>) -> Nullable<Entity> {
        let is_of_catalog = self.dimension.is_some_and(is_reference);
        let value = self.value.as_ref().filter(|_| is_of_catalog)?;
        Entity::load(ctx, &EntityRef::stored(value.clone())).await.transpose()
    }
}

fn is_reference(dimension: CostDimension) -> bool {
    matches!(dimension, CostDimension::Team | CostDimension::Component | CostDimension::System | CostDimension::Domain)
}

/// A key for people to read.
pub(super) fn label(entry: &CostDimensionInput, value: Option<&str>, kind: CostRowKind) -> String {
    match (entry, value) {
        (_, None) => kind.label().to_owned(),
        (CostDimensionInput::Dimension(dimension), Some(value)) if is_reference(*dimension) => {
            EntityRef::stored(value.to_owned()).name().to_owned()
        }
        (_, Some(value)) => value.to_owned(),
    }
}

/// An item of a page of groups.
#[derive(SimpleObject)]
pub struct CostGroupEdge {
    /// Continue after or before this item with it.
    cursor: String,
    /// The item.
    node: CostGroup,
}

/// A page of groups.
pub struct CostGroupConnection {
    page: Page<CostGroup>,
    count: usize,
}

impl CostGroupConnection {
    /// A page of a report's groups.
    pub fn page(report: &Arc<Report>, top: Option<usize>, order: CostGroupOrder, args: PageArgs) -> Result<Self> {
        let groups = report.groups(top, order);
        let count = groups.len();
        let cursors = format!("costGroups:{order:?}:{top:?}");
        let start = match &args.after {
            None => 0,
            Some(after) => {
                let [place] =
                    Cursor::decode::<1>(after, &cursors).map_err(sources::SourceError::from).or_field_error()?;
                let at = groups.iter().position(|group| place_of(group) == place);
                at.ok_or_else(|| bad_input("the group that this cursor stands behind is gone: begin again"))? + 1
            }
        };
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let rows = groups.into_iter().skip(start).take(limit).map(|group| {
            let cursor = Cursor::new(&cursors, [place_of(&group)]).encode();
            (cursor, CostGroup { report: Arc::clone(report), group: Arc::new(group) })
        });
        let page =
            Page { rows: rows.collect(), has_next: start.saturating_add(limit) < count, has_previous: start > 0 };
        Ok(Self { page, count })
    }
}

/// What tells a group from all others of its report.
fn place_of(group: &Group) -> String {
    serde_json::to_string(&(format!("{:?}", group.kind), &group.keys)).unwrap_or_default()
}

/// A page of groups.
#[Object]
impl CostGroupConnection {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<CostGroupEdge> {
        let edge = |(cursor, node): &(String, CostGroup)| CostGroupEdge { cursor: cursor.clone(), node: node.clone() };
        self.page.rows.iter().map(edge).collect()
    }
    /// The items.
    async fn nodes(&self) -> Vec<CostGroup> {
        self.page.rows.iter().map(|(_, node)| node.clone()).collect()
    }
    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        self.page.info()
    }
    /// All items, on every page. Counted only when selected; null when that would take too long.
    async fn total_count(&self) -> Option<i32> {
        Some(shown_count(i64::try_from(self.count).unwrap_or(i64::MAX)))
    }
}
