//! Runs that templates name themselves: with them a page is one call for each hundred runs, however seldom a template runs.

use schema::{AutomationTemplateRecord, RecentRuns};

use super::JobsKey;
use crate::cache::Served;

/// The runs that answer a question.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    /// Their numbers, the newest first.
    pub(super) numbers: Vec<i32>,
    /// There are others after them; told only where it was asked.
    pub(super) has_more: bool,
    /// How many there are in all, where the templates name every run.
    pub(super) total: Option<usize>,
}

/// What the question shows of the runs that all its templates name; none when a template names none or not enough.
pub(super) fn named(templates: &[Served<AutomationTemplateRecord>], key: &JobsKey) -> Option<Named> {
    let records = templates.iter().filter_map(|served| served.value.as_deref());
    let recent: Vec<&RecentRuns> = records.map(|record| record.recent_runs.as_ref()).collect::<Option<_>>()?;
    // Below the oldest run that a template names, it may have others.
    let oldest = |runs: &RecentRuns| if runs.is_all { None } else { runs.numbers.last().copied() };
    let floor = recent.iter().filter_map(|runs| oldest(runs)).max();
    let is_all = recent.iter().all(|runs| runs.is_all);
    let mut numbers: Vec<i32> = recent.iter().flat_map(|runs| runs.numbers.iter().copied()).collect();
    let total = is_all.then_some(numbers.len());
    numbers.retain(|number| {
        key.before.is_none_or(|before| *number < before) && floor.is_none_or(|floor| *number >= floor)
    });
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    let reaches = is_all || numbers.len() >= key.reach();
    let has_more = key.tells_more && numbers.len() > key.rows;
    numbers.truncate(key.rows);
    reaches.then_some(Named { numbers, has_more, total })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use schema::AutomationTemplateKind;

    use super::*;
    use crate::{awx::TemplateKey, cache::Layer};

    fn template(recent_runs: Option<(&[i32], bool)>) -> Served<AutomationTemplateRecord> {
        let record = AutomationTemplateRecord {
            number: 7,
            name: String::new(),
            description: None,
            kind: AutomationTemplateKind::JobTemplate,
            organization: None,
            project: None,
            playbook: None,
            inventory: None,
            recent_runs: recent_runs.map(|(numbers, is_all)| RecentRuns { numbers: numbers.to_vec(), is_all }),
            next_run_at: None,
            web_url: None,
        };
        Served {
            value: Some(Arc::new(record)),
            fetched_at: chrono::DateTime::UNIX_EPOCH,
            age: Duration::ZERO,
            layer: Layer::Memory,
            stale_age: None,
        }
    }

    fn asked(before: Option<i32>, rows: usize, tells_more: bool) -> JobsKey {
        let template = TemplateKey { tenant: "acme".to_owned(), number: 7 };
        JobsKey::new(&[template], before, rows, tells_more).unwrap()
    }

    fn found(numbers: &[i32], has_more: bool, total: Option<usize>) -> Option<Named> {
        Some(Named { numbers: numbers.to_vec(), has_more, total })
    }

    #[test]
    fn runs_of_all_templates_stand_together_the_newest_first() {
        let templates = [template(Some((&[9, 4], true))), template(Some((&[7, 5], true)))];
        assert_eq!(named(&templates, &asked(None, 3, true)), found(&[9, 7, 5], true, Some(4)));
        assert_eq!(named(&templates, &asked(Some(7), 3, true)), found(&[5, 4], false, Some(4)));
        assert_eq!(named(&templates, &asked(None, 10, true)), found(&[9, 7, 5, 4], false, Some(4)));
    }

    #[test]
    fn nothing_below_the_oldest_run_that_a_template_names_is_believed() {
        let templates = [template(Some((&[9, 8], false))), template(Some((&[7, 5], true)))];
        // The first may have run as 6, which would come before 5.
        assert_eq!(named(&templates, &asked(None, 2, false)), found(&[9, 8], false, None));
        assert_eq!(named(&templates, &asked(None, 2, true)), None);
        assert_eq!(named(&templates, &asked(None, 3, false)), None);
        assert_eq!(named(&templates, &asked(Some(8), 1, false)), None);
    }

    #[test]
    fn a_template_that_names_no_runs_is_asked_otherwise() {
        assert_eq!(named(&[template(Some((&[9], true))), template(None)], &asked(None, 1, false)), None);
        assert_eq!(named(&[template(Some((&[], true)))], &asked(None, 5, true)), found(&[], false, Some(0)));
    }
}
