//! Holds our part of a supergraph against our own schema: it may have been composed with that of another version, and what we do not
//! have we cannot answer.

use apollo_compiler::{
    Node,
    ast::{Definition, Directive, DirectiveList, Document, FieldDefinition, InputValueDefinition, Type},
};

use super::super::{Diagnostic, OWN, keys::enum_argument};

/// What is ours in the supergraph and not so in our schema. `graph` is what we are called within it.
pub fn problems(supergraph: &Document, own: &Document, graph: &str) -> Vec<Diagnostic> {
    let mut fit = Fit { graph, abstracts: abstracts(supergraph), problems: Vec::new() };
    for definition in &supergraph.definitions {
        let Some(name) = definition.name().filter(|_| !matches!(definition, Definition::DirectiveDefinition(_))) else {
            continue;
        };
        let known = own.definitions.iter().find(|own| own.name() == Some(name) && is_type(own));
        match known {
            Some(known) => fit.definition(definition, known),
            None if fit.is_joined(definition.directives()) && !is_everywhere(definition) => {
                fit.tell(name, "is not in Weft's schema");
            }
            None => {}
        }
    }
    fit.problems
}

/// Scalars that do not say where they are count as everybody's.
fn is_everywhere(definition: &Definition) -> bool {
    matches!(definition, Definition::ScalarTypeDefinition(_))
}

fn is_type(definition: &Definition) -> bool {
    !matches!(definition, Definition::DirectiveDefinition(_) | Definition::SchemaDefinition(_))
}

fn abstracts(supergraph: &Document) -> Vec<&str> {
    let of_abstract = supergraph.definitions.iter().filter(|definition| {
        matches!(definition, Definition::InterfaceTypeDefinition(_) | Definition::UnionTypeDefinition(_))
    });
    of_abstract.filter_map(|definition| definition.name().map(|name| name.as_str())).collect()
}

struct Fit<'a> {
    graph: &'a str,
    abstracts: Vec<&'a str>,
    problems: Vec<Diagnostic>,
}

impl Fit<'_> {
    fn tell(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::of(OWN, message).at(place));
    }

    /// Of the type as a whole.
    fn is_joined(&self, directives: &DirectiveList) -> bool {
        directives.get_all("join__type").any(|join| enum_argument(join, "graph") == Some(self.graph))
    }

    /// How a part of a type is ours: by its own word, or because it says nothing and the type is. Some(None) is the second.
    fn join<'d>(&self, directives: &'d DirectiveList, name: &str, is_type_ours: bool) -> Option<Option<&'d Directive>> {
        if !directives.has(name) {
            return is_type_ours.then_some(None);
        }
        let ours = directives.get_all(name).find(|join| enum_argument(join, "graph") == Some(self.graph))?;
        Some(Some(ours))
    }

    fn definition(&mut self, composed: &Definition, own: &Definition) {
        let name = composed.name().map(|name| name.as_str()).unwrap_or_default();
        let is_ours = self.is_joined(composed.directives());
        self.keys(name, composed.directives(), own.directives());
        match (composed, own) {
            (Definition::ObjectTypeDefinition(composed), Definition::ObjectTypeDefinition(own)) => {
                self.fields(name, &composed.fields, &own.fields, is_ours);
                self.interfaces(name, &composed.directives, &own.implements_interfaces);
            }
            (Definition::InterfaceTypeDefinition(composed), Definition::InterfaceTypeDefinition(own)) => {
                self.fields(name, &composed.fields, &own.fields, is_ours);
                self.interfaces(name, &composed.directives, &own.implements_interfaces);
            }
            (Definition::UnionTypeDefinition(composed), Definition::UnionTypeDefinition(own)) => {
                for join in composed.directives.get_all("join__unionMember") {
                    let member = join.specified_argument_by_name("member").and_then(|member| member.as_str());
                    let is_ours = enum_argument(join, "graph") == Some(self.graph);
                    if let Some(member) = member.filter(|member| is_ours && own.members.iter().all(|it| it != member)) {
                        self.tell(name, format!("{member} is no member of it in Weft's schema"));
                    }
                }
            }
            (Definition::EnumTypeDefinition(composed), Definition::EnumTypeDefinition(own)) => {
                for value in &composed.values {
                    let is_ours = self.join(&value.directives, "join__enumValue", is_ours).is_some();
                    if is_ours && own.values.iter().all(|known| known.value != value.value) {
                        self.tell(&format!("{name}.{}", value.value), "is not in Weft's schema");
                    }
                }
            }
            (Definition::InputObjectTypeDefinition(composed), Definition::InputObjectTypeDefinition(own)) => {
                if is_ours {
                    self.inputs(&composed.fields, &own.fields, |field| format!("{name}.{field}"));
                }
            }
            (Definition::ScalarTypeDefinition(_), Definition::ScalarTypeDefinition(_)) => {}
            _ => self.tell(name, "is another kind of type in Weft's schema"),
        }
    }

    /// By other keys we cannot be asked.
    fn keys(&mut self, name: &str, composed: &DirectiveList, own: &DirectiveList) {
        let spaced = |fields: &str| fields.split_whitespace().collect::<Vec<_>>().join(" ");
        let text =
            |directive: &Directive, name: &str| Some(spaced(directive.specified_argument_by_name(name)?.as_str()?));
        let known: Vec<String> = own.get_all("key").filter_map(|key| text(key, "fields")).collect();
        for join in composed.get_all("join__type").filter(|join| enum_argument(join, "graph") == Some(self.graph)) {
            if let Some(key) = text(join, "key").filter(|key| !known.contains(key)) {
                self.tell(name, format!("`{key}` is no key of it in Weft's schema"));
            }
        }
    }

    fn interfaces(&mut self, name: &str, composed: &DirectiveList, own: &[apollo_compiler::Name]) {
        for join in composed.get_all("join__implements") {
            let interface = join.specified_argument_by_name("interface").and_then(|interface| interface.as_str());
            let is_ours = enum_argument(join, "graph") == Some(self.graph);
            if let Some(interface) = interface.filter(|it| is_ours && own.iter().all(|known| known != it)) {
                self.tell(name, format!("does not implement {interface} in Weft's schema"));
            }
        }
    }

    fn fields(
        &mut self,
        type_name: &str,
        composed: &[Node<FieldDefinition>],
        own: &[Node<FieldDefinition>],
        is_type_ours: bool,
    ) {
        for field in composed {
            let Some(join) = self.join(&field.directives, "join__field", is_type_ours) else { continue };
            let of_join = |name: &str| join.and_then(|join| join.specified_argument_by_name(name));
            if of_join("external").and_then(|external| external.to_bool()) == Some(true) {
                continue;
            }
            let place = format!("{type_name}.{}", field.name);
            let Some(known) = own.iter().find(|known| known.name == field.name) else {
                self.tell(&place, "is not in Weft's schema");
                continue;
            };
            let told = of_join("type").and_then(|ty| Type::parse(ty.as_str()?, "supergraph.graphql").ok());
            let promised = told.as_ref().unwrap_or(&field.ty);
            if !self.gives(&known.ty, promised) {
                self.tell(&place, format!("is {} in Weft's schema, and not {promised}", known.ty));
            }
            self.inputs(&field.arguments, &known.arguments, |argument| format!("{place}({argument}:)"));
        }
    }

    /// What may be passed is taken, and what must be passed can be.
    fn inputs(
        &mut self,
        composed: &[Node<InputValueDefinition>],
        own: &[Node<InputValueDefinition>],
        place: impl Fn(&str) -> String,
    ) {
        for input in composed {
            match own.iter().find(|known| known.name == input.name) {
                None => self.tell(&place(&input.name), "is not in Weft's schema"),
                Some(known) if !takes(&known.ty, &input.ty, known.default_value.is_some()) => {
                    self.tell(&place(&input.name), format!("is {} in Weft's schema, and not {}", known.ty, input.ty));
                }
                Some(_) => {}
            }
        }
        for known in own.iter().filter(|known| known.ty.is_non_null() && known.default_value.is_none()) {
            if composed.iter().all(|input| input.name != known.name) {
                self.tell(&place(&known.name), "must be passed by Weft's schema, and cannot be");
            }
        }
    }

    /// Whether values of our type are of the promised one.
    fn gives(&self, own: &Type, promised: &Type) -> bool {
        if promised.is_non_null() && !own.is_non_null() {
            return false;
        }
        match (own.is_list(), promised.is_list()) {
            (true, true) => self.gives(own.item_type(), promised.item_type()),
            (false, false) => {
                let promised = promised.inner_named_type().as_str();
                promised == own.inner_named_type().as_str() || self.abstracts.contains(&promised)
            }
            _ => false,
        }
    }
}

/// Whether our type takes every value of what may be passed.
fn takes(own: &Type, passed: &Type, has_default: bool) -> bool {
    if own.is_non_null() && !passed.is_non_null() && !has_default {
        return false;
    }
    match (own.is_list(), passed.is_list()) {
        (true, true) => takes(own.item_type(), passed.item_type(), false),
        (false, false) => own.inner_named_type() == passed.inner_named_type(),
        _ => false,
    }
}
