//! What a subgraph links: federation 2, by its own names. Anything else would be read by the composition library in one way and
//! by us in another.

use std::{borrow::Cow, collections::BTreeSet};

use apollo_compiler::ast::{Definition, Directive, Document, Value};

/// What an SDL begins with.
pub const EXAMPLE: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";

/// Every directive of federation, executed here or not.
const FEDERATION: [&str; 17] = [
    "key",
    "shareable",
    "external",
    "provides",
    "requires",
    "override",
    "inaccessible",
    "tag",
    "extends",
    "interfaceObject",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "fromContext",
    "composeDirective",
    "cacheTag",
];

/// What is known without an import, and may be imported.
const COSTS: [&str; 2] = ["cost", "listSize"];

/// What has the name of its specification before it.
const PREFIX: &str = "federation__";

/// The links of a subgraph.
#[derive(Default)]
pub struct Links {
    /// It links federation 2.
    is_linked: bool,
    imported: BTreeSet<String>,
    /// What is wrong with them.
    pub problems: Vec<String>,
}

impl Links {
    /// Reads them.
    pub fn read(document: &Document) -> Self {
        let mut links = Self::default();
        let schemas = document.definitions.iter().filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            Definition::SchemaExtension(schema) => Some(&schema.directives),
            _ => None,
        });
        for link in schemas.flat_map(|directives| directives.get_all("link")) {
            links.link(link);
        }
        links
    }

    fn link(&mut self, link: &Directive) {
        let Some(url) = link.specified_argument_by_name("url").and_then(|url| url.as_str()) else {
            return self.problems.push(format!("@link needs `url`, a text, as in `{EXAMPLE}`"));
        };
        match url.trim_end_matches('/').strip_prefix("https://specs.apollo.dev/") {
            Some(spec) if spec.starts_with("link/v1") => return,
            Some(spec) if spec.strip_prefix("federation/v2.").is_some_and(is_number) => self.is_linked = true,
            Some(spec) if spec.starts_with("federation/") => {
                return self.problems.push(format!("{url} is not executed: link version 2, `{EXAMPLE}`"));
            }
            _ => {
                let instead = "define directives of your own in the SDL";
                return self.problems.push(format!("{url} is not executed: only federation 2 is linked; {instead}"));
            }
        }
        if link.specified_argument_by_name("as").is_some() {
            self.problems.push("federation has its own name here: take `as` out of @link".to_owned());
        }
        let imports = link.specified_argument_by_name("import").and_then(|import| import.as_list());
        imports.into_iter().flatten().for_each(|import| self.import(import));
    }

    fn import(&mut self, import: &Value) {
        let field = |wanted: &str| {
            let fields = import.as_object().into_iter().flatten();
            fields.into_iter().find(|(name, _)| name == wanted).and_then(|(_, value)| value.as_str())
        };
        let Some(name) = import.as_str().or_else(|| field("name")) else {
            return self.problems.push("`import` of @link holds names, such as \"@key\"".to_owned());
        };
        if field("as").is_some_and(|renamed| renamed != name) {
            self.problems.push(format!("{name} has its own name here: take `as` out of the import"));
        }
        match name.strip_prefix('@') {
            // They mean the same with and without: `plain`.
            Some(directive) if COSTS.contains(&directive) => {}
            Some(directive) if !FEDERATION.contains(&directive) => {
                self.problems.push(format!("{name} is nothing of federation's: take it out of the import"));
            }
            Some(directive) => drop(self.imported.insert(directive.to_owned())),
            None => {}
        }
    }

    /// What is wrong with a directive's being used, where it is federation's.
    pub fn problem(&self, directive: &str) -> Option<String> {
        let name = own_name(directive);
        if !FEDERATION.contains(&name) {
            return None;
        }
        if !self.is_linked {
            return Some(format!("@{name} is federation's, and version 2 is not linked: begin with `{EXAMPLE}`"));
        }
        (name == directive && !self.imported.contains(name))
            .then(|| format!("@{name} is not imported: add it to the import of @link"))
    }
}

/// A directive's name without that of federation before it.
pub fn own_name(directive: &str) -> &str {
    directive.strip_prefix(PREFIX).unwrap_or(directive)
}

/// The first directive that is this one of federation's, under either name.
pub fn get<'a>(directives: &'a apollo_compiler::ast::DirectiveList, name: &str) -> Option<&'a Directive> {
    all(directives, name).next()
}

/// All that are this one.
pub fn all<'a>(directives: &'a apollo_compiler::ast::DirectiveList, name: &str) -> impl Iterator<Item = &'a Directive> {
    directives.iter().map(|directive| &**directive).filter(move |directive| own_name(&directive.name) == name)
}

/// The SDL without the imports that the library does not know: it takes what is imported for something of federation's, finds
/// nothing there, and leaves it out.
pub fn plain(sdl: &str) -> Cow<'_, str> {
    let is_of_costs = |import: &Value| {
        let name = import.as_str().and_then(|name| name.strip_prefix('@'));
        name.is_some_and(|name| COSTS.contains(&name))
    };
    let Ok(mut document) = Document::parse(sdl, "subgraph.graphql") else { return Cow::Borrowed(sdl) };
    let mut is_changed = false;
    for definition in &mut document.definitions {
        let directives = match definition {
            Definition::SchemaDefinition(schema) => &mut schema.make_mut().directives,
            Definition::SchemaExtension(schema) => &mut schema.make_mut().directives,
            _ => continue,
        };
        for argument in directives.iter_mut().flat_map(|directive| &mut directive.make_mut().arguments) {
            if let Value::List(imports) = argument.make_mut().value.make_mut() {
                let before = imports.len();
                imports.retain(|import| !is_of_costs(import));
                is_changed |= imports.len() < before;
            }
        }
    }
    if is_changed { Cow::Owned(document.to_string()) } else { Cow::Borrowed(sdl) }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
