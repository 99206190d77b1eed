//! The system user the server runs as: ourselves, or for root somebody without rights, since PostgreSQL refuses root.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// Who runs the server programs and owns their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// The user of this process.
    Own,
    /// Another one; only root can choose it.
    Other { uid: u32, gid: u32 },
}

impl User {
    /// Ourselves, unless we are root: then the owner of `existing` data, else `postgres`, else `nobody`.
    pub(super) fn choose(existing: &Path) -> anyhow::Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self::Own);
        }
        if let Ok(data) = existing.metadata()
            && data.uid() != 0
        {
            return Ok(Self::Other { uid: data.uid(), gid: data.gid() });
        }
        let pair = |name| anyhow::Ok(Self::Other { uid: id(&["-u", name])?, gid: id(&["-g", name])? });
        pair("postgres").or_else(|_| pair("nobody"))
    }

    /// A command of this user that a Ctrl-C at the terminal and the caller's `PG...` variables do not reach.
    pub(super) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        // `C`: messages are read by us. The working folder of root is often closed to the server's user.
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes this user the owner of a file or folder of ours.
    pub(super) fn own(self, path: &Path) -> anyhow::Result<()> {
        if let Self::Other { uid, gid } = self {
            chown(path, Some(uid), Some(gid)).with_context(|| format!("cannot hand over {}", path.display()))?;
        }
        Ok(())
    }

    /// Whether this user gets through every parent of the folder and can write into it.
    pub(super) fn reaches(self, folder: &Path) -> bool {
        let mut command = self.command("sh");
        command.args(["-c", r#"test -x "$1" && test -w "$1""#, "sh"]).arg(folder).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Whether a folder belongs to this user and is no symbolic link.
    pub(super) fn is_owner(self, folder: &Path) -> anyhow::Result<bool> {
        let uid = match self {
            Self::Own => id(&["-u"])?,
            Self::Other { uid, .. } => uid,
        };
        Ok(folder.symlink_metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == uid))
    }
}

/// A number that `id` prints, such as the own one for `["-u"]`.
pub(super) fn id(arguments: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().context("cannot run `id`")?;
    ensure!(output.status.success(), "`id {}` knows no such user", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}
