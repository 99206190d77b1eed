//! From the library's plan to ours: keys become numbers, fragments are spread out, rewrites become part of what is read and of
//! what represents an entity.

use hive_router_query_planner::{
    ast::{document::Document, selection_item::SelectionItem, selection_set::SelectionSet},
    planner::plan_nodes::{
        BatchFetchNode, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePath, FlattenNodePathSegment,
        PlanNode, QueryPlan,
    },
    state::supergraph_state::OperationKind,
};

use super::{
    aliases::{self, Meant},
    selection,
};
use crate::federation::{
    OWN,
    compose::{KeyFields, requires},
    plan::{Entities, Fetch, Keys, Required, Requires, Segment, Shape, ShapeField, Step, TYPENAME},
};

/// One plan on its way.
pub struct Translation<'a> {
    keys: &'a mut Keys,
    key_fields: &'a KeyFields,
}

impl<'a> Translation<'a> {
    /// Nothing yet.
    pub fn new(keys: &'a mut Keys, key_fields: &'a KeyFields) -> Self {
        Self { keys, key_fields }
    }

    /// What is to be done. Fails where it holds what we do not execute.
    pub fn root(mut self, plan: QueryPlan) -> Result<Option<Step>, String> {
        plan.node.map(|node| self.step(node)).transpose()
    }

    fn step(&mut self, node: PlanNode) -> Result<Step, String> {
        match node {
            PlanNode::Fetch(fetch) => self.fetch(fetch, None),
            PlanNode::Flatten(flatten) => match *flatten.node {
                PlanNode::Fetch(fetch) => self.fetch(fetch, Some(&flatten.path)),
                other => Err(format!("a path leads to something that is no fetch: {other}")),
            },
            PlanNode::BatchFetch(batch) => self.batch(batch),
            PlanNode::Sequence(sequence) => Ok(Step::Sequence(self.steps(sequence.nodes)?)),
            PlanNode::Parallel(parallel) => Ok(Step::Parallel(self.steps(parallel.nodes)?)),
            // The event comes from elsewhere: what is asked is the same.
            PlanNode::Subscription(subscription) => self.fetch(subscription.primary, None),
            PlanNode::Condition(condition) => {
                Err(format!("a condition on ${}, although the operation has none", condition.condition))
            }
            PlanNode::Defer(_) => Err("a part that is deferred".to_owned()),
        }
    }

    fn steps(&mut self, nodes: Vec<PlanNode>) -> Result<Vec<Step>, String> {
        nodes.into_iter().map(|node| self.step(node)).collect()
    }

    fn fetch(&mut self, fetch: FetchNode, path: Option<&FlattenNodePath>) -> Result<Step, String> {
        let FetchNode { service_name, operation_kind, operation, requires, input_rewrites, output_rewrites, .. } =
            fetch;
        let mut document = operation.document;
        let mut entities = Vec::new();
        if let (Some(path), Some(requires)) = (path, requires) {
            let requires = self.requires(&service_name, &requires, input_rewrites.as_deref().unwrap_or_default())?;
            let paths = vec![self.path(path)];
            let shape = Shape::default();
            let (alias, variable) = ("_entities".to_owned(), "representations".to_owned());
            entities.push(Entities { alias, variable, paths, requires, shape });
        } else if path.is_some() {
            return Err("a path leads to a fetch that asks about no entities".to_owned());
        }
        let rewrites = output_rewrites.unwrap_or_default();
        self.finish(service_name, operation_kind, &mut document, entities, &rewrites)
    }

    fn batch(&mut self, batch: BatchFetchNode) -> Result<Step, String> {
        let BatchFetchNode { service_name, operation_kind, operation, entity_batch, .. } = batch;
        let mut document = operation.document;
        let (mut entities, mut rewrites) = (Vec::new(), Vec::new());
        for alias in entity_batch.aliases {
            let inputs = alias.input_rewrites.unwrap_or_default();
            let requires = self.requires(&service_name, &alias.requires, &inputs)?;
            let paths = alias.merge_paths.iter().map(|path| self.path(path)).collect();
            rewrites.extend(alias.output_rewrites.unwrap_or_default());
            let (variable, shape) = (alias.representations_variable_name, Shape::default());
            entities.push(Entities { alias: alias.alias, variable, paths, requires, shape });
        }
        self.finish(service_name, operation_kind, &mut document, entities, &rewrites)
    }

    /// What both kinds of fetches have in common: what is read, and the text that is sent.
    fn finish(
        &mut self,
        service: String,
        kind: Option<OperationKind>,
        document: &mut Document,
        mut entities: Vec<Entities>,
        rewrites: &[FetchRewrite],
    ) -> Result<Step, String> {
        selection::spread(document)?;
        let mut meant = aliases::settle(document, rewrites)?;
        entities.iter_mut().for_each(|entities| selection::repeat_keys(document, entities, &mut meant));
        let shape = self.shape(&document.operation.selection_set, &meant)?;
        for entities in &mut entities {
            let below = shape.field(&entities.alias).and_then(|field| field.below.clone());
            entities.shape = below.ok_or("a fetch does not ask about its entities")?;
        }
        let definitions = document.operation.variable_definitions.iter().flatten();
        let own = |name: &str| entities.iter().any(|entities| entities.variable == name);
        let variables = definitions.filter(|variable| !own(&variable.name)).map(|variable| variable.name.clone());
        let operation = document.to_string();
        let quoted = serde_json::to_string(&operation).map_err(|error| error.to_string())?;
        Ok(Step::Fetch(Box::new(Fetch {
            variables: variables.collect(),
            service: requires::service(&service).to_owned(),
            operation_json: format!("{{\"query\":{quoted},\"variables\":").into_bytes(),
            operation,
            is_mutation: kind == Some(OperationKind::Mutation),
            is_event: kind == Some(OperationKind::Subscription),
            entities,
            shape,
        })))
    }

    fn path(&mut self, path: &FlattenNodePath) -> Vec<Segment> {
        let segment = |segment: &FlattenNodePathSegment| match segment {
            FlattenNodePathSegment::Field(name) => Segment::Field(self.keys.of(name)),
            FlattenNodePathSegment::TypeCondition(types) => Segment::Types(types.clone()),
            FlattenNodePathSegment::List => Segment::Items,
        };
        path.as_slice().iter().map(segment).collect()
    }

    fn shape(&mut self, set: &SelectionSet, meant: &Meant) -> Result<Shape, String> {
        let mut shape = Shape::default();
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let name = field.alias.as_ref().unwrap_or(&field.name).clone();
                    let below = match field.selections.is_empty() {
                        true => None,
                        false => Some(self.shape(&field.selections, meant)?),
                    };
                    shape.add(ShapeField { key: self.keys.of(meant.key(&name)), name, below });
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.shape(&fragment.selections, meant)?.fields.into_iter().for_each(|field| shape.add(field));
                }
                SelectionItem::FragmentSpread(name) => return Err(format!("the fragment {name} was not spread out")),
            }
        }
        Ok(shape)
    }

    fn requires(
        &mut self,
        service: &str,
        set: &SelectionSet,
        rewrites: &[FetchRewrite],
    ) -> Result<Vec<Requires>, String> {
        let mut by_type = Vec::new();
        for item in &set.items {
            let SelectionItem::InlineFragment(fragment) = item else {
                return Err("a representation outside of a type".to_owned());
            };
            let type_name = fragment.type_condition.clone();
            let mut fields = self.required(&fragment.selections)?;
            let own_keys = self.key_fields.of(requires::service(service), &type_name);
            // Ours come in the order in which they are asked for; and a reference may be written in several ways.
            let is_checked = requires::service(service) != OWN;
            fields.iter_mut().for_each(|field| field.is_repeated = is_checked && own_keys.contains(&field.name));
            let mut requires = Requires { type_name, typename_told: None, fields };
            rewrites.iter().try_for_each(|rewrite| rewrite_input(&mut requires, rewrite))?;
            by_type.push(requires);
        }
        Ok(by_type)
    }

    fn required(&mut self, set: &SelectionSet) -> Result<Vec<Required>, String> {
        let mut fields = Vec::new();
        for item in &set.items {
            match item {
                SelectionItem::Field(field) if field.name == TYPENAME => {}
                SelectionItem::Field(field) => fields.push(Required {
                    key: self.keys.of(field.alias.as_ref().unwrap_or(&field.name)),
                    name: field.alias.as_ref().unwrap_or(&field.name).clone(),
                    fields: self.required(&field.selections)?,
                    is_repeated: false,
                }),
                _ => return Err("a representation that depends on a type below it".to_owned()),
            }
        }
        Ok(fields)
    }
}

/// What a representation is to be called, or its type.
fn rewrite_input(requires: &mut Requires, rewrite: &FetchRewrite) -> Result<(), String> {
    let path = match rewrite {
        FetchRewrite::ValueSetter(setter) => &setter.path,
        FetchRewrite::KeyRenamer(renamer) => &renamer.path,
    };
    let is_of_type = path.iter().all(|segment| match segment {
        FetchNodePathSegment::TypenameEquals(types) => types.contains(&requires.type_name),
        FetchNodePathSegment::Key(_) => true,
    });
    if !is_of_type {
        return Ok(());
    }
    let names: Vec<&str> = path
        .iter()
        .filter_map(|segment| match segment {
            FetchNodePathSegment::Key(name) => Some(name.as_str()),
            FetchNodePathSegment::TypenameEquals(_) => None,
        })
        .collect();
    match (rewrite, names.as_slice()) {
        (FetchRewrite::ValueSetter(setter), [TYPENAME]) => requires.typename_told = Some(setter.set_value_to.clone()),
        (FetchRewrite::KeyRenamer(renamer), [way @ .., last]) => {
            let mut at = Some(&mut requires.fields);
            for name in way {
                at = at.and_then(|fields| Some(&mut fields.iter_mut().find(|field| field.name == *name)?.fields));
            }
            let field = at.and_then(|fields| fields.iter_mut().find(|field| field.name == *last));
            if let Some(field) = field {
                field.name.clone_from(&renamer.rename_key_to);
            }
        }
        _ => return Err("a rewrite of a representation that is not understood".to_owned()),
    }
    Ok(())
}
