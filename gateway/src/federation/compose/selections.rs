//! What @key, @requires and @provides name: fields that are there, plainly, and marked as what they are.

use std::collections::BTreeSet;

use apollo_compiler::{
    Schema,
    ast::{Directive, DirectiveList as AstDirectives},
    executable::{FieldSet, Selection, SelectionSet},
    schema::{Component, DirectiveList, ExtendedType, FieldDefinition, ObjectType},
    validation::Valid,
};

use super::{Diagnostic, links};

/// What is wrong with the selections of a subgraph.
pub fn problems(name: &str, schema: &Valid<Schema>) -> Vec<Diagnostic> {
    let mut check = Check { name, schema, problems: Vec::new(), used: BTreeSet::new() };
    for ty in schema.types.values() {
        match ty {
            ExtendedType::Object(object) => check.object(object),
            ExtendedType::Interface(interface) => {
                for (field, _) in interface.fields.iter().filter(|(_, field)| has(&field.directives, "requires")) {
                    let place = format!("{}.{field}", interface.name);
                    check.tell(
                        &place,
                        "@requires on an interface is not executed: put it on the types that implement it",
                    );
                }
            }
            _ => {}
        }
    }
    check.unused();
    check.problems
}

struct Check<'a> {
    name: &'a str,
    schema: &'a Valid<Schema>,
    problems: Vec<Diagnostic>,
    /// Types and fields that selections name.
    used: BTreeSet<(String, String)>,
}

impl Check<'_> {
    fn tell(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::of(self.name, message).at(place));
    }

    fn object(&mut self, object: &ObjectType) {
        let keys: Vec<&Directive> = of_type(&object.directives, "key").collect();
        for key in &keys {
            if let Some(fields) = self.parsed(&object.name, &object.name, key) {
                self.key(&object.name, &fields.selection_set);
            }
        }
        for (field, definition) in &object.fields {
            let place = format!("{}.{field}", object.name);
            for requires in links::all(&definition.directives, "requires") {
                if keys.is_empty() {
                    self.tell(&place, format!("@requires needs a key: give {} one", object.name));
                }
                if let Some(fields) = self.parsed(&place, &object.name, requires) {
                    self.external(&place, "requires", &fields.selection_set, is_external(&object.directives));
                }
            }
            for provides in links::all(&definition.directives, "provides") {
                let returned = definition.ty.inner_named_type();
                if self.schema.types.get(returned).is_none_or(|ty| ty.is_leaf()) {
                    self.tell(&place, format!("@provides names fields of {returned}, which has none: take it out"));
                } else if let Some(fields) = self.parsed(&place, returned, provides) {
                    self.external(&place, "provides", &fields.selection_set, false);
                }
            }
        }
    }

    /// The `fields` of a directive: names and what is below them. Arguments, aliases, directives and fragments are not executed.
    fn parsed(&mut self, place: &str, type_name: &str, directive: &Directive) -> Option<Valid<FieldSet>> {
        let name = links::own_name(&directive.name);
        let Some(fields) = directive.specified_argument_by_name("fields").and_then(|value| value.as_str()) else {
            self.tell(place, format!("@{name} needs `fields`, a text"));
            return None;
        };
        let refused = [("...", "fragments"), ("(", "arguments"), (":", "aliases"), ("@", "directives")];
        if let Some((_, what)) = refused.iter().find(|(sign, _)| fields.contains(sign)) {
            self.tell(place, format!("@{name} with {what} is not executed: name plain fields instead of `{fields}`"));
            return None;
        }
        if fields.trim().is_empty() {
            self.tell(place, format!("@{name} names no field: name at least one"));
            return None;
        }
        let type_name = apollo_compiler::Name::new(type_name).ok()?;
        match FieldSet::parse_and_validate(self.schema, type_name, fields, "fields") {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let first = error.errors.iter().next();
                let why = first.map(|it| it.error.unstable_compat_message().unwrap_or_else(|| it.error.to_string()));
                let why = why.unwrap_or_default();
                self.tell(place, format!("@{name} names what is not there, `{fields}`: {why}"));
                None
            }
        }
    }

    fn key(&mut self, place: &str, set: &SelectionSet) {
        for selection in &set.selections {
            let Selection::Field(field) = selection else { continue };
            self.used.insert((set.ty.to_string(), field.name.to_string()));
            let ty = self.schema.types.get(field.definition.ty.inner_named_type());
            let is_abstract = matches!(ty, Some(ExtendedType::Interface(_) | ExtendedType::Union(_)));
            if field.definition.ty.is_list() || is_abstract || !field.definition.arguments.is_empty() {
                let what = "a list, of an abstract type, or has arguments";
                self.tell(place, format!("@key names `{}`, which is {what}: choose another field", field.name));
            }
            self.key(place, &field.selection_set);
        }
    }

    /// What is required or provided is of others: marked so, or below what is.
    fn external(&mut self, place: &str, name: &str, set: &SelectionSet, is_within: bool) {
        let keys = self.key_fields(&set.ty);
        for selection in &set.selections {
            let Selection::Field(field) = selection else { continue };
            self.used.insert((set.ty.to_string(), field.name.to_string()));
            let is_external =
                is_within || has(&field.definition.directives, "external") || self.is_type_external(&set.ty);
            if field.selection_set.selections.is_empty() {
                if !is_external && !keys.contains(field.name.as_str()) {
                    let message = format!(
                        "@{name} names `{}`, which this subgraph answers itself: mark it @external, or take it out",
                        field.name
                    );
                    self.tell(place, message);
                }
            } else {
                self.external(place, name, &field.selection_set, is_external);
            }
        }
    }

    fn key_fields(&self, type_name: &str) -> BTreeSet<String> {
        let directives = self.schema.get_object(type_name).map(|object| &object.directives);
        let keys = directives.into_iter().flat_map(|directives| of_type(directives, "key"));
        let texts = keys.filter_map(|key| key.specified_argument_by_name("fields")?.as_str());
        texts.flat_map(str::split_whitespace).map(str::to_owned).collect()
    }

    fn is_type_external(&self, type_name: &str) -> bool {
        self.schema.get_object(type_name).is_some_and(|object| is_external(&object.directives))
    }

    /// Fields of others that nothing here needs: mostly a name that was misspelt, or what is left of something.
    fn unused(&mut self) {
        let mut unused = Vec::new();
        for ty in self.schema.types.values() {
            let ExtendedType::Object(object) = ty else { continue };
            for (field, definition) in &object.fields {
                let is_used = self.used.contains(&(object.name.to_string(), field.to_string()));
                if has(&definition.directives, "external") && !is_used && !self.is_of_interface(object, definition) {
                    unused.push(format!("{}.{field}", object.name));
                }
            }
        }
        for place in unused {
            self.tell(&place, "@external, and nothing here requires, provides or is keyed by it: take it out");
        }
    }

    fn is_of_interface(&self, object: &ObjectType, field: &Component<FieldDefinition>) -> bool {
        let mut interfaces = object.implements_interfaces.iter().filter_map(|name| self.schema.get_interface(name));
        interfaces.any(|interface| interface.fields.contains_key(&field.name))
    }
}

fn of_type<'a>(directives: &'a DirectiveList, name: &'a str) -> impl Iterator<Item = &'a Directive> {
    let all = directives.iter().map(|directive| &***directive);
    all.filter(move |directive: &&Directive| links::own_name(&directive.name) == name)
}

fn has(directives: &AstDirectives, name: &str) -> bool {
    links::get(directives, name).is_some()
}

fn is_external(directives: &DirectiveList) -> bool {
    of_type(directives, "external").next().is_some()
}
