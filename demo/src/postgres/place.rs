//! Where a cluster lies on disk, and the lock that keeps a second process out of it.
//!
//! Beside the caller's folder as a rule. Under root the server's user often cannot get into the caller's home; the data
//! then lies in `/var/tmp`, and a note in the folder says where.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};

use super::user::User;

/// The folder that holds `data`, `password`, `server.log` and `lock`. Ours alone until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) root: PathBuf,
    pub(super) user: User,
    // Held, never read: the system gives the lock back even when this process is killed.
    _lock: File,
}

impl Place {
    /// Finds the place that belongs to `folder`, or creates it and the folder.
    pub(super) fn claim(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
        let (near, far, note) = (folder.join("postgres"), far_of(&folder), folder.join("postgres-location"));
        // The note decides, not the mere presence of `far`: anybody can create a folder of that name.
        let is_far = fs::read_to_string(&note).is_ok_and(|text| Path::new(text.trim()) == far);
        let user = User::choose(if is_far { &far } else { &near })?;
        let mut root = near;
        let prepared = if is_far { Err(anyhow!("noted elsewhere")) } else { prepare(&root, user) };
        if let Err(error) = prepared {
            // Without root the server runs as ourselves: what is closed to it is closed for a reason.
            if user == User::Own {
                return Err(error);
            }
            prepare(&far, user)?;
            fs::write(&note, format!("{}\n", far.display()))
                .with_context(|| format!("cannot write {}", note.display()))?;
            root = far;
        }
        let lock = lock(&root)?;
        Ok(Self { root, user, _lock: lock })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// The password of the superuser, chosen once; only the server's user can read its file.
    pub(super) fn password(&self) -> anyhow::Result<String> {
        let path = self.root.join("password");
        if let Ok(password) = fs::read_to_string(&path)
            && !password.trim().is_empty()
        {
            return Ok(password.trim().to_owned());
        }
        let root = self.root.display();
        ensure!(!self.data().exists(), "the password of the data is lost; delete {root} to start anew");
        // Letters and digits, so that it stands in a URL as it is.
        let password = format!("{:032x}", rand::random::<u128>());
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        std::io::Write::write_all(
            &mut file.with_context(|| format!("cannot write {}", path.display()))?,
            password.as_bytes(),
        )?;
        self.user.own(&path)?;
        Ok(password)
    }
}

/// The place for a folder that the server's user cannot reach. FNV-1a: the same on every machine and Rust version.
fn far_of(folder: &Path) -> PathBuf {
    let hash = folder
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Path::new("/var/tmp").join(format!("weft-{hash:016x}"))
}

/// Creates the place, closed to others, and proves that the user can work in it.
fn prepare(root: &Path, user: User) -> anyhow::Result<()> {
    if let Err(error) = DirBuilder::new().mode(0o700).create(root) {
        ensure!(error.kind() == std::io::ErrorKind::AlreadyExists, "cannot create {}: {error}", root.display());
        // /var/tmp is open to all: whoever put a folder of this name there could read the password.
        ensure!(user.is_owner(root)?, "{} belongs to somebody else; please delete that folder", root.display());
    } else {
        user.own(root)?;
    }
    if !user.reaches(root) {
        // Nothing of ours stays where the server cannot use it. Not empty: then it is data, and not ours to delete.
        let _ = fs::remove_dir(root);
        bail!("the server's user cannot get into {}", root.display());
    }
    Ok(())
}

fn lock(root: &Path) -> anyhow::Result<File> {
    let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(root.join("lock"));
    let (file, root) = (file.with_context(|| format!("cannot lock {}", root.display()))?, root.display());
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another process already runs the PostgreSQL in {root}"),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {root}")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_far_place_is_named_after_the_published_fnv_value() {
        assert_eq!(super::far_of(Path::new("a")), Path::new("/var/tmp/weft-af63dc4c8601ec8c"));
    }
}
