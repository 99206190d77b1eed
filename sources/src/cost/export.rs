//! `Export`: the files that are taken over together.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// What files of charges end in. Parquet is one of them in builds that do not read it too: a part of an export that is passed over
/// would be missing from its sums.
const ENDINGS: [&str; 3] = [".csv", ".csv.gz", ".parquet"];

/// What stands before the ending of Parquet where its writer tells how it is packed inside.
const CODECS: [&str; 5] = [".snappy", ".gzip", ".gz", ".zstd", ".zst"];

/// Most files of an export.
pub const FILES_MAX: usize = 10_000;

/// Why no export can be found.
#[derive(Debug, thiserror::Error)]
pub enum ExportProblem {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Nothing to import.
    #[error("{0} holds no file that ends in .csv, .csv.gz or .parquet")]
    Nothing(String),
    /// A file of another kind.
    #[error("{0} is no file of charges: it should end in .csv, .csv.gz or .parquet")]
    Kind(String),
    /// More than is looked at.
    #[error("{0} holds more than {FILES_MAX} files of charges: import it in parts")]
    Many(String),
    /// The same part in two forms, or named twice.
    #[error("{0} would count twice: a part stands there in two forms, such as plain and packed, or is named twice")]
    Twice(String),
    /// A manifest that says nothing.
    #[error("{path} is no manifest of Azure's Cost Management: {reason}")]
    Manifest {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file that the manifest names is missing or is another one.
    #[error("{manifest} names `{file}`, which is not beside it")]
    Missing {
        /// The manifest.
        manifest: String,
        /// The file.
        file: String,
    },
}

/// Files that tell the same charges, each a part of them: what lies in one folder, or a single file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Where they are.
    pub name: String,
    /// The files, in order.
    pub files: Vec<PathBuf>,
    /// All bytes of them.
    pub bytes: u64,
    /// What it is about, as its manifest says.
    pub scope: Option<String>,
    /// How its charges came here.
    pub basis: Basis,
}

/// How charges came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Files of FOCUS.
    Focus,
    /// An export of Azure's Cost Management, with its manifest.
    AzureExport,
    /// An answer of Azure's Query API: what no export tells yet.
    AzureQuery,
}

impl Basis {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Focus => "FOCUS",
            Self::AzureExport => "AZURE_EXPORT",
            Self::AzureQuery => "AZURE_QUERY",
        }
    }
}

/// What a manifest of Azure says; everything else in it is left alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    export_config: ManifestConfig,
    blobs: Vec<ManifestBlob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestConfig {
    export_name: String,
    resource_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestBlob {
    blob_name: String,
}

impl Export {
    /// The exports in a file or folder, in the order of their names: the files that lie in the same folder are one.
    pub fn find(path: &Path) -> Result<Vec<Self>, ExportProblem> {
        let unreadable =
            |path: &Path, cause: io::Error| ExportProblem::Unreadable { path: path.display().to_string(), cause };
        let kind = path.metadata().map_err(|cause| unreadable(path, cause))?;
        if kind.is_file() {
            if !is_of_charges(path) {
                return Err(ExportProblem::Kind(path.display().to_string()));
            }
            return Ok(vec![Self::of(path.display().to_string(), vec![path.to_owned()], None)?]);
        }
        let mut folders: Vec<(PathBuf, Vec<PathBuf>, Option<PathBuf>)> = Vec::new();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let place = error.path().unwrap_or(path).to_owned();
                unreadable(&place, error.into())
            })?;
            if folders.iter().map(|(_, files, _)| files.len()).sum::<usize>() > FILES_MAX {
                return Err(ExportProblem::Many(path.display().to_string()));
            }
            let is_manifest = entry.file_name() == "manifest.json";
            if !entry.file_type().is_file() || !(is_of_charges(entry.path()) || is_manifest) {
                continue;
            }
            let folder = entry.path().parent().unwrap_or(path).to_owned();
            let at = folders.iter().position(|(known, ..)| *known == folder).unwrap_or_else(|| {
                folders.push((folder, Vec::new(), None));
                folders.len() - 1
            });
            let Some((_, files, manifest)) = folders.get_mut(at) else { continue };
            if is_manifest {
                *manifest = Some(entry.path().to_owned());
            } else {
                files.push(entry.path().to_owned());
            }
        }
        let mut exports = Vec::new();
        for (folder, files, manifest) in folders {
            let name = folder.display().to_string();
            let (files, scope) = match manifest {
                Some(manifest) => {
                    let (files, scope) = of_manifest(&manifest, &folder)?;
                    (files, Some(scope))
                }
                None => (files, None),
            };
            exports.push(Self::of(name, files, scope)?);
        }
        if exports.is_empty() {
            return Err(ExportProblem::Nothing(path.display().to_string()));
        }
        Ok(exports)
    }

    fn of(name: String, files: Vec<PathBuf>, scope: Option<String>) -> Result<Self, ExportProblem> {
        let mut stems = HashSet::new();
        if let Some(twice) = files.iter().find(|file| !stems.insert(stem(file))) {
            return Err(ExportProblem::Twice(twice.display().to_string()));
        }
        let mut bytes = 0;
        for file in &files {
            let unreadable = |cause| ExportProblem::Unreadable { path: file.display().to_string(), cause };
            bytes += file.metadata().map_err(unreadable)?.len();
        }
        let basis = if scope.is_some() { Basis::AzureExport } else { Basis::Focus };
        Ok(Self { name, files, bytes, scope, basis })
    }

    /// SHA-256 over the SHA-256 of the files, in their order: the same content has the same one, whatever the files are called.
    pub fn content(&self) -> Result<Vec<u8>, ExportProblem> {
        let mut whole = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        for path in &self.files {
            let unreadable = |cause| ExportProblem::Unreadable { path: path.display().to_string(), cause };
            let mut file = File::open(path).map_err(unreadable)?;
            let mut hash = Sha256::new();
            loop {
                let read = file.read(&mut buffer).map_err(unreadable)?;
                if read == 0 {
                    break;
                }
                hash.update(buffer.get(..read).unwrap_or_default());
            }
            whole.update(hash.finalize());
        }
        Ok(whole.finalize().to_vec())
    }
}

/// What the same part is called in each of its forms.
fn stem(path: &Path) -> String {
    let name = path.to_string_lossy().to_ascii_lowercase();
    if let Some(name) = name.strip_suffix(".parquet") {
        return CODECS.iter().find_map(|codec| name.strip_suffix(codec)).unwrap_or(name).to_owned();
    }
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".csv").unwrap_or(name).to_owned()
}

fn is_of_charges(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn of_manifest(path: &Path, folder: &Path) -> Result<(Vec<PathBuf>, String), ExportProblem> {
    let shown = path.display().to_string();
    let text = std::fs::read(path).map_err(|cause| ExportProblem::Unreadable { path: shown.clone(), cause })?;
    let read = serde_json::from_slice::<Manifest>(&text);
    let manifest = read.map_err(|error| ExportProblem::Manifest { path: shown.clone(), reason: error.to_string() })?;
    let mut files = Vec::new();
    for blob in &manifest.blobs {
        // Its path in the storage account: the files lie beside the manifest wherever they were copied to.
        let name = blob.blob_name.rsplit('/').next().unwrap_or_default();
        let file = folder.join(name);
        if name.is_empty() || !file.is_file() || !is_of_charges(&file) {
            return Err(ExportProblem::Missing { manifest: shown, file: blob.blob_name.clone() });
        }
        files.push(file);
    }
    if files.is_empty() {
        return Err(ExportProblem::Manifest { path: shown, reason: "it names no file".to_owned() });
    }
    let ManifestConfig { export_name, resource_id } = manifest.export_config;
    Ok((files, format!("{}#{export_name}", resource_id.trim_matches('/').to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_name_in_all_its_forms() {
        for name in [
            "part_1.csv",
            "Part_1.csv.gz",
            "part_1.CSV",
            "part_1.parquet",
            "part_1.snappy.parquet",
            "part_1.gz.parquet",
        ] {
            assert!(is_of_charges(Path::new(name)), "{name}");
            assert_eq!(stem(Path::new(name)), "part_1", "{name}");
        }
        for name in ["part_1.parquet.gz", "part_1.json", "parquet", "part_1.csv.parquet.crc"] {
            assert!(!is_of_charges(Path::new(name)), "{name}");
        }
        assert_ne!(stem(Path::new("part_1.csv")), stem(Path::new("part_2.parquet")));
    }
}
