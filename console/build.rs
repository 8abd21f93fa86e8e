//! Leaves the files of the console, each compressed, and a list of them in Rust, `OUT_DIR/files.rs`. It never fails:
//! without a console there is a page that says how to get one.
//!
//! 1. `CONSOLE_DIST=folder`: that folder has the files.
//! 2. Otherwise, in a release build, with Node.js and npm on the path, and unless `CONSOLE=off`: the console is built
//!    here, in a copy, so that the sources stay as they are.
//! 3. Otherwise, or when that fails: the page that explains. Debug builds, clippy and editors never call npm.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a build reads. Types and tests need more, but are not part of it: bundling forgets all types.
const SOURCES: [&str; 5] =
    ["app", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];

/// How long npm and Vite together may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The oldest Node.js that Vite runs on.
const NODE: (u32, u32) = (20, 19);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=fallback");
    println!("cargo:rerun-if-env-changed=CONSOLE_DIST");
    println!("cargo:rerun-if-env-changed=CONSOLE");
    let why = match built() {
        Ok(dist) => match embed(&dist) {
            Ok(()) => return,
            Err(error) => format!("{} could not be embedded: {error}", dist.display()),
        },
        Err(why) => why.to_string(),
    };
    println!("cargo:warning=the console is not part of this build: {why}");
    if let Err(error) = embed(&folder("CARGO_MANIFEST_DIR").join("fallback")) {
        println!("cargo:warning=the page that explains this could not be written: {error}");
    }
}

/// The folder with the built console, or why there is none.
fn built() -> Outcome<PathBuf> {
    if let Some(dist) = env::var_os("CONSOLE_DIST").filter(|value| !value.is_empty()) {
        let dist = PathBuf::from(dist);
        println!("cargo:rerun-if-changed={}", dist.display());
        return match dist.join("index.html").is_file() {
            true => Ok(dist),
            false => Err(format!("CONSOLE_DIST={} has no index.html", dist.display()).into()),
        };
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return Err(
            "only release builds make it; CONSOLE_DIST=folder gives one that is there".into()
        );
    }
    if env::var("CONSOLE").as_deref() == Ok("off") {
        return Err("CONSOLE=off".into());
    }
    println!("cargo:rerun-if-env-changed=PATH");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    node_is_new_enough()?;
    build()
}

fn node_is_new_enough() -> Outcome<()> {
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return Err("Node.js was not found".into());
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= NODE => Ok(()),
        _ => Err(format!("Node.js is {version}, and {}.{} is needed", NODE.0, NODE.1).into()),
    }
}

fn build() -> Outcome<PathBuf> {
    let until = Instant::now() + PATIENCE;
    let copy = folder("OUT_DIR").join("source");
    remove(&copy)?;
    for source in SOURCES {
        let from = folder("CARGO_MANIFEST_DIR").join(source);
        for file in files(&from)? {
            let to = copy.join(source).join(file.strip_prefix(&from)?);
            // `join` with an empty path leaves a slash behind a file's name.
            let to: PathBuf = to.components().collect();
            fs::create_dir_all(to.parent().unwrap_or(&copy))?;
            fs::copy(&file, to)?;
        }
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(&copy, npm, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], until)?;
    run(&copy, "node", &["node_modules/vite/bin/vite.js", "build"], until)?;
    Ok(copy.join("dist"))
}

/// Runs a program in a folder. What it says goes into a file, whose end explains a failure.
fn run(folder: &Path, program: &str, arguments: &[&str], until: Instant) -> Outcome<()> {
    let log = folder.join("build.log");
    let said = File::create(&log)?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said)
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let what = format!("{program} {}", arguments.join(" "));
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("{what}: {status}: {}", end_of(&log)).into()),
            None if Instant::now() >= until => {
                child.kill()?;
                child.wait()?;
                return Err(format!("{what} took too long: {}", end_of(&log)).into());
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The last lines of a log, in one line, since a warning has no more.
fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(8)).copied().collect::<Vec<_>>().join(" | ")
}

/// Compresses every file of a folder, and writes the list of them as Rust.
fn embed(from: &Path) -> Outcome<()> {
    let to = folder("OUT_DIR").join("embedded");
    remove(&to)?;
    fs::create_dir_all(&to)?;
    let mut found = files(from)?;
    found.sort();
    let mut list = String::from("pub(super) static FILES: &[File] = &[\n");
    for (number, file) in found.iter().enumerate() {
        let parts = file.strip_prefix(from)?.iter().map(|part| part.to_string_lossy());
        let path = parts.collect::<Vec<_>>().join("/");
        let bytes = fs::read(file)?;
        let hash = Sha256::digest(&bytes);
        let tag: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let compressed = to.join(format!("{number}.gz"));
        // Neither a name nor a time is kept, so equal files have equal bytes.
        let mut writer = GzBuilder::new().write(File::create(&compressed)?, Compression::best());
        writer.write_all(&bytes)?;
        writer.finish()?;
        let name = compressed.to_string_lossy();
        writeln!(list, "File {{ path: {path:?}, tag: {tag:?}, gzip: include_bytes!({name:?}) }},")?;
    }
    list.push_str("];\n");
    Ok(fs::write(folder("OUT_DIR").join("files.rs"), list)?)
}

/// All files under a path, or the file that it is.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        found.extend(files(&entry?.path())?);
    }
    Ok(found)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A folder that cargo names.
fn folder(variable: &str) -> PathBuf {
    env::var_os(variable).map(PathBuf::from).unwrap_or_default()
}
