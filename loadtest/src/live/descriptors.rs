//! File descriptors: a socket is one, at each of its ends. Usually few are given at first and more to whoever asks.

use std::os::unix::process::CommandExt;

use anyhow::{Context, bail, ensure};

/// What processes need besides sockets.
const BESIDES: usize = 512;

/// How many clients this process and those that it starts may have, at most `wanted`. Where it is too few, this program begins anew under
/// a shell that asks for all there may be; nothing must have been begun before.
pub(super) fn allowed(wanted: usize) -> anyhow::Result<usize> {
    let (soft, hard) = limits()?;
    if soft >= wanted + BESIDES {
        return Ok(wanted);
    }
    if soft < hard {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "ulimit -n \"$(ulimit -Hn)\" && exec \"$0\" \"$@\""]).arg(std::env::current_exe()?);
        let error = command.args(std::env::args_os().skip(1)).exec();
        bail!("no shell to ask for more file descriptors: {error}");
    }
    ensure!(soft > 2 * BESIDES, "only {soft} file descriptors are allowed: raise `ulimit -n`");
    println!("Only {soft} file descriptors are allowed: {} subscribers instead of {wanted}", soft - BESIDES);
    Ok(soft - BESIDES)
}

/// What is given, and what may be asked for.
fn limits() -> anyhow::Result<(usize, usize)> {
    let text = std::fs::read_to_string("/proc/self/limits").context("this needs Linux")?;
    parse(&text).context("the kernel does not tell the limit of open files")
}

fn parse(text: &str) -> Option<(usize, usize)> {
    let mut words = text.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace();
    let mut number = || match words.next()? {
        "unlimited" => Some(usize::MAX),
        digits => digits.parse().ok(),
    };
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_limit_is_read_as_the_kernel_writes_it() {
        let text =
            "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024                 524288   files\n";
        assert_eq!(parse(text), Some((1024, 524_288)));
        assert_eq!(parse("Max open files 10 unlimited files"), Some((10, usize::MAX)));
        assert_eq!(parse("Max processes 10 10"), None);
    }
}
