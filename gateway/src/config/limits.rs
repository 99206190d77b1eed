//! `[limits]`.

use bytesize::ByteSize;
use serde::Deserialize;

use super::{Problem, RateConfig};
use crate::{guard, prepare};

/// The most that `page_max` may be: pages are read into memory.
const PAGE_MAX_MOST: u32 = 10_000;

/// What is refused before it is parsed or executed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest body, after decompression.
    pub body_max: ByteSize,
    /// Longest URL of a GET.
    pub url_max: ByteSize,
    /// Longest document.
    pub document_max: ByteSize,
    /// Most tokens of a document.
    pub tokens_max: usize,
    /// Deepest nesting of brackets, in documents and in JSON.
    pub nesting_max: usize,
    /// Most selections of a document, fragments spread out, as everything below.
    pub selections_max: u64,
    /// Most aliases.
    pub aliases_max: u64,
    /// Most aliases of root fields.
    pub root_aliases_max: u64,
    /// Most root fields.
    pub root_fields_max: u64,
    /// Most directives.
    pub directives_max: u64,
    /// Most definitions of fragments.
    pub fragments_max: u64,
    /// Most operations of a document.
    pub operations_max: u64,
    /// Deepest nesting of fields.
    pub depth_max: u64,
    /// The same in what is asked of the schema itself.
    pub introspection_depth_max: u64,
    /// Most points that an operation may cost.
    pub cost_max: u64,
    /// Most items of a page.
    pub page_max: u32,
    /// How much memory parsed documents may take.
    pub document_cache: ByteSize,
    /// How much may be asked in a window.
    pub rate: RateConfig,
}

impl LimitsConfig {
    /// What the guard needs of it.
    pub fn guard(&self) -> guard::Limits {
        guard::Limits {
            document_bytes_max: bytes(self.document_max),
            tokens_max: self.tokens_max,
            nesting_max: self.nesting_max,
        }
    }

    /// What preparing needs of it.
    pub fn prepare(&self) -> prepare::Limits {
        prepare::Limits {
            guard: self.guard(),
            document: prepare::DocumentLimits {
                selections_max: self.selections_max,
                aliases_max: self.aliases_max,
                root_aliases_max: self.root_aliases_max,
                root_fields_max: self.root_fields_max,
                directives_max: self.directives_max,
                fragments_max: self.fragments_max,
                operations_max: self.operations_max,
                depth_max: self.depth_max,
                introspection_depth_max: self.introspection_depth_max,
            },
            cost_max: self.cost_max,
            cache_bytes_max: self.document_cache.as_u64(),
        }
    }

    /// Largest body, in bytes.
    pub fn body_bytes_max(&self) -> usize {
        bytes(self.body_max)
    }

    /// Longest URL, in bytes.
    pub fn url_bytes_max(&self) -> usize {
        bytes(self.url_max)
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        self.rate.validate(self.cost_max, problems);
        // The parser recurses: deeper nesting than this has been seen to end the process.
        if !(1..=128).contains(&self.nesting_max) {
            problems.push(Problem::new("limits.nesting_max", "must be 1 to 128"));
        }
        if self.page_max > PAGE_MAX_MOST {
            problems.push(Problem::new("limits.page_max", format!("must be at most {PAGE_MAX_MOST}")));
        }
        for (key, is_zero) in [
            ("limits.body_max", self.body_max.as_u64() == 0),
            ("limits.document_max", self.document_max.as_u64() == 0),
            ("limits.tokens_max", self.tokens_max == 0),
            ("limits.selections_max", self.selections_max == 0),
            ("limits.root_fields_max", self.root_fields_max == 0),
            ("limits.operations_max", self.operations_max == 0),
            ("limits.depth_max", self.depth_max == 0),
            ("limits.introspection_depth_max", self.introspection_depth_max == 0),
            ("limits.cost_max", self.cost_max == 0),
            ("limits.page_max", self.page_max == 0),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
