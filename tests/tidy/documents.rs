//! What readers are given: links that lead somewhere, and tables that fit a screen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of the first thing that a newcomer reads.
const MAX_README_LINES: usize = 150;

/// Most characters of a cell of a table.
const MAX_CELL: usize = 300;

/// The documents, by their paths.
fn documents() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let folder = fs::read_dir(root.join("docs")).expect("the folder of documents");
    let others = folder.map(|entry| entry.expect("an entry").path());
    let paths = listed.iter().map(|name| root.join(name)).chain(others);
    let paths = paths.filter(|path| path.extension().is_some_and(|own| own == "md"));
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a document");
        (path, text)
    };
    paths.map(text).collect()
}

/// The lines outside of fences, without what is written as code.
fn prose(text: &str) -> Vec<String> {
    let (mut fenced, mut lines) = (false, Vec::new());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push(line.split('`').step_by(2).collect());
        }
    }
    lines
}

/// What of its headings a link may lead to.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if fenced || !line.starts_with('#') || !heading.starts_with(' ') {
            continue;
        }
        let heading = heading.trim().to_lowercase().replace(' ', "-");
        let is_kept = |own: &char| own.is_alphanumeric() || "-_".contains(*own);
        let anchor: String = heading.chars().filter(is_kept).collect();
        let again = (1..).map(|count| format!("{anchor}-{count}"));
        let mut names = std::iter::once(anchor.clone()).chain(again);
        anchors.extend(names.find(|name| !anchors.contains(name)));
    }
    anchors
}

/// The targets of the links of a text.
fn links(text: &str) -> Vec<String> {
    let of_line = |line: &String| {
        let parts = line.split("](").skip(1);
        parts.filter_map(|part| Some(part.split_once(')')?.0.to_owned())).collect::<Vec<_>>()
    };
    prose(text).iter().flat_map(of_line).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    let (mut faults, mut count) = (Vec::new(), 0);
    for (path, text) in &documents {
        for link in links(text).iter().filter(|link| !link.contains("://")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = path.parent().expect("a folder");
            let target = if file.is_empty() { path.clone() } else { folder.join(file) };
            let leads = target.canonicalize().is_ok_and(|target| {
                let text = documents.get(&target);
                anchor.is_empty() || text.is_some_and(|text| anchors(text).contains(anchor))
            });
            if !leads {
                faults.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(count > 50, "only {count} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tables_and_the_readme_are_short() {
    let documents = documents();
    let text = |name: &str| {
        let found = documents.iter().find(|(path, _)| path.ends_with(name));
        found.expect("a document").1.as_str()
    };
    let lines = text("README.md").lines().count();
    assert!(lines <= MAX_README_LINES, "README.md has {lines} lines");
    let rows = text("docs/RELIABILITY.md").lines().filter(|line| line.starts_with('|'));
    for cell in rows.flat_map(|row| row.split('|')) {
        assert!(cell.trim().chars().count() <= MAX_CELL, "a cell is too long: {cell}");
    }
}

#[test]
fn links_and_anchors_are_found_as_the_site_makes_them() {
    let text = "# The `one` & *only*\n## At 3 a.m.\n```sh\n# no [x](y)\n```\n## At 3 a.m.\n`[a](b)` [c](d#e) [f](g)";
    assert_eq!(links(text), ["d#e", "g"]);
    let expected = ["at-3-am", "at-3-am-1", "the-one--only"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(expected));
}
