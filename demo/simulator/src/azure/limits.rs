//! What Azure allows, as fields, so that tests and load tests can ask for more or for less.

use chrono::TimeDelta;

/// The limits the fake Azure enforces. The default is what the real one documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resource Graph queries in one [`graph_window`](Self::graph_window), for all callers together: they are one user.
    pub graph_queries: u32,
    /// The span in which those may be spent; it begins with the first query after the last one ended.
    pub graph_window: TimeDelta,
    /// Rows of a Resource Graph page: the most `$top` may ask for.
    pub graph_page_max: u32,
    /// Rows of a Resource Graph page when `$top` is not sent.
    pub graph_page_default: u32,
    /// Reads of one subscription (or of the tenant) that may come at once.
    pub reads_burst: u32,
    /// Reads that come back to that allowance each second.
    pub reads_per_second: u32,
    /// Items of an ARM list page, whatever `$top` says.
    pub arm_page_max: u32,
    /// The most `pageCount` may ask for.
    pub alerts_page_max: u32,
    /// Alerts of a page when `pageCount` is not sent. The specification of 2019-03-01 says 25.
    pub alerts_page_default: u32,
    /// How long an access token is good for, by the clock.
    pub token_life: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            graph_queries: 15,
            graph_window: TimeDelta::seconds(5),
            graph_page_max: 1000,
            graph_page_default: 1000,
            reads_burst: 250,
            reads_per_second: 25,
            arm_page_max: 1000,
            alerts_page_max: 250,
            alerts_page_default: 250,
            token_life: TimeDelta::seconds(3599),
        }
    }
}

impl Limits {
    /// Page sizes as documented, no quota: for load tests, where the caller is what is measured.
    pub fn generous() -> Self {
        Self { graph_queries: u32::MAX, reads_burst: 1_000_000, reads_per_second: 1_000_000, ..Self::default() }
    }
}
