use fhe_evaluator::canonical::{encode, parse_loose};
use fhe_evaluator::identity::Identity;
use fhe_evaluator::job::{Job, check, run};
use fhe_evaluator::keys::load;
use fhe_evaluator::refusal::{Outcome, Refusal, refusal, refuse};
use fhe_evaluator::settings::{Card, Domain, read_bounded, read_config};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage:
  fhe-evaluator enrol NAME production|rehearsal KEY CARD     makes this node's key (0600) and its public card
  fhe-evaluator run CONFIG JOB OUT                           admits, computes, squashes, signs; OUT is a new folder

Exit 0 done, 1 refused (the rule is named), 2 wrong use.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["enrol", name, domain, key, card] => enrol(name, domain, Path::new(key), Path::new(card)),
        ["run", config, job, out] => compute(Path::new(config), Path::new(job), Path::new(out)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refusal { rule, detail }) => {
            eprintln!("{rule}: {detail}");
            ExitCode::from(1)
        }
    }
}

fn enrol(name: &str, domain: &str, key: &Path, card: &Path) -> Outcome<()> {
    let domain = match domain {
        "production" => Domain::Production,
        "rehearsal" => Domain::Rehearsal,
        _ => return refuse("ENROL-DOMAIN", "expected production or rehearsal"),
    };
    let identity = Identity::generate();
    write_new(key, &identity.export(), 0o600)?;
    let public = Card {
        v: 1,
        kind: "evaluator".to_owned(),
        domain,
        name: name.to_owned(),
        keys: identity.keys.clone(),
        note: None,
    };
    write_new(card, &encode(&public), 0o644)?;
    println!("{}", identity.keys.id());
    Ok(())
}

fn compute(config: &Path, job: &Path, out: &Path) -> Outcome<()> {
    let say = |line: &str| eprintln!("· {line}");
    let beside: PathBuf = job.parent().unwrap_or(Path::new(".")).to_owned();
    let parsed: Job = parse_loose(&read_bounded(job, 1 << 20)?, "job")?;
    check(&parsed)?;
    say("load the keys");
    let node = load(&read_config(config)?)?;
    tfhe::set_server_key(node.server_key.clone());
    let written = run(&node, &parsed, &beside, out, &say)?;
    println!("{}", serde_json::to_string(&written).expect("what was written is JSON"));
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Outcome<()> {
    let failed = |error: std::io::Error| refusal("FILE", format!("{}: {error}", path.display()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}
