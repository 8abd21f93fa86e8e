//! The files of the console, as they are embedded. `build.rs` says what they are and where they come from.

use std::io::Read;

use flate2::read::GzDecoder;

/// The page itself.
pub const INDEX: &str = "index.html";

/// Files under this prefix have a hash of their contents in their names, so they never change.
pub const HASHED: &str = "assets/";

/// A file of the console.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Relative to the console's root.
    pub path: &'static str,
    /// Another text when the file is another one.
    pub tag: &'static str,
    /// The contents, compressed.
    pub gzip: &'static [u8],
}

/// `FILES`, in the order of their paths.
mod embedded {
    use super::File;

    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// All files.
pub fn files() -> &'static [File] {
    embedded::FILES
}

/// The file of this path. Paths are compared as texts, so none leads outside.
pub fn file(path: &str) -> Option<File> {
    files().iter().find(|file| file.path == path).copied()
}

impl File {
    pub fn plain(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut plain)?;
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_page() {
        let page = file(INDEX).expect("the build script always leaves a page");
        assert_eq!(page.tag.len(), 32);
        let text = String::from_utf8(page.plain().expect("it was compressed")).expect("HTML");
        assert!(text.contains("<html"), "{text}");
        assert!(files().is_sorted_by_key(|file| file.path));
    }

    #[test]
    fn nothing_is_outside() {
        for path in ["../Cargo.toml", "/index.html", "assets/../index.html", "./index.html", ""] {
            assert!(file(path).is_none(), "{path}");
        }
    }
}
