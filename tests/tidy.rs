//! What a program can check of how the code is laid out: layers, sizes, and where SQL and clocks live.

use std::fs;
use std::path::{Path, PathBuf};

/// What each layer may import of ours, besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("engine", &["domain"]),
    ("db", &["domain"]),
    ("wire", &["domain", "engine"]),
    ("stored", &["db", "domain", "engine", "wire"]),
    ("cache", &["db", "domain", "engine", "metrics", "stored"]),
    (
        "service",
        &["cache", "clock", "db", "domain", "engine", "metrics", "stored", "telemetry", "wire"],
    ),
    ("api", &["cache", "db", "domain", "metrics", "service", "stored", "telemetry", "wire"]),
    ("jobs", &["db", "domain", "metrics", "service", "tls"]),
];

/// Most lines of a source file.
const MAX_LINES: usize = 500;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All source files with their texts, by their path below `src`.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    assert!(found.len() > 50, "only {} sources were found", found.len());
    let text = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below src").display().to_string();
        (name, fs::read_to_string(&path).expect("a readable source"))
    };
    found.into_iter().map(text).collect()
}

/// The code of a file: without its tests and comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = |line: &&str| line.trim_start().starts_with("#[cfg(test)]");
    let lines = text.lines().take_while(move |line| !tests(line));
    lines.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// `file:line` of every line of code that holds one of the words, in files that `is_meant` names.
fn uses(words: &[&str], is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in texts().into_iter().filter(|(name, _)| is_meant(name)) {
        for (number, line) in code(&text) {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn layers_import_only_what_lies_below_them() {
    let mut faults = Vec::new();
    for (name, text) in texts() {
        let layer = name.split(['/', '.']).next().unwrap_or_default();
        let Some((_, below)) = LAYERS.iter().find(|(own, _)| *own == layer) else {
            continue;
        };
        for (number, line) in code(&text) {
            for import in line.split("crate::").skip(1) {
                let module: String = import
                    .chars()
                    .take_while(|own| own.is_ascii_lowercase() || *own == '_')
                    .collect();
                if module != layer && !module.is_empty() && !below.contains(&module.as_str()) {
                    faults.push(format!("{name}:{}: {layer} imports {module}", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_short() {
    let long = |(name, text): &(String, String)| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("{name}: {lines} lines"))
    };
    let long: Vec<String> = texts().iter().filter_map(long).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_engine_and_the_domain_reach_nothing_outside() {
    let outside = [
        "Utc::now",
        "SystemTime",
        "Instant::now",
        "async ",
        "sqlx::",
        "axum::",
        "tokio::",
        "rand::",
        "std::fs",
        "std::net",
        "std::env",
        "f32",
        "f64",
        "HashSet<",
        "std::collections::HashMap",
    ];
    let found = uses(&outside, |name| name.starts_with("engine/") || name.starts_with("domain/"));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn sql_and_clocks_live_at_home() {
    let sql = uses(&["sqlx::query", "query!(", "query_as!("], |name| !name.starts_with("db/"));
    assert!(sql.is_empty(), "{}", sql.join("\n"));
    let clocks = uses(&["Utc::now", "SystemTime::now"], |name| name != "clock.rs");
    assert!(clocks.is_empty(), "{}", clocks.join("\n"));
}

#[test]
fn a_release_stops_at_an_overflow() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    let (_, release) = manifest.split_once("[profile.release]").expect("a profile");
    let release = release.split("\n[").next().unwrap_or_default();
    assert!(release.contains("overflow-checks = true"), "{release}");
    // A panic is caught and answered: it must unwind.
    assert!(!manifest.contains("panic ="), "{manifest}");
}
