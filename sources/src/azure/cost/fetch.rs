//! Brings a run here: its manifest first, then the files that this names, into a folder of their own.

use std::{collections::BTreeSet, io, path::Path, time::Duration};

use serde::Deserialize;

use super::Run;
use crate::{
    SourceError,
    azure::{Blob, Storage},
    cost::{Export, ExportProblem},
};

/// Largest manifest.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// Longest name of a file, in bytes.
const FILE_NAME_BYTES_MAX: usize = 255;

/// What a fetch is held to.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Largest file.
    pub file_bytes_max: u64,
    /// Largest export, all files together.
    pub export_bytes_max: u64,
    /// Longest time for one file.
    pub file_timeout: Duration,
}

/// Why a run is not here.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The storage does not give it.
    #[error("{0} cannot be fetched")]
    Storage(String, #[source] SourceError),
    /// A manifest that says nothing.
    #[error("its manifest cannot be used: {0}")]
    Manifest(String),
    /// A part is not there.
    #[error("its manifest names `{0}`, which is not beside it")]
    Missing(String),
    /// A part is not what the manifest says.
    #[error("`{0}` has another size than its manifest says")]
    Changed(String),
    /// More than may be kept here.
    #[error("it has {0} bytes, more than cost.azure.file_max or cost.azure.export_max allows")]
    Large(u64),
    /// What came is no export.
    #[error(transparent)]
    Export(#[from] ExportProblem),
    /// Nothing can be kept here.
    #[error("its files cannot be read here")]
    File(#[source] io::Error),
}

/// What of a manifest is needed here; the rest is read where the export is taken over.
#[derive(Deserialize)]
struct Manifest {
    blobs: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    blob_name: String,
    byte_count: Option<u64>,
}

/// Fetches a run into an empty folder.
pub async fn fetch(storage: &Storage, run: &Run, folder: &Path, limits: &FetchLimits) -> Result<Export, FetchError> {
    let get = async |blob: &Blob, name: &str, bytes_max: u64| {
        let got = storage.get(blob, &folder.join(name), bytes_max, limits.file_timeout).await;
        got.map_err(|error| FetchError::Storage(blob.name.clone(), error))
    };
    if run.manifest.bytes > MANIFEST_BYTES_MAX {
        return Err(FetchError::Manifest(format!("it has {} bytes", run.manifest.bytes)));
    }
    get(&run.manifest, "manifest.json", MANIFEST_BYTES_MAX).await?;
    let manifest = tokio::fs::read(folder.join("manifest.json")).await.map_err(FetchError::File)?;
    for (blob, name) in parts(&manifest, run, limits)? {
        get(blob, name, limits.file_bytes_max).await?;
    }
    let place = folder.to_owned();
    let found = tokio::task::spawn_blocking(move || Export::find(&place)).await;
    let mut found = found.map_err(|error| FetchError::File(io::Error::other(error)))??;
    let (Some(mut export), true) = (found.pop(), found.is_empty()) else {
        return Err(FetchError::Manifest("its files are several exports".to_owned()));
    };
    // Where it came from; the folder here is gone before anybody reads of it.
    export.name = format!("{}/{}", storage.container().as_str().trim_end_matches('/'), run.folder());
    Ok(export)
}

/// The parts that a manifest names, each with its name here. All are checked before the first is fetched.
fn parts<'r>(manifest: &[u8], run: &'r Run, limits: &FetchLimits) -> Result<Vec<(&'r Blob, &'r str)>, FetchError> {
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| FetchError::Manifest(error.to_string()))?;
    let mut parts = Vec::new();
    let mut names = BTreeSet::new();
    let mut all_bytes = run.manifest.bytes;
    for part in &manifest.blobs {
        // Its path in the storage account: of that only the name counts, as the parts lie beside the manifest.
        let name = part.blob_name.rsplit('/').next().unwrap_or_default();
        if !is_file_name(name) || !names.insert(name.to_lowercase()) {
            return Err(FetchError::Manifest("it names a file that cannot be, or one twice".to_owned()));
        }
        let is_it = |blob: &&Blob| blob.name.rsplit('/').next() == Some(name);
        let missing = || FetchError::Missing(part.blob_name.clone());
        let blob = run.beside.iter().find(is_it).ok_or_else(missing)?;
        if part.byte_count.is_some_and(|bytes| bytes != blob.bytes) {
            return Err(FetchError::Changed(part.blob_name.clone()));
        }
        all_bytes = all_bytes.saturating_add(blob.bytes);
        if blob.bytes > limits.file_bytes_max || all_bytes > limits.export_bytes_max {
            return Err(FetchError::Large(all_bytes));
        }
        let name = blob.name.rsplit('/').next().unwrap_or_default();
        parts.push((blob, name));
    }
    Ok(parts)
}

/// A name that stays in its folder, and is not the manifest's.
fn is_file_name(name: &str) -> bool {
    (1..=FILE_NAME_BYTES_MAX).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name.eq_ignore_ascii_case("manifest.json")
        && !name.chars().any(|c| c.is_control() || "\\/:".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn blob(name: &str, bytes: u64) -> Blob {
        Blob { name: name.to_owned(), etag: "1".to_owned(), bytes, changed_at: chrono::DateTime::default() }
    }

    #[test]
    fn a_manifest_leads_nowhere_but_to_what_lies_beside_it() {
        let run = Run {
            manifest: blob("a/r/manifest.json", 10),
            beside: vec![blob("a/r/part_0.csv", 5), blob("a/r/part_1.csv.gz", 5)],
        };
        let limits = FetchLimits { file_bytes_max: 5, export_bytes_max: 20, file_timeout: Duration::ZERO };
        let named = |names: &[&str], limits: &FetchLimits| {
            let blobs: Vec<_> = names.iter().map(|name| json!({ "blobName": name })).collect();
            let manifest = json!({ "blobs": blobs, "blobCount": names.len() }).to_string();
            parts(manifest.as_bytes(), &run, limits)
                .map(|parts| parts.into_iter().map(|(_, name)| name.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(named(&["a/r/part_0.csv", "x/part_1.csv.gz"], &limits).unwrap(), ["part_0.csv", "part_1.csv.gz"]);
        for name in
            ["..", "a/..", "a/../../etc/passwd", "", "a/r/", "a\\..\\x", "manifest.json", "Manifest.JSON", "part_2.csv"]
        {
            assert!(named(&[name], &limits).is_err(), "{name} was taken");
        }
        assert!(named(&["a/r/part_0.csv", "part_0.csv"], &limits).is_err(), "a part counted twice");
        let small = FetchLimits { export_bytes_max: 19, ..limits };
        assert!(matches!(named(&["part_0.csv", "part_1.csv.gz"], &small), Err(FetchError::Large(20))));
        let small = FetchLimits { file_bytes_max: 4, ..limits };
        assert!(matches!(named(&["part_0.csv"], &small), Err(FetchError::Large(15))));
        let other = json!({ "blobs": [{ "blobName": "part_0.csv", "byteCount": 4 }] }).to_string();
        assert!(matches!(parts(other.as_bytes(), &run, &limits), Err(FetchError::Changed(_))));
    }
}
