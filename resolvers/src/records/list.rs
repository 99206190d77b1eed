//! `Records` and `Edges`: the lists of a connection, as the engine sees them.

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerError, ServerResult, Value,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::resolve_list,
};
use futures::future::{join3, try_join_all};
use schema::{EntityRecord, Page};

use super::{
    ObjectKind, json,
    kept::Place,
    plan::{Plan, What},
    related::{Failure, Others, Written, named_of_plan, write_entity},
};
use crate::{
    objects::Entity,
    request::{PathSegment, RequestData, path_of},
};

/// Most room that is made for a list by the length of its first item, in bytes.
const RESERVED_MAX: usize = 1 << 20;

/// A type of the graph that entities have.
pub trait EntityObject: OutputType + Send + Sync {
    /// The object of a record; none when it is of another type.
    fn of_record(record: &Arc<EntityRecord>) -> Option<Self>
    where
        Self: Sized;

    /// Its record.
    fn record(&self) -> &Arc<EntityRecord>;
}

/// An edge of a connection of such objects.
pub trait EntityEdge: OutputType + Send + Sync {
    /// The type of its node.
    type Node: EntityObject;

    /// An edge.
    fn new(cursor: String, node: Self::Node) -> Self;
}

/// The nodes of a page.
pub struct Records<T> {
    page: Arc<Page<Arc<EntityRecord>>>,
    object: PhantomData<fn() -> T>,
}

/// The edges of a page.
pub struct Edges<E> {
    page: Arc<Page<Arc<EntityRecord>>>,
    edge: PhantomData<fn() -> E>,
}

impl<T> Records<T> {
    /// The nodes of this page.
    pub fn new(page: Arc<Page<Arc<EntityRecord>>>) -> Self {
        Self { page, object: PhantomData }
    }
}

impl<E> Edges<E> {
    /// The edges of this page.
    pub fn new(page: Arc<Page<Arc<EntityRecord>>>) -> Self {
        Self { page, edge: PhantomData }
    }
}

impl<T: EntityObject> OutputType for Records<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let rows = &self.page.rows;
        let writes = ctx.data_unchecked::<Arc<RequestData>>().writes_records();
        if writes && let Some(value) = write(ctx, &self.page, &ctx.item.node, None).await? {
            return Ok(value);
        }
        resolve_list(ctx, field, rows.iter().filter_map(|(_, record)| T::of_record(record)), Some(rows.len())).await
    }
}

impl<E: EntityEdge> OutputType for Edges<E> {
    fn type_name() -> Cow<'static, str> {
        Vec::<E>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<E>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<E>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let rows = &self.page.rows;
        let writes = ctx.data_unchecked::<Arc<RequestData>>().writes_records();
        if writes
            && let Some(edge) = EdgePlan::of(&ctx.item.node, &E::type_name())
            && let Some(value) = write(ctx, &self.page, edge.node, Some(&edge)).await?
        {
            return Ok(value);
        }
        let edge =
            |(cursor, record): &(String, Arc<EntityRecord>)| Some(E::new(cursor.clone(), E::Node::of_record(record)?));
        resolve_list(ctx, field, rows.iter().filter_map(edge), Some(rows.len())).await
    }
}

/// What of an edge is selected, around its node.
struct EdgePlan<'a> {
    parts: Vec<(Vec<u8>, EdgePart)>,
    node: &'a SelectionSet,
    node_field: Option<&'a Positioned<Field>>,
}

enum EdgePart {
    Cursor,
    Node,
    TypeName(String),
}

static NOTHING: SelectionSet = SelectionSet { items: Vec::new() };

impl<'a> EdgePlan<'a> {
    /// None when the selection has a form that only the engine executes.
    fn of(set: &'a SelectionSet, type_name: &str) -> Option<Self> {
        let mut plan = Self { parts: Vec::new(), node: &NOTHING, node_field: None };
        for item in &set.items {
            let Selection::Field(field) = &item.node else { return None };
            if !field.node.directives.is_empty() {
                return None;
            }
            let part = match field.node.name.node.as_str() {
                "cursor" => EdgePart::Cursor,
                "__typename" => EdgePart::TypeName(type_name.to_owned()),
                // Twice under two names: rare, and the engine can do it.
                "node" if plan.node_field.is_some() => return None,
                "node" => {
                    plan.node = &field.node.selection_set.node;
                    plan.node_field = Some(field);
                    EdgePart::Node
                }
                _ => return None,
            };
            let mut key = vec![if plan.parts.is_empty() { b'{' } else { b',' }];
            json::text(&field.node.response_key().node, &mut key);
            key.push(b':');
            plan.parts.push((key, part));
        }
        Some(plan)
    }

    fn write(&self, cursor: &str, node: &mut Written, out: &mut Vec<u8>) {
        if self.parts.is_empty() {
            out.push(b'{');
        }
        for (key, part) in &self.parts {
            out.extend_from_slice(key);
            match part {
                EdgePart::Cursor => json::text(cursor, out),
                EdgePart::TypeName(name) => json::text(name, out),
                EdgePart::Node => out.extend_from_slice(&node.bytes),
            }
        }
        node.bytes.clear();
        out.push(b'}');
    }
}

/// Writes a page; none when the engine has to.
async fn write(
    ctx: &ContextSelectionSet<'_>,
    page: &Page<Arc<EntityRecord>>,
    set: &SelectionSet,
    edge: Option<&EdgePlan<'_>>,
) -> ServerResult<Option<Value>> {
    let request: &RequestData = ctx.data_unchecked::<Arc<RequestData>>();
    let kinds: Vec<ObjectKind> = page.rows.iter().map(|(_, record)| ObjectKind::of(record)).collect();
    let mut plans: [Option<Plan<'_>>; 10] = Default::default();
    for (plan, kind) in plans.iter_mut().zip(ObjectKind::ALL) {
        if kinds.contains(&kind) {
            match Plan::of(kind, set) {
                Some(made) => *plan = Some(made),
                None => return Ok(None),
            }
        }
    }
    let plan_of = |kind: ObjectKind| plans.get(kind.index()).and_then(Option::as_ref);

    let named = try_join_all(plans.iter().map(|plan| async {
        let Some(plan) = plan else { return Ok::<_, ServerError>(Vec::new()) };
        let of_kind: Vec<Arc<EntityRecord>> = page
            .rows
            .iter()
            .map(|(_, record)| record)
            .filter(|record| ObjectKind::of(record) == plan.kind)
            .cloned()
            .collect();
        Ok(named_of_plan(request, &of_kind, plan).await)
    }));
    let node_field = edge.and_then(|edge| edge.node_field);
    let resolve = |wanted: fn(&What) -> bool| {
        try_join_all(page.rows.iter().zip(&kinds).enumerate().flat_map(move |(at, ((_, record), kind))| {
            let steps = plan_of(*kind).map_or(&[][..], |plan| &plan.steps);
            let steps = steps.iter().filter(move |step| wanted(&step.what));
            steps.map(move |step| resolve_other(ctx, at, node_field, Arc::clone(record), step.field))
        }))
    };
    let place = Place::of(ctx, request, &page.rows, &plans);
    let live = async {
        if let Some(kept) = place.as_ref().and_then(Place::read) {
            return Ok(kept);
        }
        let values = resolve(|what| matches!(what, What::Live)).await?;
        if let Some(place) = place {
            place.keep(ctx, &values);
        }
        Ok::<_, ServerError>(values)
    };
    let (named, live, rest) = join3(named, live, resolve(|what| matches!(what, What::Other))).await;
    let (named, mut others) = (named?, Others { live: live?.into_iter(), rest: rest?.into_iter() });

    let mut out = Vec::new();
    let mut failures = Vec::new();
    out.push(b'[');
    let mut one = Written::default();
    for (at, ((cursor, record), kind)) in page.rows.iter().zip(&kinds).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let Some(plan) = plan_of(*kind) else { continue };
        let outcomes = named.get(kind.index()).map_or(&[][..], Vec::as_slice);
        match edge {
            None => {
                // Into the answer itself: the buffer goes in and comes back.
                std::mem::swap(&mut one.bytes, &mut out);
                write_entity(record, plan, outcomes, &mut others, &mut one);
                std::mem::swap(&mut one.bytes, &mut out);
            }
            Some(edge) => {
                write_entity(record, plan, outcomes, &mut others, &mut one);
                edge.write(cursor, &mut one, &mut out);
            }
        }
        failures.extend(one.failures.drain(..).map(|failure| (at, failure)));
        if at == 0 {
            // The others are about as long as the first: what is large is not moved while it grows. Should it be much shorter than all
            // of them look, little is lost.
            out.reserve(((out.len() + out.len() / 4) * (page.rows.len() - 1)).min(RESERVED_MAX));
        }
    }
    out.push(b']');
    tell(ctx, node_field, failures);
    Ok(Some(Value::Binary(out.into())))
}

/// A field that only the engine can execute, of one item.
async fn resolve_other(
    ctx: &ContextSelectionSet<'_>,
    at: usize,
    node_field: Option<&Positioned<Field>>,
    record: Arc<EntityRecord>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let item = ctx.with_index(at);
    let value = match node_field {
        None => Entity::of(record).resolve_own_field(&item.with_field(field)).await,
        Some(node) => {
            let node = item.with_field(node);
            Entity::of(record).resolve_own_field(&node.with_field(field)).await
        }
    };
    Ok(value?.unwrap_or_default())
}

/// Tells the engine of everything that is null because it failed.
fn tell(ctx: &ContextSelectionSet<'_>, node_field: Option<&Positioned<Field>>, failures: Vec<(usize, Failure)>) {
    if failures.is_empty() {
        return;
    }
    let base = path_of(ctx.path_node.as_ref());
    for (at, failure) in failures {
        let node = node_field.map(|field| PathSegment::Name(field.node.response_key().node.to_string()));
        let path = base.iter().cloned().chain([PathSegment::Index(at)]).chain(node).chain(failure.path);
        let path = path.map(|segment| match segment {
            PathSegment::Name(name) => async_graphql::PathSegment::Field(name),
            PathSegment::Index(index) => async_graphql::PathSegment::Index(index),
        });
        let error = failure.error.into_server_error(failure.pos).with_path(path.collect());
        ctx.add_error(error);
    }
}
