//! The account that the server runs under. PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use tokio::process::Command;

use super::error::{EmbeddedError, cannot};

/// Accounts that can run the server if the service runs as root, the best one first.
const CANDIDATES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// The service's own account, or another one if the service runs as root.
#[derive(Clone, Debug)]
pub(super) struct Account {
    other: Option<Other>,
}

#[derive(Clone, Debug)]
struct Other {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Finds the account: the service's own, unless that is root.
    pub(super) async fn find() -> Result<Self, EmbeddedError> {
        let answer = Command::new("id")
            .arg("-u")
            .output()
            .await
            .map_err(|source| EmbeddedError::io("run `id -u`", source))?;
        if String::from_utf8_lossy(&answer.stdout).trim() != "0" {
            return Ok(Self { other: None });
        }
        let accounts = fs::read_to_string("/etc/passwd")
            .map_err(|source| EmbeddedError::io("read /etc/passwd", source))?;
        CANDIDATES
            .iter()
            .find_map(|name| accounts.lines().find_map(|line| parse(line, name)))
            .map(|other| Self { other: Some(other) })
            .ok_or(EmbeddedError::NoAccount)
    }

    /// The account's name if it is not the service's own.
    pub(super) fn other_name(&self) -> Option<&str> {
        self.other.as_ref().map(|other| other.name.as_str())
    }

    /// Makes a command run under the account.
    pub(super) fn become_it(&self, command: &mut Command) {
        if let Some(other) = &self.other {
            // The standard library clears supplementary groups when root changes the user.
            command.uid(other.uid).gid(other.gid);
        }
    }

    /// Makes the account the owner of a file or folder.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        let Some(other) = &self.other else {
            return Ok(());
        };
        chown(path, Some(other.uid), Some(other.gid)).map_err(cannot("change the owner of", path))
    }

    /// Whether the account can enter the folder, through all of its parents, and write there.
    pub(super) async fn can_use(&self, folder: &Path) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", "cd \"$1\" && test -w .", "sh"]).arg(folder).current_dir("/");
        command.stdin(std::process::Stdio::null());
        self.become_it(&mut command);
        command.output().await.is_ok_and(|answer| answer.status.success())
    }
}

/// Reads a line of /etc/passwd if its account is `name`.
fn parse(line: &str, name: &str) -> Option<Other> {
    let mut fields = line.split(':');
    if fields.next() != Some(name) {
        return None;
    }
    let uid = number(fields.nth(1)?)?;
    let gid = number(fields.next()?)?;
    Some(Other { name: name.to_owned(), uid, gid })
}

/// Reads an id. macOS writes that of `nobody` as -2.
fn number(text: &str) -> Option<u32> {
    let id: i64 = text.parse().ok()?;
    u32::try_from(id.rem_euclid(1 << 32)).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let other = parse(line, "postgres").expect("the account");
        assert_eq!((other.uid, other.gid), (101, 104));
        assert!(parse(line, "post").is_none());
    }

    #[test]
    fn a_negative_id_wraps_as_the_system_does_it() {
        let other = parse("nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false", "nobody");
        assert_eq!(other.map(|other| other.uid), Some(4_294_967_294));
    }
}
