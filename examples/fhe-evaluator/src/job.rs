//! Runs a job: admits its inputs, computes step by step, squashes what is to be decrypted, and signs where it comes from.

use crate::admission::{Claim, Origin, admit};
use crate::canonical::encode;
use crate::ciphertext_digest::squashed_digest;
use crate::keys::Node;
use crate::provenance::{self, sign};
use crate::refusal::{Outcome, refusal, refuse};
use crate::settings::read_bounded;
use crate::value::{Kind, Operation, Value, apply};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub v: u8,
    /// Name and version of the program: what holders read.
    pub program: String,
    pub inputs: Vec<Input>,
    pub steps: Vec<Step>,
    pub outputs: Vec<String>,
}

/// One file. Exactly one of `submitter` and `signature` says why it may come in; a file with neither is never read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub file: PathBuf,
    pub submitter: Option<String>,
    pub signature: Option<PathBuf>,
    /// Name and kind of each value in it, in order.
    pub values: Vec<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub operation: Operation,
    pub of: Vec<String>,
}

/// What was written, for whoever called.
#[derive(Debug, Serialize)]
pub struct Written {
    pub name: String,
    pub kind: Kind,
    pub digest: String,
    pub ciphertext: PathBuf,
    pub provenance: PathBuf,
}

type Values = BTreeMap<String, (Value, BTreeSet<Origin>)>;

/// Paths of inputs are relative to `beside`; results go to `out`, which must not exist.
pub fn run(node: &Node, job: &Job, beside: &Path, out: &Path, say: &dyn Fn(&str)) -> Outcome<Vec<Written>> {
    check(job)?;
    let mut values = admit_all(node, job, beside, say)?;
    for step in &job.steps {
        say(&format!("compute {}", step.name));
        let operands = step.of.iter().map(|name| find(&values, name)).collect::<Outcome<Vec<_>>>()?;
        let origins = operands.iter().flat_map(|(_, origins)| origins.iter().cloned()).collect();
        let value = apply(step.operation, &operands.iter().map(|(value, _)| value).collect::<Vec<_>>())?;
        insert(&mut values, &step.name, value, origins)?;
    }
    fs::create_dir(out).map_err(|error| refusal("FILE", format!("{}: {error}", out.display())))?;
    job.outputs
        .iter()
        .map(|name| {
            say(&format!("squash {name}"));
            let (value, origins) = find(&values, name)?;
            write(node, job, out, name, value, origins)
        })
        .collect()
}

/// What can be seen without any key: the form, and that no input is bare.
pub fn check(job: &Job) -> Outcome<()> {
    for input in &job.inputs {
        let file = input.file.display();
        match (&input.submitter, &input.signature) {
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) => {
                return refuse(
                    "ADMIT-BARE",
                    format!("{file}: neither proven nor signed: one altered word of a bare list gives the key away"),
                );
            }
            (Some(_), Some(_)) => return refuse("JOB-FORM", format!("{file}: proven or signed, not both")),
        }
    }
    let length = job.program.chars().count();
    if job.v != 1 || length == 0 || length > 200 || job.program.chars().any(char::is_control) {
        return refuse("JOB-FORM", "v is 1, and program 1 to 200 visible characters");
    }
    let names = job.inputs.iter().flat_map(|input| input.values.iter().map(|value| &value.name));
    for name in names.chain(job.steps.iter().map(|step| &step.name)) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return refuse("JOB-FORM", format!("{name:?}: a name is 1 to 64 of a-z, 0-9 and -"));
        }
    }
    Ok(())
}

fn admit_all(node: &Node, job: &Job, beside: &Path, say: &dyn Fn(&str)) -> Outcome<Values> {
    let mut values = Values::new();
    for input in &job.inputs {
        let file = beside.join(&input.file);
        let document;
        let claim = match (&input.submitter, &input.signature) {
            (Some(submitter), None) => Claim::Proof { submitter },
            (None, Some(path)) => {
                document = read_bounded(&beside.join(path), 1 << 20)?;
                Claim::Signature { document: &document }
            }
            _ => return refuse("ADMIT-BARE", format!("{}: neither proven nor signed", file.display())),
        };
        let kinds: Vec<Kind> = input.values.iter().map(|value| value.kind).collect();
        let (origin, admitted) = admit(node, &read_bounded(&file, 1 << 26)?, &claim, &kinds)?;
        say(&format!("admitted {} ({:?}, {})", file.display(), origin.admitted, origin.by));
        for (named, value) in input.values.iter().zip(admitted) {
            insert(&mut values, &named.name, value, BTreeSet::from([origin.clone()]))?;
        }
    }
    Ok(values)
}

fn find<'values>(values: &'values Values, name: &str) -> Outcome<&'values (Value, BTreeSet<Origin>)> {
    values.get(name).ok_or_else(|| refusal("JOB-NAME", format!("{name}: no such value")))
}

fn insert(values: &mut Values, name: &str, value: Value, origins: BTreeSet<Origin>) -> Outcome<()> {
    match values.insert(name.to_owned(), (value, origins)) {
        None => Ok(()),
        Some(_) => refuse("JOB-NAME", format!("{name}: named twice")),
    }
}

fn write(node: &Node, job: &Job, out: &Path, name: &str, value: &Value, inputs: &BTreeSet<Origin>) -> Outcome<Written> {
    let kind = value.kind();
    let bytes = value.squash()?;
    let digest = squashed_digest(&bytes, kind)?;
    let result =
        provenance::Result { domain: node.domain, key_id: &node.key_id, kind, digest, program: &job.program, inputs };
    let document = sign(&node.identity, &result);
    let ciphertext = out.join(format!("{name}.squashed.bin"));
    let provenance = out.join(format!("{name}.provenance.json"));
    for (path, content) in [(&ciphertext, &bytes), (&provenance, &encode(&document))] {
        fs::write(path, content).map_err(|error| refusal("FILE", format!("{}: {error}", path.display())))?;
    }
    Ok(Written { name: name.to_owned(), kind, digest: hex::encode(digest), ciphertext, provenance })
}
