//! Which process a pid file names. The system reuses pids: after the server and the service were both killed, the pid
//! in `postmaster.pid` may belong to any process. The service sends signals only to its own server.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::error::{EmbeddedError, cannot};

/// PostgreSQL's own pid file in its folder.
const PID_FILE: &str = "postmaster.pid";

/// What the pid file of a cluster says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Postmaster {
    /// The pid file is missing, or its process is gone.
    Gone,
    /// Its process is a PostgreSQL that serves from this folder.
    Ours,
    /// Its process is another program, or a server of another folder.
    Foreign,
}

/// Examines the process that the pid file of the cluster in `folder` names.
pub(super) fn look(folder: &Path) -> Postmaster {
    let Some(pid) = named(&folder.join(PID_FILE)) else {
        return Postmaster::Gone;
    };
    if cfg!(target_os = "linux") { by_proc(pid, folder) } else { by_ps(pid, folder) }
}

/// Lets a server start although a pid file names a foreign process. It writes this process's pid into the file, because
/// PostgreSQL treats a file that names its parent as stale. The rest of the file stays, because the server uses it to
/// detect processes of the previous server that still run.
pub(super) fn disown(folder: &Path, socket_lock: &Path) -> Result<(), EmbeddedError> {
    for file in [&folder.join(PID_FILE), socket_lock] {
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        let ours = format!("{}\n{rest}", std::process::id());
        // The file is written in place, so that the server's account stays its owner.
        fs::write(file, ours).map_err(cannot("write", file))?;
    }
    Ok(())
}

/// The TCP port of the server in `folder`: the fourth line of its pid file.
pub(super) fn port(folder: &Path) -> Result<u16, EmbeddedError> {
    let file = folder.join(PID_FILE);
    let text = fs::read_to_string(&file).map_err(cannot("read", &file))?;
    let port = text.lines().nth(3).and_then(|line| line.trim().parse().ok());
    port.ok_or_else(|| cannot("read", &file)(std::io::ErrorKind::InvalidData.into()))
}

/// The pid in a pid file. A negative number means a single-user server.
fn named(file: &Path) -> Option<u32> {
    let text = fs::read_to_string(file).ok()?;
    let first: i64 = text.lines().next()?.trim().parse().ok()?;
    u32::try_from(first.unsigned_abs()).ok()
}

/// Checks by `/proc`: a server's working directory is the folder of its cluster.
fn by_proc(pid: u32, folder: &Path) -> Postmaster {
    let process = Path::new("/proc").join(pid.to_string());
    if !process.exists() {
        return Postmaster::Gone;
    }
    let program = fs::read_link(process.join("exe"));
    let is_postgres = program.is_ok_and(|program| {
        // An upgrade may have replaced the program of a running server.
        let name = program.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| name.trim_end_matches(" (deleted)") == "postgres")
    });
    let works_here = || {
        let place = fs::read_link(process.join("cwd"));
        let folder = fs::canonicalize(folder);
        place.is_ok_and(|place| folder.is_ok_and(|folder| place == folder))
    };
    if is_postgres && works_here() { Postmaster::Ours } else { Postmaster::Foreign }
}

/// Checks by `ps`: a server's command line contains the folder of its cluster.
fn by_ps(pid: u32, folder: &Path) -> Postmaster {
    let asked = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    let Ok(answer) = asked else {
        return Postmaster::Foreign;
    };
    if !answer.status.success() {
        return Postmaster::Gone;
    }
    let line = String::from_utf8_lossy(&answer.stdout);
    if line.contains("postgres") && line.contains(&*folder.to_string_lossy()) {
        Postmaster::Ours
    } else {
        Postmaster::Foreign
    }
}
