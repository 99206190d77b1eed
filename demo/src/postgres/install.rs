//! Installs a missing server program from the distribution, where that needs no question answered.
//!
//! Only Debian and its children, only as root or with a `sudo` that asks nothing. Everywhere else the caller gets an
//! error that names the package. Services of the package are not started: the demo starts its own.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// Runs as root with the package as `$1`. It bars the package from starting a service and Debian's PostgreSQL from
/// creating its own cluster, by two files that go again at the end; files already there are somebody's wish and stay.
const SCRIPT: &str = r#"
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/weft.conf
made=
trap 'if [ -n "$made" ]; then rm -f $made; fi' EXIT
trap 'exit 1' INT TERM
if [ ! -e "$policy" ]; then
    made="$policy"
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
if [ ! -e "$cluster" ]; then
    made="$made $cluster"
    mkdir -p "${cluster%/*}"
    printf 'create_main_cluster = false\n' > "$cluster"
fi
install() { apt-get install -q -y --no-install-recommends "$1" < /dev/null; }
updated=
if ! apt-cache show --no-all-versions "$1" > /dev/null 2>&1; then
    apt-get update -q
    updated=yes
fi
# A list of last month names files that the mirror has replaced since: once more with a fresh one.
install "$1" || { [ -z "$updated" ] && apt-get update -q && install "$1"; }
"#;

/// Installs a Debian package. `why` ends the sentence on stderr: "installing postgresql: the demo keeps its data in it".
///
/// Blocks for as long as the download takes. Errors name the package, so that the reader can install it by hand.
pub fn ensure_package(package: &str, why: &str) -> anyhow::Result<()> {
    if !package.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        bail!("{package:?} is no package name");
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("{package} is missing ({why}); please install it with the package manager of this system");
    }
    let mut command = if is_root()? {
        Command::new("sh")
    } else if quiet("sudo", &["-n", "true"]) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    } else {
        bail!("{package} is missing ({why}); please run: sudo apt-get install {package}");
    };
    // The progress belongs to the person at the terminal, our stdout to whoever reads our output.
    eprintln!("installing {package}: {why}");
    let status = command
        .args(["-c", SCRIPT, "weft-install", package])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot install {package}"))?;
    if !status.success() {
        bail!("installing {package} failed; please run: apt-get install {package}");
    }
    Ok(())
}

fn is_root() -> anyhow::Result<bool> {
    Ok(super::user::id(&["-u"])? == 0)
}

fn quiet(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
