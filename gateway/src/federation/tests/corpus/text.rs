//! A plan as text: whom it asks what, after what, about which entities, and what it reads. Nothing in it is of a library's.

use apollo_compiler::ast::Document;

use crate::federation::plan::{Entities, Fetch, Keys, Plan, Required, Segment, Shape, Step};

/// The plan.
pub fn written(plan: &Plan) -> String {
    let mut text = Text { out: String::new(), keys: &plan.keys };
    match &plan.root {
        Some(step) => text.step(step, 0),
        None => text.line(0, "nothing"),
    }
    text.out
}

struct Text<'a> {
    out: String,
    keys: &'a Keys,
}

impl Text<'_> {
    fn line(&mut self, level: usize, text: &str) {
        self.out.push_str(&"  ".repeat(level));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn step(&mut self, step: &Step, level: usize) {
        let (word, steps) = match step {
            Step::Fetch(fetch) => return self.fetch(fetch, level),
            Step::Sequence(steps) => ("sequence", steps),
            Step::Parallel(steps) => ("parallel", steps),
        };
        self.line(level, word);
        steps.iter().for_each(|step| self.step(step, level + 1));
    }

    fn fetch(&mut self, fetch: &Fetch, level: usize) {
        let kind = if fetch.is_mutation { " (mutation)" } else { "" };
        self.line(level, &format!("fetch {}{kind}", fetch.service));
        if !fetch.variables.is_empty() {
            self.line(level + 1, &format!("variables {}", fetch.variables.join(", ")));
        }
        for entities in &fetch.entities {
            self.entities(entities, level + 1);
        }
        let operation = Document::parse(fetch.operation.as_str(), "operation.graphql").unwrap().to_string();
        operation.trim_end().lines().for_each(|line| self.line(level + 1, line));
        if fetch.entities.is_empty() {
            self.line(level + 1, &format!("reads {}", self.shape(&fetch.shape)));
        }
    }

    fn entities(&mut self, entities: &Entities, level: usize) {
        self.line(level, &format!("entities {}, from ${}", entities.alias, entities.variable));
        for path in &entities.paths {
            self.line(level + 1, &format!("at {}", self.path(path)));
        }
        for requires in &entities.requires {
            let told = requires.typename_told.iter().map(|told| format!(" as {told}")).collect::<String>();
            let fields = self.required(&requires.fields);
            self.line(level + 1, &format!("of {}{told} {fields}", requires.type_name));
        }
        self.line(level + 1, &format!("reads {}", self.shape(&entities.shape)));
    }

    fn path(&self, path: &[Segment]) -> String {
        let segment = |segment: &Segment| match segment {
            Segment::Field(key) => format!(".{}", self.keys.name(*key)),
            Segment::Items => "[]".to_owned(),
            Segment::Types(types) => format!("<{}>", types.iter().cloned().collect::<Vec<_>>().join("|")),
        };
        path.iter().map(segment).collect::<String>().trim_start_matches('.').to_owned()
    }

    /// What the answer repeats has a star; what is found under another name has it before.
    fn required(&self, fields: &[Required]) -> String {
        let field = |field: &Required| {
            let star = if field.is_repeated { "*" } else { "" };
            let below =
                if field.fields.is_empty() { String::new() } else { format!(" {}", self.required(&field.fields)) };
            format!("{}{star}{below}", self.named(self.keys.name(field.key), &field.name))
        };
        format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(" "))
    }

    fn shape(&self, shape: &Shape) -> String {
        let fields = shape.fields.iter().map(|field| {
            let below = field.below.as_ref().map(|below| format!(" {}", self.shape(below))).unwrap_or_default();
            format!("{}{below}", self.named(self.keys.name(field.key), &field.name))
        });
        format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
    }

    fn named(&self, key: &str, name: &str) -> String {
        if key == name { name.to_owned() } else { format!("{key}: {name}") }
    }
}
