//! How much of a file is read.

/// Bounds on catalog files. What is beyond one is refused with a message that names it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest file, in bytes.
    pub file_bytes_max: u64,
    /// Most files below the given paths.
    pub files_max: usize,
    /// Most documents of one file.
    pub documents_per_file_max: usize,
    /// Largest document, in bytes of text.
    pub document_bytes_max: usize,
    /// Deepest nesting of lists and objects.
    pub nesting_max: usize,
    /// Most values of one document, aliases spread out.
    pub nodes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 16 * 1024 * 1024,
            files_max: 200_000,
            documents_per_file_max: 100_000,
            document_bytes_max: 512 * 1024,
            nesting_max: 64,
            nodes_max: 20_000,
        }
    }
}
