//! The commands of README.md and docs/TUTORIAL.md, pasted in order into bash and zsh: each runs, and each answer that is
//! shown is the one that comes.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Deserializer, Value};

/// Longest wait for a service to serve, and to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands for whatever is left out, or is different each time.
const LEFT_OUT: &str = "…";

/// The shells, each with the arguments that keep a user's own settings out. Bash is everywhere.
const SHELLS: &[(&str, &[&str])] =
    &[("bash", &["--noprofile", "--norc", "-s"]), ("zsh", &["-f", "-s"])];

/// A piece of a document between fences.
struct Block {
    language: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(path).expect("a document");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Whether pasted lines mean the same in a script and at a prompt, where `!` and, in zsh, `#` mean something else.
fn check_characters(block: &Block) {
    for line in block.text.lines() {
        let is_plain = !line.contains('!') && !line.starts_with('#') && !line.contains(" #");
        assert!(is_plain, "is not the same at a prompt: {line}");
    }
}

/// A service that runs by the first commands of a document.
struct Running {
    child: Child,
    address: String,
    folder: PathBuf,
}

impl Running {
    fn start(commands: &str, name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("pe-pasted-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = port.local_addr().expect("its address").to_string();
        drop(port);
        let file = |name| fs::File::create(folder.join(name)).expect("a file");
        let (printed, log) = (file("printed"), file("log"));
        let commands = commands.replace("cargo run --release --", "exec \"$PROGRAM\"");
        let child = Command::new("sh")
            .args(["-c", &commands])
            .env("PROGRAM", env!("CARGO_BIN_EXE_promotion-engine"))
            .env_remove("DATABASE_URL")
            .env("DATA_DIR", folder.join("data"))
            .env("LISTEN_ADDR", &address)
            // The machine may be busy with other tests.
            .env("DATABASE_ACQUIRE_TIMEOUT_MS", "20000")
            .env("DATABASE_LOCK_TIMEOUT_MS", "20000")
            .env("EVALUATE_TIMEOUT_MS", "30000")
            .env("REDEEM_TIMEOUT_MS", "30000")
            .env("ADMIN_TIMEOUT_MS", "30000")
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(log)
            .spawn()
            .expect("the program");
        Self { child, address, folder }
    }

    fn printed(&self) -> String {
        fs::read_to_string(self.folder.join("printed")).expect("what it printed")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("its log")
    }

    fn is_ready(&self) -> bool {
        let Ok(mut connection) = TcpStream::connect(&self.address) else {
            return false;
        };
        let request = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let mut answer = String::new();
        let asked = connection.write_all(request.as_bytes());
        asked.and_then(|()| connection.read_to_string(&mut answer)).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    fn wait_until(&mut self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", self.log());
            assert!(start.elapsed() < PATIENCE, "it does not serve:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Running {
    /// Ends it as by Ctrl-C, so that its database ends too.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        }
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs `paste` with each shell that is there, and says which one is not.
fn in_each_shell(paste: impl Fn(&str, &[&str])) {
    for (shell, arguments) in SHELLS {
        let there = Command::new(shell).args(["-c", ":"]).status();
        if there.is_ok_and(|status| status.success()) {
            paste(shell, arguments);
        } else {
            assert_ne!(*shell, "bash", "there is no bash");
            // Written past the test harness, which would keep it for itself.
            let _ = writeln!(std::io::stderr(), "skipped: there is no {shell} to paste into");
        }
    }
}

/// Pastes the commands among the blocks, and compares what each block prints with the answers shown after it.
fn paste(shell: &str, arguments: &[&str], blocks: &[Block], address: &str) {
    let mut script = String::from("cargo() { shift 3; \"$PROGRAM\" \"$@\"; }\n");
    let mut commands = Vec::new();
    for block in blocks {
        match block.language.as_str() {
            "sh" => {
                check_characters(block);
                script.push_str(&block.text.replace("127.0.0.1:8080", address));
                script.push_str("printf '\\n== status %s\\n' \"$?\"\n");
                commands.push((&block.text, None));
            }
            "json" => {
                let (_, shown) = commands.last_mut().expect("commands before an answer");
                assert!(shown.replace(answers(&block.text)).is_none(), "shown twice");
            }
            _ => {}
        }
    }
    let mut child = Command::new(shell)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PROGRAM", env!("CARGO_BIN_EXE_promotion-engine"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(script.as_bytes()).expect("a shell that reads");
    drop(input);
    let output = child.wait_with_output().expect("its end");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(told, "", "{shell} complains");
    let printed = String::from_utf8(output.stdout).expect("text");
    let mut rest = printed.as_str();
    for (text, shown) in commands {
        let (own, after) = rest.split_once("\n== status ").unwrap_or_else(|| {
            panic!("{shell} ends within\n{text}\nafter\n{rest}");
        });
        let (status, after) = after.split_once('\n').expect("a line");
        rest = after;
        assert_eq!(status, "0", "{shell}: the status of\n{text}\n{own}");
        compare(own, shown).unwrap_or_else(|fault| panic!("{shell}: {fault}\n\n{text}\n{own}"));
    }
}

/// The JSON documents of a block of answers, where `…` among members or elements is a member or an element of its own.
fn answers(text: &str) -> Vec<Value> {
    let member = format!("\"{LEFT_OUT}\": null}}");
    let text = text.replace(", …}", &format!(", {member}")).replace("{…}", &format!("{{{member}"));
    let text = text.replace(", …]", &format!(", \"{LEFT_OUT}\"]"));
    let documents = Deserializer::from_str(&text).into_iter();
    documents.map(|document| document.unwrap_or_else(|err| panic!("{err} in\n{text}"))).collect()
}

/// Compares what a block printed with what is shown of it; where nothing is shown, nothing may have been refused.
fn compare(printed: &str, shown: Option<Vec<Value>>) -> Result<(), String> {
    let lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    let Some(shown) = shown else {
        let refused = lines.iter().find(|line| line.contains("\"type\":\"about:blank\""));
        return refused.map_or(Ok(()), |line| Err(format!("refused: {line}")));
    };
    if shown.len() != lines.len() {
        return Err(format!("{} answers are shown, and {} come", shown.len(), lines.len()));
    }
    for (shown, line) in shown.iter().zip(lines) {
        let real = serde_json::from_str(line).map_err(|err| format!("{err}: {line}"))?;
        fits(shown, &real, "")?;
    }
    Ok(())
}

fn fits(shown: &Value, real: &Value, at: &str) -> Result<(), String> {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            for (name, value) in shown.iter().filter(|(name, _)| *name != LEFT_OUT) {
                let place = format!("{at}/{name}");
                let real = real.get(name).ok_or_else(|| format!("{place} does not come"))?;
                fits(value, real, &place)?;
            }
            let more = real.keys().find(|name| !shown.contains_key(*name));
            match more.filter(|_| !shown.contains_key(LEFT_OUT)) {
                Some(name) => Err(format!("{at}/{name} is not shown")),
                None => Ok(()),
            }
        }
        (Value::Array(shown), Value::Array(real)) => {
            let (shown, may_go_on) = match shown.split_last() {
                Some((last, first)) if *last == LEFT_OUT => (first, true),
                _ => (shown.as_slice(), false),
            };
            if real.len() < shown.len() || (real.len() > shown.len() && !may_go_on) {
                return Err(format!("{at}: {} are shown, and {} come", shown.len(), real.len()));
            }
            let mut pairs = shown.iter().zip(real).enumerate();
            pairs.try_for_each(|(place, (shown, real))| fits(shown, real, &format!("{at}/{place}")))
        }
        (Value::String(shown), Value::String(real)) if shown.ends_with(LEFT_OUT) => {
            let begins = real.starts_with(shown.trim_end_matches(LEFT_OUT));
            begins.then_some(()).ok_or_else(|| format!("{at}: {shown} is shown, {real} comes"))
        }
        _ if shown == real => Ok(()),
        _ => Err(format!("{at}: {shown} is shown, {real} comes")),
    }
}

#[test]
fn the_tutorial_runs() {
    let blocks = blocks("docs/TUTORIAL.md");
    let (start, rest) = blocks.split_first().expect("a block");
    check_characters(start);
    let mut service = Running::start(&start.text, "tutorial");
    service.wait_until(Running::is_ready);
    let shown = rest.iter().filter(|block| block.language == "json").count();
    assert!(shown >= 20, "only {shown} answers are shown");
    in_each_shell(|shell, arguments| paste(shell, arguments, rest, &service.address));
}

#[test]
fn the_readme_runs() {
    let mut blocks = blocks("README.md");
    // The picture is for readers, and the tests run already.
    blocks.retain(|block| block.language != "mermaid" && block.text != "cargo test\n");
    let (start, rest) = blocks.split_first_mut().expect("a block");
    check_characters(start);
    let mut demo = Running::start(&start.text, "readme");
    demo.wait_until(|demo| demo.printed().matches("\ncurl ").count() == 4 && demo.is_ready());
    let printed = demo.printed();
    let row = printed.lines().find(|row| row.trim_start().starts_with("pos "));
    let key = row.and_then(|row| row.split_whitespace().nth(1)).expect("a key");
    for block in rest.iter_mut() {
        block.text = block.text.replace("pe_pos_…", key);
        if block.language == "text" {
            let rows = block.text.lines().filter(|row| !row.contains(LEFT_OUT));
            rows.for_each(|row| assert!(printed.contains(row), "{row} is not in\n{printed}"));
        }
    }
    in_each_shell(|shell, arguments| paste(shell, arguments, rest, &demo.address));
}

#[test]
fn an_answer_that_differs_is_found() {
    let differs = |shown: &str, printed: &str| compare(printed, Some(answers(shown))).is_err();
    let real = r#"{"id":"a-1","of":[{"k":1},{"k":2}],"x":null}"#;
    for fits in [
        r#"{"id": "a-…", "of": [{"k": 1}, …], "x": null}"#,
        r#"{"of": [{…}, {"k": 2}], …}"#,
        r#"{"id": "…", "of": [{…}, {…}], …}"#,
    ] {
        assert!(!differs(fits, real), "{fits}");
    }
    for other in [
        r#"{"id": "b-…", …}"#,
        r#"{"id": "a-1"}"#,
        r#"{"of": [{"k": 1}], …}"#,
        r#"{"of": [{"k": 2}, …], …}"#,
        r#"{"y": null, …}"#,
        r#"{…} {…}"#,
    ] {
        assert!(differs(other, real), "{other}");
    }
    assert!(compare(r#"{"type":"about:blank","status":404}"#, None).is_err());
}
