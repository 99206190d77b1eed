//! What is asked for, and the keys of the caches: the tenant first, then what decides the answer. No part can hold a line
//! break.

use super::template_id;

/// A template that a tenant asks for. Whether the tenant may read it is known only when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TemplateKey {
    pub(super) tenant: String,
    pub(super) number: i32,
}

impl TemplateKey {
    /// Its id in AWX.
    pub fn number(&self) -> i32 {
        self.number
    }
}

/// The newest runs of some templates together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobsKey {
    pub(super) tenant: String,
    /// In order, each once.
    pub(super) templates: Vec<i32>,
    pub(super) before: Option<i32>,
    pub(super) rows: usize,
    pub(super) tells_more: bool,
}

impl JobsKey {
    /// So many of the newest runs of these templates of one tenant, older than the run `before`, and with `tells_more`
    /// whether there are others after them; none without templates.
    pub fn new(templates: &[TemplateKey], before: Option<i32>, rows: usize, tells_more: bool) -> Option<Self> {
        let tenant = templates.first()?.tenant.clone();
        let own = templates.iter().filter(|key| key.tenant == tenant);
        let mut templates: Vec<i32> = own.map(|key| key.number).collect();
        templates.sort_unstable();
        templates.dedup();
        Some(Self { tenant, templates, before, rows, tells_more })
    }

    /// How many runs have to be known of.
    pub(super) fn reach(&self) -> usize {
        self.rows.saturating_add(usize::from(self.tells_more))
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobKey {
    pub(super) tenant: String,
    pub(super) number: i32,
}

/// The hosts of a playbook run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostsKey {
    pub(super) tenant: String,
    pub(super) number: i32,
    /// The run has ended.
    pub(super) is_over: bool,
}

/// The key of one thing with a number.
pub(super) fn of_one(tenant: &str, number: i32) -> String {
    format!("{tenant}\n{number}")
}

/// The number in a key.
pub(super) fn number(key: &str) -> Option<i32> {
    template_id::read(key.split('\n').nth(1)?)
}

/// The key of a window over the runs of these templates, of this depth.
pub(super) fn of_window(tenant: &str, templates: &[i32], depth: usize) -> String {
    format!("{tenant}\n{}\n{depth}", written(templates))
}

/// Tenant, templates and depth, as they stand in the key of a window.
pub(super) fn window(key: &str) -> Option<(&str, Vec<i32>, usize)> {
    let mut parts = key.split('\n');
    let (tenant, templates, depth) = (parts.next()?, parts.next()?, parts.next()?);
    Some((tenant, template_id::read_list(templates), depth.parse().ok()?))
}

/// The key of a page.
pub(super) fn of_page(tenant: &str, templates: &[i32], before: Option<i32>, rows: usize) -> String {
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    format!("{tenant}\n{}\n{before}\n{rows}", written(templates))
}

fn written(templates: &[i32]) -> String {
    templates.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// Templates, the run before which, and how many, as they stand in the key of a page.
pub(super) fn page(key: &str) -> Option<(Vec<i32>, Option<i32>, usize)> {
    let mut parts = key.split('\n').skip(1);
    let (templates, before, rows) = (parts.next()?, parts.next()?, parts.next()?);
    Some((template_id::read_list(templates), template_id::read(before), rows.parse().ok()?))
}

/// The tags of templates, of their windows and of pages of their runs.
pub(super) fn template_tags(key: &str) -> Vec<String> {
    key.split('\n').nth(1).into_iter().flat_map(template_id::read_list).map(template_tag).collect()
}

/// The tag of a run and of its hosts.
pub(super) fn job_tags(key: &str) -> Vec<String> {
    number(key).map(job_tag).into_iter().collect()
}

pub(super) fn template_tag(number: i32) -> String {
    format!("awx:template:{number}")
}

pub(super) fn job_tag(number: i32) -> String {
    format!("awx:job:{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        assert_eq!(number(&of_one("acme", 7)), Some(7));
        assert_eq!(window(&of_window("acme", &[7, 12], 21)), Some(("acme", vec![7, 12], 21)));
        for before in [None, Some(9)] {
            assert_eq!(page(&of_page("acme", &[7, 12], before, 6)), Some((vec![7, 12], before, 6)));
        }
        assert_eq!(template_tags(&of_page("acme", &[7, 12], None, 6)), ["awx:template:7", "awx:template:12"]);
        assert_eq!(template_tags(&of_window("acme", &[7, 12], 1)), ["awx:template:7", "awx:template:12"]);
        assert_eq!(job_tags(&of_one("acme", 46)), ["awx:job:46"]);
    }
}
