//! The table of what each fault did.

use serde::Serialize;

/// One line of the table.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) source: &'static str,
    pub(super) fault: String,
    /// Windows that were looked at: more than one where the first was slow.
    pub(super) looks: usize,
    pub(super) answers: usize,
    pub(super) right_share: f64,
    pub(super) p99_ms: f64,
    pub(super) p99_max_ms: f64,
    pub(super) page_p99_ms: f64,
    pub(super) page_p99_max_ms: f64,
    pub(super) codes: Vec<String>,
    pub(super) stale_pages: usize,
    pub(super) calls_ratio: f64,
    pub(super) recovery_s: f64,
    pub(super) failures: Vec<String>,
}

/// The heads of the columns.
pub(super) fn print_head() {
    println!(
        "{:<10} {:<24} {:>5} {:>7} {:>8} {:>16} {:>16} {:>6} {:>6} {:>9}  codes",
        "upstream",
        "fault",
        "looks",
        "answers",
        "right %",
        "p99 ms (max)",
        "page p99 (max)",
        "stale",
        "calls",
        "recovery"
    );
}

impl Row {
    /// One line for people.
    pub(super) fn print(&self) {
        let pair = |value: f64, most: f64| format!("{value:.1} ({most:.1})");
        println!(
            "{:<10} {:<24} {:>5} {:>7} {:>8.2} {:>16} {:>16} {:>6} {:>6.2} {:>7.1} s  {}{}",
            self.source,
            self.fault,
            self.looks,
            self.answers,
            self.right_share * 100.0,
            pair(self.p99_ms, self.p99_max_ms),
            pair(self.page_p99_ms, self.page_p99_max_ms),
            self.stale_pages,
            self.calls_ratio,
            self.recovery_s,
            self.codes.join(" "),
            if self.failures.is_empty() { String::new() } else { format!("  BAD: {}", self.failures.join(", ")) },
        );
    }
}
