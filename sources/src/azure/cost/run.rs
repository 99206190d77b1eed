//! `Run`: what one run of an export has written. Azure lays runs out as `…/<export>/<first day>-<last day>/…/<run>/`, writes the parts, and
//! a `manifest.json` after them: a run without one is still being written.

use std::collections::BTreeMap;

use crate::azure::Blob;

/// What tells the parts of a run.
const MANIFEST: &str = "manifest.json";

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Tells the parts.
    pub manifest: Blob,
    /// Everything beside it.
    pub beside: Vec<Blob>,
}

impl Run {
    /// The folder that it lies in.
    pub fn folder(&self) -> &str {
        folder(&self.manifest.name)
    }
}

/// The newest run of each export and period, the oldest of them first: each tells the whole period as it is known by then, and where
/// two tell the same the newer one is to come last.
pub fn newest(blobs: Vec<Blob>) -> Vec<Run> {
    let mut manifests: BTreeMap<String, Blob> = BTreeMap::new();
    let mut rest: BTreeMap<String, Vec<Blob>> = BTreeMap::new();
    for blob in blobs {
        if blob.name.rsplit('/').next() != Some(MANIFEST) {
            rest.entry(folder(&blob.name).to_owned()).or_default().push(blob);
            continue;
        }
        let period = period(folder(&blob.name)).to_owned();
        let is_newer = |known: &Blob| (known.changed_at, known.name.as_str()) < (blob.changed_at, blob.name.as_str());
        if manifests.get(&period).is_none_or(is_newer) {
            manifests.insert(period, blob);
        }
    }
    let beside = |manifest: &Blob| rest.get(folder(&manifest.name)).cloned().unwrap_or_default();
    let mut runs: Vec<Run> =
        manifests.into_values().map(|manifest| Run { beside: beside(&manifest), manifest }).collect();
    runs.sort_by_key(|run| run.manifest.changed_at);
    runs
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folder of an export's period: down to the days, or where none are named what the run's folder lies in.
fn period(folder: &str) -> &str {
    let mut end = 0;
    let mut found = None;
    for part in folder.split('/') {
        end += part.len();
        if is_days(part) {
            found = folder.get(..end);
        }
        end += 1;
    }
    found.unwrap_or_else(|| self::folder(folder))
}

/// As in `20260301-20260331`.
fn is_days(text: &str) -> bool {
    let is_day = |day: &str| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(first, last)| is_day(first) && is_day(last))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn blob(name: &str, second: i64) -> Blob {
        let changed_at = DateTime::from_timestamp(second, 0).unwrap();
        Blob { name: name.to_owned(), etag: second.to_string(), bytes: 1, changed_at }
    }

    #[test]
    fn of_each_export_and_period_the_newest_run_that_has_ended() {
        let blobs = vec![
            blob("daily/20260201-20260228/r1/manifest.json", 10),
            blob("daily/20260201-20260228/r1/part_0.csv", 9),
            blob("daily/20260301-20260331/202603050000/r2/manifest.json", 20),
            blob("daily/20260301-20260331/202603050000/r2/part_0.csv", 19),
            // Older, whatever its name.
            blob("daily/20260301-20260331/202603040000/r9/manifest.json", 15),
            // Still being written.
            blob("daily/20260301-20260331/202603060000/r3/part_0.csv", 30),
            blob("other/20260301-20260331/r1/manifest.json", 5),
            blob("odd/r1/manifest.json", 5),
            blob("odd/r2/manifest.json", 6),
        ];
        let runs = newest(blobs);
        let names: Vec<(&str, usize)> = runs.iter().map(|run| (run.folder(), run.beside.len())).collect();
        assert_eq!(
            names,
            [
                ("other/20260301-20260331/r1", 0),
                ("odd/r2", 0),
                ("daily/20260201-20260228/r1", 1),
                ("daily/20260301-20260331/202603050000/r2", 1)
            ]
        );
    }
}
