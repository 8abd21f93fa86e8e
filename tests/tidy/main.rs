//! What a program can check of how code and documents are laid out: layers, circles of imports, sizes, links, and where
//! SQL and clocks live.

mod documents;

use std::fs;
use std::path::{Path, PathBuf};

/// What each layer may import of ours, besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("convert", &[]),
    ("domain", &[]),
    ("metrics", &[]),
    ("telemetry", &["config", "domain", "tls"]),
    ("engine", &["domain"]),
    ("db", &["convert", "domain"]),
    ("wire", &["domain", "engine"]),
    ("stored", &["db", "domain", "engine", "wire"]),
    ("cache", &["convert", "db", "domain", "engine", "metrics", "stored"]),
    (
        "service",
        &[
            "cache",
            "clock",
            "convert",
            "db",
            "domain",
            "engine",
            "metrics",
            "stored",
            "telemetry",
            "wire",
        ],
    ),
    (
        "api",
        &["cache", "convert", "db", "domain", "metrics", "service", "stored", "telemetry", "wire"],
    ),
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

#[test]
fn no_import_runs_in_a_circle() {
    let modules = imports::modules(texts());
    assert!(modules.len() > 250, "only {} modules were found", modules.len());
    let circles = imports::circles(&modules);
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_behind_front_doors_and_in_paths() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = |last: &str| {
        vec![
            file(
                "a/mod.rs",
                "//! A door.\nmod one;\nmod two;\npub(crate) use two::{Two, three};\n",
            ),
            file("a/one.rs", "use super::{\n    Two,\n};\npub(crate) struct One(Two);\n"),
            file("a/two.rs", last),
        ]
    };
    let circles = |last: &str| imports::circles(&imports::modules(files(last)));
    assert_eq!(circles("pub(crate) struct Two;\n"), [""; 0]);
    assert_eq!(circles("use super::one::One;\n"), ["a::one -> a::two -> a::one"]);
    assert_eq!(circles("struct Two(crate::a::one::One);\n"), ["a::one -> a::two -> a::one"]);
    let behind_a_macro = "macro_rules! two { () => {}; }\npub(in crate::a) use super::one::One;\n";
    assert_eq!(circles(behind_a_macro), ["a::one -> a::two -> a::one"]);
}

#[test]
fn a_parent_and_its_child_do_not_import_each_other() {
    let circles = |parent: &str| {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let files = vec![file("a.rs", parent), file("a/one.rs", "use super::Two;\n")];
        imports::circles(&imports::modules(files))
    };
    assert_eq!(circles("mod one;\npub struct Two;\n"), [""; 0]);
    assert_eq!(circles("#[cfg(unix)]\nmod one;\npub use one::One;\n"), [""; 0]);
    assert_eq!(circles("mod one;\npub struct Two(one::One);\n"), ["a -> a::one -> a"]);
    assert_eq!(circles("mod one;\nuse one::One;\npub struct Two;\n"), ["a -> a::one -> a"]);
}

/// Which modules import which. A file that only declares modules and passes their names on is a *front door*: whoever
/// imports a name from it imports the file that declares the name.
mod imports {
    use std::collections::{BTreeMap, BTreeSet};

    use super::code;

    #[derive(Default)]
    pub struct Module {
        /// What it imports: full paths.
        paths: Vec<String>,
        /// What it passes on: names with full paths.
        passed_on: BTreeMap<String, String>,
        is_front_door: bool,
    }

    /// All modules, by path.
    pub fn modules(files: Vec<(String, String)>) -> BTreeMap<String, Module> {
        let is_code = |name: &str| !name.ends_with("/tests.rs") && !name.contains("/tests/");
        let files = files.into_iter().filter(|(name, _)| is_code(name));
        let files: BTreeMap<String, String> =
            files.map(|(name, text)| (path_of(&name), text)).collect();
        let module = |(own, text): (&String, &String)| {
            let is_child = |name: &str| files.contains_key(&format!("{own}::{name}"));
            (own.clone(), read(own, text, is_child))
        };
        files.iter().map(module).collect()
    }

    fn path_of(name: &str) -> String {
        let name = name.trim_end_matches(".rs");
        name.trim_end_matches("/mod").replace('/', "::")
    }

    fn read(own: &str, text: &str, is_child: impl Fn(&str) -> bool) -> Module {
        let mut module = Module::default();
        let code: Vec<&str> = code(text).map(|(_, line)| line).collect();
        let (mut imports, mut others) = (false, String::new());
        for statement in code.join("\n").split_inclusive(';') {
            let statement = statement.trim();
            let is_import = |line: &str| {
                let line = line.trim_start();
                line.starts_with("use ") || (line.starts_with("pub") && line.contains(" use "))
            };
            let (before, import) = match statement.lines().position(is_import) {
                Some(first) => {
                    let at = statement.lines().take(first).map(|line| line.len() + 1).sum();
                    let (before, import) = statement.split_at(at);
                    (
                        before,
                        import.split_once("use ").map(|(visible, rest)| (visible.trim(), rest)),
                    )
                }
                None => (statement, None),
            };
            others.push_str(before);
            others.push('\n');
            let Some((visibility, import)) = import else {
                continue;
            };
            for path in expanded(import.trim_end_matches(';')) {
                let first = path.split("::").next().unwrap_or_default();
                let Some(path) = full(own, &path, is_child(first)) else {
                    continue;
                };
                if visibility.is_empty() {
                    imports = true;
                } else {
                    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                    module.passed_on.insert(name, path.clone());
                }
                module.paths.push(path);
            }
        }
        let is_declaration = |line: &str| {
            let line = line.trim();
            let is_module = line.contains("mod ") && line.ends_with(';');
            line.is_empty() || line.starts_with("#[") || is_module
        };
        module.is_front_door = !imports && others.lines().all(is_declaration);
        for word in others.split(|own: char| !(own.is_alphanumeric() || "_:".contains(own))) {
            if let Some((first, _)) = word.split_once("::") {
                module.paths.extend(full(own, word.trim_end_matches(':'), is_child(first)));
            }
        }
        module
    }

    /// The paths of an import, one for each name.
    fn expanded(import: &str) -> Vec<String> {
        let Some((before, rest)) = import.split_once('{') else {
            let path = import.split(" as ").next().unwrap_or_default();
            return vec![path.trim().trim_end_matches("::self").to_owned()];
        };
        let inside = rest.trim_end().strip_suffix('}').unwrap_or(rest);
        let (mut depth, mut parts) = (0, vec![String::new()]);
        for own in inside.chars() {
            depth += i32::from(own == '{') - i32::from(own == '}');
            match (own, depth) {
                (',', 0) => parts.push(String::new()),
                _ => parts.last_mut().expect("a part").push(own),
            }
        }
        let parts = parts.iter().filter(|part| !part.trim().is_empty());
        let before = before.trim();
        parts.flat_map(|part| expanded(&format!("{before}{}", part.trim()))).collect()
    }

    /// The path from the crate's root; `None` where it leads elsewhere.
    fn full(own: &str, path: &str, is_child: bool) -> Option<String> {
        if let Some(path) = path.strip_prefix("crate::") {
            return Some(path.to_owned());
        }
        if is_child {
            return Some(format!("{own}::{path}"));
        }
        let mut path = path.strip_prefix("super")?;
        let mut parent = own.rsplit_once("::").map_or("", |(parent, _)| parent);
        while let Some(above) = path.strip_prefix("::super") {
            parent = parent.rsplit_once("::").map_or("", |(parent, _)| parent);
            path = above;
        }
        Some(format!("{parent}{path}"))
    }

    /// The modules that a path leads to: several where it names a front door as a whole.
    fn targets(modules: &BTreeMap<String, Module>, path: &str) -> BTreeSet<String> {
        if let Some(module) = modules.get(path) {
            if module.is_front_door {
                let all = module.passed_on.values();
                return all.flat_map(|path| targets(modules, path)).collect();
            }
            return [path.to_owned()].into();
        }
        let Some((before, name)) = path.rsplit_once("::") else {
            return BTreeSet::new();
        };
        let passed_on = modules.get(before).and_then(|module| module.passed_on.get(name));
        match passed_on {
            Some(path) if modules.contains_key(before) => targets(modules, path),
            _ => targets(modules, before),
        }
    }

    /// Each circle as the way around it.
    pub fn circles(modules: &BTreeMap<String, Module>) -> Vec<String> {
        let imports = |(own, module): (&String, &Module)| {
            let paths = if module.is_front_door { &[][..] } else { &module.paths };
            let mut to: BTreeSet<String> =
                paths.iter().flat_map(|path| targets(modules, path)).collect();
            to.remove(own);
            (own.clone(), to)
        };
        let imports: BTreeMap<String, BTreeSet<String>> = modules.iter().map(imports).collect();
        let (mut found, mut done) = (Vec::new(), BTreeSet::new());
        for own in imports.keys() {
            visit(own, &imports, &mut Vec::new(), &mut done, &mut found);
        }
        found
    }

    fn visit(
        own: &str,
        imports: &BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
        found: &mut Vec<String>,
    ) {
        if let Some(start) = way.iter().position(|before| before == own) {
            found.push(format!("{} -> {own}", way[start..].join(" -> ")));
            return;
        }
        if done.contains(own) {
            return;
        }
        way.push(own.to_owned());
        for next in imports.get(own).into_iter().flatten() {
            visit(next, imports, way, done, found);
        }
        way.pop();
        done.insert(own.to_owned());
    }
}
