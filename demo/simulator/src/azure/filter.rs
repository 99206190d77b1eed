//! `$filter` of ARM lists: `eq`, `ne` and `substringof`, joined by `and` and `or`.

use axum::response::Response;

use super::{Group, Resource, error::bad_request, params::Params};

/// Any of these groups of conditions, all of its conditions. Empty: everything.
pub(super) struct Filter(Vec<Vec<Condition>>);

struct Condition {
    field: Field,
    test: Test,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Location,
    ResourceType,
    Name,
    ResourceGroup,
    TagName,
    TagValue,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Equal,
    NotEqual,
    Contains,
}

impl Filter {
    pub(super) fn of(params: &Params) -> Result<Self, Box<Response>> {
        let Some(text) = params.get("$filter") else { return Ok(Self(Vec::new())) };
        let groups =
            split(text, " or ").into_iter().map(|group| split(group, " and ").into_iter().map(condition).collect());
        let filter: Option<Vec<Vec<_>>> = groups.collect();
        filter.map(Self).ok_or_else(|| {
            let message = format!("Invalid $filter '{text}' specified in the query string.");
            Box::new(bad_request("InvalidFilterInQueryString", &message))
        })
    }

    pub(super) fn is_by_tag(&self) -> bool {
        self.0.iter().flatten().any(|condition| matches!(condition.field, Field::TagName | Field::TagValue))
    }

    pub(super) fn admits(&self, group: &Group, resource: &Resource) -> bool {
        self.holds(&resource.tags, |field| match field {
            Field::Location => &resource.location,
            Field::ResourceType => &resource.resource_type,
            Field::ResourceGroup => &group.name,
            Field::Name | Field::TagName | Field::TagValue => &resource.name,
        })
    }

    pub(super) fn admits_group(&self, group: &Group) -> bool {
        self.holds(&group.tags, |field| match field {
            Field::Location => &group.location,
            Field::ResourceType => "Microsoft.Resources/resourceGroups",
            _ => &group.name,
        })
    }

    fn holds<'a>(&self, tags: &std::collections::BTreeMap<String, String>, field: impl Fn(Field) -> &'a str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|group| {
                // A value belongs to the name beside it.
                let named = |wanted: Field| group.iter().find(|condition| condition.field == wanted);
                let tag = |name: &str| tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                group.iter().all(|condition| match condition.field {
                    Field::TagName => tag(&condition.value).is_some(),
                    Field::TagValue => named(Field::TagName)
                        .and_then(|name| tag(&name.value))
                        .is_some_and(|(_, value)| value.eq_ignore_ascii_case(&condition.value)),
                    other => condition.holds(field(other)),
                })
            })
    }
}

impl Condition {
    fn holds(&self, actual: &str) -> bool {
        match self.test {
            Test::Equal => actual.eq_ignore_ascii_case(&self.value),
            Test::NotEqual => !actual.eq_ignore_ascii_case(&self.value),
            Test::Contains => actual.to_lowercase().contains(&self.value.to_lowercase()),
        }
    }
}

fn condition(text: &str) -> Option<Condition> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("substringof(").and_then(|rest| rest.strip_suffix(')')) {
        let (value, field) = inner.rsplit_once(',')?;
        let field = field_named(field.trim()).filter(|field| matches!(field, Field::Name | Field::ResourceGroup))?;
        return Some(Condition { field, test: Test::Contains, value: unquoted(value)? });
    }
    let (name, rest) = text.split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let test = match operator {
        "eq" => Test::Equal,
        "ne" => Test::NotEqual,
        _ => return None,
    };
    let field = field_named(name)?;
    let is_tag = matches!(field, Field::TagName | Field::TagValue);
    (!is_tag || test == Test::Equal).then_some(Condition { field, test, value: unquoted(value)? })
}

fn field_named(name: &str) -> Option<Field> {
    Some(match name.to_ascii_lowercase().as_str() {
        "location" => Field::Location,
        "resourcetype" => Field::ResourceType,
        "name" => Field::Name,
        "resourcegroup" => Field::ResourceGroup,
        "tagname" => Field::TagName,
        "tagvalue" => Field::TagValue,
        _ => return None,
    })
}

fn unquoted(text: &str) -> Option<String> {
    Some(text.trim().strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))
}

/// `text` at each `separator` that is not inside quotes.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(separator) {
        let is_quoted = text.get(..at).is_some_and(|before| before.matches('\'').count() % 2 == 1);
        if !is_quoted {
            parts.extend(text.get(start..at));
            start = at + separator.len();
        }
    }
    parts.extend(text.get(start..));
    parts
}
