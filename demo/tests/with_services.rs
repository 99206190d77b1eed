//! Whatever ends `weft-demo with-services`, its servers end with it: whoever interrupts `make test` finds nothing left.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn a_signal_ends_the_command_and_then_the_servers() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("with-services");
    let mut program = Command::new(env!("CARGO_BIN_EXE_weft-demo"))
        .args(["with-services", "--folder"])
        .arg(&folder)
        // Without `exec` the shell would wait for its child before it heard of a signal.
        .args(["--", "sh", "-c", "echo $WEFT_TEST_DATABASE_URL; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let (_, place) = address.split_once('@').unwrap();
    let place = place.split('/').next().unwrap().to_owned();
    TcpStream::connect(&place).unwrap();
    Command::new("sh").args(["-c", r#"kill "$1""#, "sh", &program.id().to_string()]).status().unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(1), "the command was ended, and that is told");
    assert!(TcpStream::connect(&place).is_err(), "Postgres is still there");
}
