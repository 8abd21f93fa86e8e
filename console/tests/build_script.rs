//! The build script, run as cargo runs it, with programs of the test's own as Node.js and npm.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const GOOD_NODE: &str = r#"if [ "$1" = --version ]; then echo v22.12.0; exit; fi
echo "$@" >> called
/bin/mkdir -p dist/assets
echo '<html>built</html>' > dist/index.html
echo 'run()' > dist/assets/run-1.js"#;
const GOOD_NPM: &str = r#"echo "$@" >> called"#;

/// A folder of its own for each test, with `bin` as the path.
struct Build {
    folder: PathBuf,
    profile: &'static str,
    variables: Vec<(&'static str, String)>,
}

/// What the script said, and the list that it left.
struct Left {
    warnings: Vec<String>,
    list: String,
}

impl Build {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("build-script-{name}"));
        let _ = fs::remove_dir_all(&folder);
        for part in ["bin", "out"] {
            fs::create_dir_all(folder.join(part)).expect("a folder");
        }
        Self { folder, profile: "release", variables: Vec::new() }
    }

    fn program(self, name: &str, script: &str) -> Self {
        let path = self.folder.join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("may run");
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn run(&self) -> Left {
        let output = Command::new(script())
            .env_clear()
            .env("PATH", self.folder.join("bin"))
            .env("OUT_DIR", self.folder.join("out"))
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .env("PROFILE", self.profile)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the build script runs");
        assert!(output.status.success(), "it never fails: {output:?}");
        let said = String::from_utf8(output.stdout).expect("text");
        let warnings = said.lines().filter_map(|line| line.strip_prefix("cargo:warning="));
        let list = fs::read_to_string(self.folder.join("out/files.rs")).expect("a list of files");
        Left { warnings: warnings.map(str::to_owned).collect(), list }
    }

    fn called(&self) -> String {
        fs::read_to_string(self.folder.join("out/source/called")).unwrap_or_default()
    }
}

impl Left {
    #[track_caller]
    fn explains(&self, why: &str) {
        assert_eq!(self.warnings.len(), 1, "{:?}", self.warnings);
        assert!(self.warnings[0].contains(why), "{}", self.warnings[0]);
        assert_eq!(self.list.matches("File {").count(), 1, "{}", self.list);
        assert!(self.list.contains(r#"path: "index.html""#), "{}", self.list);
    }
}

/// The script that cargo built for this crate.
fn script() -> PathBuf {
    let builds = Path::new(env!("OUT_DIR")).ancestors().nth(2).expect("the folder of all builds");
    let found = fs::read_dir(builds).expect("builds").filter_map(|entry| {
        let entry = entry.ok()?;
        let script = entry.path().join("build-script-build");
        let is_ours = entry.file_name().to_string_lossy().starts_with("console-");
        let age = fs::metadata(&script).and_then(|data| data.modified()).ok()?;
        is_ours.then_some((age, script))
    });
    found.max().expect("the build script of this crate").1
}

#[test]
fn without_node_there_is_a_page_that_explains() {
    Build::new("nothing").run().explains("Node.js was not found");
}

#[test]
fn an_old_node_is_not_tried() {
    let build = Build::new("old").program("node", "echo v20.18.3").program("npm", GOOD_NPM);
    build.run().explains("Node.js is v20.18.3, and 20.19 is needed");
    assert_eq!(build.called(), "");
}

#[test]
fn a_release_build_makes_the_console() {
    let build = Build::new("release").program("node", GOOD_NODE).program("npm", GOOD_NPM);
    let left = build.run();
    assert_eq!(left.warnings, [""; 0]);
    assert!(left.list.contains(r#"path: "assets/run-1.js""#), "{}", left.list);
    assert!(left.list.contains(r#"path: "index.html""#), "{}", left.list);
    let called = build.called();
    assert!(called.contains("ci --ignore-scripts"), "{called}");
    assert!(called.contains("vite.js build"), "{called}");
}

#[test]
fn debug_builds_never_call_npm() {
    let mut build = Build::new("debug").program("node", GOOD_NODE).program("npm", GOOD_NPM);
    build.profile = "debug";
    build.run().explains("only release builds make it");
    assert_eq!(build.called(), "");
}

#[test]
fn it_can_be_turned_off() {
    let build = Build::new("off").program("node", GOOD_NODE).program("npm", GOOD_NPM);
    let build = build.with("CONSOLE", "off");
    build.run().explains("CONSOLE=off");
    assert_eq!(build.called(), "");
}

#[test]
fn a_failure_is_explained_by_the_end_of_its_log() {
    let build = Build::new("failing").program("node", GOOD_NODE);
    let build = build.program("npm", "echo no network; exit 7");
    build.run().explains("npm ci");
    build.run().explains("no network");
}

#[test]
fn a_console_that_is_already_built_is_taken() {
    let build = Build::new("dist");
    let dist = build.folder.join("dist");
    fs::create_dir_all(&dist).expect("a folder");
    let build = build.with("CONSOLE_DIST", dist.to_string_lossy());
    build.run().explains("has no index.html");
    fs::write(dist.join("index.html"), "<html>given</html>").expect("a page");
    let left = build.run();
    assert_eq!(left.warnings, [""; 0]);
    assert_eq!(left.list.matches("File {").count(), 1);
}
