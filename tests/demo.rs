//! `promotion-engine demo` as a newcomer meets it: the first run, the second, and a port that is taken.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longest wait for what a run prints.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder that vanishes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("pe-demo-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A run of the demo, which does not outlive its test.
struct Demo(Child);

impl Demo {
    fn start(folder: &Folder, address: &str, more: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_promotion-engine"))
            .args(["demo", "--listen-addr", address, "--data-dir"])
            .arg(&folder.0)
            .args(more)
            // Neither another database nor another run's settings are to be met.
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        Self(child)
    }

    /// What it prints until it serves.
    fn printed(&mut self) -> String {
        let output = self.0.stdout.take().expect("the standard output");
        let (send, printed) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let mut curls = 0;
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                text.push_str(&line);
                text.push('\n');
                curls += usize::from(line.starts_with("curl "));
                if curls == 4 {
                    break;
                }
            }
            let _ = send.send(text);
        });
        printed.recv_timeout(PATIENCE).expect("the demo to print its lines in time")
    }

    /// Ends as by Ctrl-C.
    fn interrupt(mut self) {
        let pid = self.0.id().to_string();
        let killed = Command::new("kill").args(["-INT", &pid]).status().expect("kill");
        assert!(killed.success());
        let ended = self.0.wait().expect("the end of the demo");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The admin's key among what was printed.
fn admin_key(printed: &str) -> &str {
    let row = printed.lines().find(|row| row.trim_start().starts_with("admin "));
    row.and_then(|row| row.split_whitespace().nth(1)).expect("an admin's key")
}

#[test]
fn a_later_run_finds_its_shop_and_makes_new_keys_unless_it_is_to_begin_anew() {
    let folder = Folder::new("twice");
    let mut keys = Vec::new();
    for more in [&[] as &[&str], &[], &["--fresh"]] {
        let mut demo = Demo::start(&folder, "127.0.0.1:0", more);
        let printed = demo.printed();
        for row in [
            "Marigold Bazaar",
            "Any 3 kurtas for ₹1,999",
            "To pay, after",
            "Nearly",
            "Welcome: ₹100 off over ₹500",
            "2 × Bath towel, white",
            "To pay, after 100.00 off",
            "₹ 698.00",
            "What was earned is used up.",
            "curl -sS",
        ] {
            assert!(printed.contains(row), "{row} is not in\n{printed}");
        }
        keys.push(admin_key(&printed).to_owned());
        demo.interrupt();
    }
    // The tenant is the second part of a key.
    let tenants: Vec<_> = keys.iter().map(|key| key.split('_').nth(2)).collect();
    assert_eq!(tenants[0], tenants[1]);
    assert_ne!(keys[0], keys[1]);
    assert_ne!(tenants[1], tenants[2], "a fresh shop is another tenant");
}

#[test]
fn a_taken_port_is_told_before_anything_is_made() {
    let folder = Folder::new("taken");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let mut demo = Demo::start(&folder, &address, &[]);
    let mut told = String::new();
    let mut output = demo.0.stderr.take().expect("the standard error");
    output.read_to_string(&mut told).expect("a message");
    assert!(told.contains(&format!("{address} is in use")), "{told}");
    assert_eq!(demo.0.wait().expect("the end of the demo").code(), Some(1));
    assert!(!folder.0.exists());
}
