//! Runs that templates name themselves: with them a page is one call for each hundred runs, however seldom a template runs.

use schema::AutomationTemplateRecord;

use super::{
    JobsKey,
    newest::{Known, Merged, merge},
};
use crate::cache::Served;

/// Numbers of the runs that answer a question; none when a template names no runs, or all of them not enough.
pub(super) fn named(templates: &[Served<AutomationTemplateRecord>], key: &JobsKey) -> Option<Merged<i32>> {
    let records = templates.iter().filter_map(|served| served.value.as_deref());
    let known: Vec<_> =
        records.map(|record| record.recent_runs.as_ref().map(Known::of_recent)).collect::<Option<_>>()?;
    merge(&known, key.before, key.rows, key.tells_more)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use schema::{AutomationTemplateKind, RecentRuns};

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

    fn found(numbers: &[i32], has_more: bool, total: Option<usize>) -> Option<Merged<i32>> {
        Some(Merged { runs: numbers.to_vec(), has_more, total })
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
