//! The operations: what is asked, with which variables, and how `direct` is asked for the same.

use bytes::Bytes;
use demo::estate::RARE_WORD;
use hyper::Uri;
use serde_json::{Value, json};

use crate::{client::Shot, sample::Sample};

/// One operation of the load test.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    document: &'static str,
    /// What its variables come from.
    input: Input,
    /// Scalar fields of one answer; only where that is a figure worth knowing.
    pub(crate) scalars: Option<f64>,
    /// Whether `direct` has it.
    pub(crate) has_direct: bool,
}

enum Input {
    Nothing,
    /// A reference, as `ref`.
    Ref,
    /// The place to continue from, as `after`.
    After,
    Words,
}

/// All of them.
pub(crate) static OPERATIONS: [Operation; 7] = [
    Operation {
        name: "entity",
        document: include_str!("../operations/entity.graphql"),
        input: Input::Ref,
        scalars: None,
        has_direct: true,
    },
    Operation {
        name: "page50",
        document: include_str!("../operations/page50.graphql"),
        input: Input::After,
        scalars: None,
        has_direct: true,
    },
    Operation {
        name: "list1000",
        document: include_str!("../operations/list1000.graphql"),
        input: Input::After,
        scalars: Some(10_000.0),
        has_direct: true,
    },
    Operation {
        name: "page_plain",
        document: include_str!("../operations/page_plain.graphql"),
        input: Input::Nothing,
        scalars: None,
        has_direct: false,
    },
    Operation {
        name: "search",
        document: include_str!("../operations/search.graphql"),
        input: Input::Words,
        scalars: None,
        has_direct: false,
    },
    Operation {
        name: "facets",
        document: include_str!("../operations/facets.graphql"),
        input: Input::Nothing,
        scalars: None,
        has_direct: false,
    },
    Operation {
        name: "count",
        document: include_str!("../operations/count.graphql"),
        input: Input::Nothing,
        scalars: None,
        has_direct: false,
    },
];

impl Operation {
    /// The requests to the gateway.
    pub(crate) fn graphql(&self, sample: &Sample) -> Vec<Shot> {
        self.variables(sample).into_iter().map(|variables| graphql(self.document, &variables)).collect()
    }

    /// The same requests to the server that answers the same bytes.
    pub(crate) fn bare(&self, sample: &Sample) -> anyhow::Result<Vec<Shot>> {
        let uri: Uri = format!("/bare/{}", self.name).parse()?;
        Ok(self.graphql(sample).into_iter().map(|shot| Shot { uri: uri.clone(), ..shot }).collect())
    }

    /// The same questions to the hand-written server, in the same order.
    pub(crate) fn direct(&self, sample: &Sample) -> anyhow::Result<Vec<Shot>> {
        let shot = |argument: &String| {
            anyhow::Ok(Shot { uri: format!("/direct/{}?{argument}", self.name).parse()?, body: Bytes::new() })
        };
        match self.input {
            Input::Ref => sample.refs.iter().map(shot).collect(),
            _ => sample.places.iter().map(|(after, _)| shot(after)).collect(),
        }
    }

    fn variables(&self, sample: &Sample) -> Vec<Value> {
        match self.input {
            Input::Nothing => vec![json!({})],
            Input::Ref => sample.refs.iter().map(|found| json!({ "ref": found })).collect(),
            Input::After => sample.places.iter().map(|(_, cursor)| json!({ "after": cursor })).collect(),
            Input::Words => vec![json!({ "words": RARE_WORD })],
        }
    }
}

/// A GraphQL request.
pub(crate) fn graphql(document: &str, variables: &Value) -> Shot {
    let body = json!({ "query": document, "variables": variables }).to_string();
    Shot { uri: Uri::from_static("/graphql"), body: body.into() }
}
