//! Data that follows from a number: every service, and the one schema of all, see the same without sharing anything.

use std::hash::{DefaultHasher, Hash, Hasher};

use apollo_compiler::{
    ast::Type,
    resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    schema::ExtendedType,
};
use serde_json::Value;

/// All data there is.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// What it follows from.
    pub seed: u64,
    /// Some fields fail.
    pub has_faults: bool,
}

/// The root of operations.
pub struct Root<'w> {
    /// The data.
    pub world: &'w World,
    /// The root type.
    pub kind: &'static str,
}

/// An object.
#[derive(Clone)]
pub struct Thing<'w> {
    world: &'w World,
    type_name: String,
    number: u64,
    /// What a service was told of it.
    told: Option<Value>,
}

/// How many entities of a type there are.
const ENTITIES: u64 = 5;

const ENTITY_TYPES: [&str; 5] = ["Product", "Team", "Person", "Review", "Warehouse"];

impl World {
    fn number(&self, parts: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, parts).hash(&mut hasher);
        hasher.finish()
    }

    /// The entity that a representation stands for.
    pub fn entity(&self, representation: &Value) -> Option<Thing<'_>> {
        let text = ["id", "sku", "code", "login"].iter().find_map(|name| representation[*name].as_str())?;
        let number = text.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().ok()?;
        let type_name = representation["__typename"].as_str()?.to_owned();
        Some(Thing { world: self, type_name, number, told: Some(representation.clone()) })
    }

    fn resolve<'a>(
        &'a self,
        parent: (&str, u64),
        told: Option<&Value>,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let (type_name, number) = parent;
        let field = info.field_name();
        let key = match (type_name, field) {
            ("Product", "id") => Some(format!("p{number}")),
            ("Product", "sku") => Some(format!("sku-{number}")),
            ("Team", "id") => Some(format!("t{number}")),
            ("Review", "id") => Some(format!("r{number}")),
            ("Person", "login") => Some(format!("l{number}")),
            ("Warehouse", "code") => Some(format!("w{number}")),
            ("Product" | "Team", "name") => Some(self.name_of(type_name, number)),
            ("Product", "described") => Some(format!(
                "described {}",
                match told {
                    // A service has it from its representation alone.
                    Some(told) => told["name"].as_str().unwrap_or("NOT TOLD").to_owned(),
                    None => self.name_of(type_name, number),
                }
            )),
            ("Product", "taxed") => {
                let price = told.map_or_else(|| self.price_of(number), |told| told["price"].clone());
                Some(format!("taxed {price}"))
            }
            _ => None,
        };
        if let Some(key) = key {
            return Ok(ResolvedValue::leaf(key));
        }
        let arguments = serde_json::to_string(info.arguments()).unwrap_or_default();
        match (type_name, field) {
            ("Org", "number") => return Ok(ResolvedValue::leaf(number)),
            ("Person", "org") => return Ok(self.object("Org", number)),
            _ => {}
        }
        let drawn = self.number((type_name, number, field, &arguments));
        // What others require fails nowhere: what fails with it is a matter of how it is asked for.
        if self.has_faults && field != "price" && drawn.is_multiple_of(17) {
            return Err(FieldError { message: format!("{field} fails") });
        }
        Ok(self.value(&info.field_definition().ty, drawn, info))
    }

    /// Without arguments.
    fn price_of(&self, number: u64) -> Value {
        let drawn = self.number(("Product", number, "price", r#"{"currency":"EUR"}"#));
        if drawn % 7 == 3 { Value::Null } else { Value::from((drawn / 7 % 1_000) as f64 / 8.0) }
    }

    fn name_of(&self, type_name: &str, number: u64) -> String {
        format!("name {}", self.number((type_name, number, "name")) % 1_000)
    }

    fn object(&self, type_name: &str, number: u64) -> ResolvedValue<'_> {
        ResolvedValue::object(Thing { world: self, type_name: type_name.to_owned(), number, told: None })
    }

    fn value<'a>(&'a self, ty: &Type, drawn: u64, info: &'a ResolveInfo<'a>) -> ResolvedValue<'a> {
        if !ty.is_non_null() && drawn % 7 == 3 {
            return ResolvedValue::null();
        }
        if ty.is_list() {
            let item = ty.item_type().clone();
            let items = (0..drawn % 4).map(move |at| self.value(&item, self.number((drawn, at)), info));
            return ResolvedValue::list(items);
        }
        let name = ty.inner_named_type().as_str();
        let many = drawn / 7;
        match name {
            "String" => ResolvedValue::leaf(format!("text \"{}\" é", many % 1_000)),
            "ID" => ResolvedValue::leaf(format!("id{}", many % 1_000)),
            "Int" => ResolvedValue::leaf(many % 1_000),
            "Float" => ResolvedValue::leaf((many % 1_000) as f64 / 8.0),
            "Boolean" => ResolvedValue::leaf(many.is_multiple_of(2)),
            _ => match info.schema().types.get(name) {
                Some(ExtendedType::Enum(of)) => {
                    let at = usize::try_from(many).unwrap_or_default() % of.values.len();
                    ResolvedValue::leaf(of.values.keys().nth(at).map(|name| name.to_string()).unwrap_or_default())
                }
                _ => {
                    let possible: &[&str] = match name {
                        "Owner" => &["Team", "Person"],
                        "Named" => &["Product", "Team"],
                        "FlagOwner" => &["Team", "Warehouse"],
                        _ => &[],
                    };
                    let chosen = possible.get(usize::try_from(many / 8).unwrap_or_default() % possible.len().max(1));
                    let chosen = chosen.copied().unwrap_or(name);
                    let number = if ENTITY_TYPES.contains(&chosen) { many % ENTITIES } else { many };
                    self.object(chosen, number)
                }
            },
        }
    }
}

impl ObjectValue for Thing<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        self.world.resolve((&self.type_name, self.number), self.told.as_ref(), info)
    }
}

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        if info.field_name() == "_entities" {
            let representations = info.arguments().get("representations").and_then(|list| list.as_array());
            let representations: Vec<Value> = representations
                .into_iter()
                .flatten()
                .map(|one| serde_json::to_value(one).unwrap_or_default())
                .collect();
            return Ok(ResolvedValue::list(representations.into_iter().map(|representation| {
                self.world.entity(&representation).map_or(ResolvedValue::null(), ResolvedValue::object)
            })));
        }
        self.world.resolve((self.kind, 0), None, info)
    }
}
