//! The query for the resources of many groups and tags at once. Whatever comes from annotations stands between quotes, escaped.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    reach::Allowed,
    scope::Scope,
    wire::{CHANGED, CREATED},
};

/// Rows of a page, the most there is.
const ROWS_MAX: u32 = 1_000;
/// Most subscriptions that a query may name; a query that needs more is asked of all.
const SUBSCRIPTIONS_MAX: usize = 1_000;

/// What is asked for in one query.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// Groups by subscription.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// Names and values, each with the subscriptions in which it counts.
    tags: BTreeSet<(String, String, Allowed)>,
    /// The subscriptions that it is asked of; none: all that the client can read.
    subscriptions: Option<BTreeSet<String>>,
}

impl Query {
    /// A query for these, each as far as is allowed.
    pub(super) fn of(wanted: impl IntoIterator<Item = (Scope, Allowed)>) -> Self {
        let mut query = Self { subscriptions: Some(BTreeSet::new()), ..Self::default() };
        for (scope, allowed) in wanted {
            query.reach(&scope, &allowed);
            match scope {
                Scope::Group { subscription, name } => {
                    query.groups.entry(subscription).or_default().insert(name);
                }
                Scope::Tag { name, value } => {
                    query.tags.insert((name, value, allowed));
                }
            }
        }
        query
    }

    /// Without any list of subscriptions in the configuration, a group may be in one that does not exist; a query that names only
    /// such ones is refused, and one that names none is not.
    fn reach(&mut self, scope: &Scope, allowed: &Allowed) {
        let (Some(all), Some(allowed)) = (&mut self.subscriptions, allowed) else {
            self.subscriptions = None;
            return;
        };
        match scope {
            Scope::Group { subscription, .. } => drop(all.insert(subscription.clone())),
            Scope::Tag { .. } => all.extend(allowed.iter().cloned()),
        }
    }

    /// The body of the request for the page at `skip_token`.
    pub(super) fn body(&self, skip_token: Option<&str>) -> Value {
        let mut options = json!({ "resultFormat": "objectArray", "$top": ROWS_MAX });
        let mut body = json!({ "query": self.text() });
        if let (Some(token), Some(options)) = (skip_token, options.as_object_mut()) {
            options.insert("$skipToken".to_owned(), token.into());
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("options".to_owned(), options);
            if let Some(ids) = self.subscriptions.as_ref().filter(|ids| ids.len() <= SUBSCRIPTIONS_MAX) {
                body.insert("subscriptions".to_owned(), json!(ids));
            }
        }
        body
    }

    fn text(&self) -> String {
        let groups = self.groups.iter().map(|(subscription, names)| {
            format!("(subscriptionId =~ {} and resourceGroup in~ ({}))", quoted(subscription), list(names))
        });
        let tags = self.tags.iter().map(|(name, value, allowed)| {
            let within = allowed.as_ref().map(|ids| format!(" and subscriptionId in~ ({})", list(ids)));
            format!("(tostring(tags[{}]) == {}{})", quoted(name), quoted(value), within.unwrap_or_default())
        });
        let wanted: Vec<String> = groups.chain(tags).collect();
        let times = [CREATED, CHANGED].concat();
        let times: String = times.iter().map(|name| format!(", at_{name} = properties.{name}")).collect();
        format!(
            "resources | where {} | project id, name, type, location, resourceGroup, subscriptionId, tags, sku, \
             provisioningState = properties.provisioningState{times} | order by id asc",
            wanted.join(" or ")
        )
    }
}

fn list(items: &BTreeSet<String>) -> String {
    items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(",")
}

/// A text of the query language.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "11111111-1111-1111-1111-111111111111";
    const TWO: &str = "22222222-2222-2222-2222-222222222222";

    fn group(subscription: &str, name: &str) -> Scope {
        Scope::group(&format!("{subscription}/{name}")).unwrap()
    }

    #[test]
    fn many_groups_are_one_query() {
        let allowed = Some(BTreeSet::from([ONE.to_owned(), TWO.to_owned()]));
        let wanted = [group(TWO, "c"), group(ONE, "b"), group(ONE, "A"), group(ONE, "b")];
        let body = Query::of(wanted.map(|scope| (scope, allowed.clone()))).body(None);
        let text = body["query"].as_str().unwrap();
        let expected = format!(
            "resources | where (subscriptionId =~ '{ONE}' and resourceGroup in~ ('a','b')) or \
             (subscriptionId =~ '{TWO}' and resourceGroup in~ ('c')) | project id, "
        );
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.ends_with(" | order by id asc"));
        assert_eq!(body["subscriptions"], json!([ONE, TWO]));
        assert_eq!(body["options"], json!({ "resultFormat": "objectArray", "$top": 1000 }));
    }

    #[test]
    fn what_stands_in_a_tag_stays_between_its_quotes() {
        let tag = Scope::tag("owner's=a' or true or 'b\\").unwrap();
        let allowed = Some(BTreeSet::from([ONE.to_owned()]));
        let text = Query::of([(tag, allowed)]).text();
        let expected = format!(
            "where (tostring(tags['owner\\'s']) == 'a\\' or true or \\'b\\\\' and subscriptionId in~ ('{ONE}')) |"
        );
        assert!(text.contains(&expected), "{text}");
    }

    #[test]
    fn a_query_without_bounds_names_no_subscription_and_a_page_its_token() {
        let allowed = Some(BTreeSet::from([ONE.to_owned()]));
        let body = Query::of([(group(ONE, "a"), allowed), (group(TWO, "b"), None)]).body(Some("next"));
        assert_eq!(body.get("subscriptions"), None);
        assert_eq!(body["options"]["$skipToken"], "next");
    }
}
