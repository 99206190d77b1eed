//! The filters of a list, in the manner of Django: `name__icontains=x`, `or__…`, `not__…`, over relations with `__`.

use serde_json::Value;

use super::{
    lookup::Lookup,
    model::{Kind, Model},
    refusal::Refusal,
    row::{Cell, Row, Scope},
};

/// Parameters that are no filters.
const RESERVED: [&str; 13] = [
    "page",
    "page_size",
    "format",
    "order",
    "order_by",
    "search",
    "type",
    "host_filter",
    "count_disabled",
    "no_truncate",
    "limit",
    "validate",
    "role_level",
];

#[derive(Default)]
pub(super) struct Filter {
    all: Vec<Test>,
    any: Vec<Test>,
    types: Option<Vec<String>>,
    words: Vec<String>,
}

struct Test {
    is_negated: bool,
    path: Path,
    lookup: Lookup,
    values: Vec<Cell<'static>>,
}

/// A field, reached over the relations before it.
pub(super) struct Path {
    relations: Vec<String>,
    field: String,
    pub(super) kind: Kind,
}

impl Filter {
    pub(super) fn parse(model: &Model, query: &[(String, String)]) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (key, value) in query {
            match key.as_str() {
                "type" => filter.types = Some(value.split(',').map(str::to_owned).collect()),
                "search" => filter.words.extend(value.split([',', ' ']).map(str::to_lowercase)),
                key if RESERVED.contains(&key) => {}
                key => filter.add(model, key, value)?,
            }
        }
        Ok(filter)
    }

    fn add(&mut self, model: &Model, key: &str, value: &str) -> Result<(), Refusal> {
        // `chain__` differs from a plain filter only where a relation leads to many objects, and none here does.
        let key = key.strip_prefix("chain__").unwrap_or(key);
        let (key, is_any) = key.strip_prefix("or__").map_or((key, false), |rest| (rest, true));
        let (key, is_negated) = key.strip_prefix("not__").map_or((key, false), |rest| (rest, true));
        let ended = key.rsplit_once("__").and_then(|(path, word)| Some((path, Lookup::parse(word)?)));
        let (path, lookup) = ended.unwrap_or((key, Lookup::Exact));
        let path = Path::parse(model, path)?;
        let values = lookup.values(path.kind, &path.field, value)?;
        let tests = if is_any { &mut self.any } else { &mut self.all };
        tests.push(Test { is_negated, path, lookup, values });
        Ok(())
    }

    pub(super) fn matches<'w>(&self, scope: &Scope<'w>, row: &dyn Row<'w>) -> bool {
        self.types.as_ref().is_none_or(|types| types.iter().any(|known| known == row.noun()))
            && self.all.iter().all(|test| test.holds(scope, row))
            && (self.any.is_empty() || self.any.iter().any(|test| test.holds(scope, row)))
            && self.words.iter().all(|word| {
                let has = |field| row.cell(scope, field).is_some_and(|cell| cell.text().to_lowercase().contains(word));
                has("name") || has("description") || has("username")
            })
    }
}

impl Test {
    fn holds<'w>(&self, scope: &Scope<'w>, row: &dyn Row<'w>) -> bool {
        self.lookup.holds(&self.path.cell(scope, row), &self.values) != self.is_negated
    }
}

impl Path {
    pub(super) fn parse(model: &Model, text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::bad("Query string field name not provided."));
        }
        let (mut model, mut relations) = (Some(model), Vec::new());
        let mut names = text.split("__").peekable();
        while let Some(name) = names.next() {
            let Some(known) = model else {
                return Err(Refusal::bad(format!("No related model for field {name}.")));
            };
            let kind = known
                .field(name)
                .ok_or_else(|| Refusal::bad(format!("{} has no field named '{name}'", known.class)))?;
            if names.peek().is_none() {
                let field = if name == "pk" { "id" } else { name };
                return Ok(Self { relations, field: field.to_owned(), kind });
            }
            relations.push(name.to_owned());
            model = if let Kind::Related(model) = kind { Some(model()) } else { None };
        }
        Err(Refusal::bad("Query string field name not provided."))
    }

    pub(super) fn cell<'w>(&self, scope: &Scope<'w>, row: &dyn Row<'w>) -> Cell<'w> {
        match self.relations.split_first() {
            None => row.cell(scope, &self.field).unwrap_or_else(|| self.described(&row.describe(scope))),
            Some((first, rest)) => row.related(scope, first).map_or(Cell::Null, |row| {
                let rest = Self { relations: rest.to_vec(), field: self.field.clone(), kind: self.kind };
                rest.cell(scope, &row)
            }),
        }
    }

    fn described(&self, description: &Value) -> Cell<'static> {
        match description.get(&self.field) {
            Some(Value::Bool(value)) => Cell::Bool(*value),
            Some(Value::Number(number)) => number.as_f64().map_or(Cell::Null, Cell::Number),
            Some(Value::String(text)) if matches!(self.kind, Kind::Time) => text.parse().map_or(Cell::Null, Cell::Time),
            Some(Value::String(text)) => Cell::from(text.clone()),
            _ => Cell::Null,
        }
    }
}
