//! The two files that people write: what this node is, and what it shall compute.

use crate::canonical::{parse, parse_loose};
use crate::identity::VerificationKeys;
use crate::refusal::{Outcome, refusal, refuse};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    Production,
    Rehearsal,
}

/// Paths are relative to the file they stand in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    pub v: u8,
    pub domain: Domain,
    /// The key this node computes under, 64 hexadecimal digits, as the ceremony's report and `public.bin` say it.
    pub key_id: String,
    pub compact_public_key: PathBuf,
    pub server_key: PathBuf,
    /// The reference string of proven lists, and its SHA-256. Its maker can forge proofs: take it from the bundle.
    pub crs: Option<Crs>,
    /// Cards of the encryptors that the key's policy names. Nobody else's signature admits anything.
    pub encryptors: Vec<PathBuf>,
    /// This node's own key, made by `enrol`.
    pub identity: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crs {
    pub file: PathBuf,
    pub sha256: String,
}

/// A person's or program's public card, docs/SPEC.md section 5.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub v: u8,
    pub kind: String,
    pub domain: Domain,
    pub name: String,
    pub keys: VerificationKeys,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

pub fn read_config(path: &Path) -> Outcome<Config> {
    let mut config: Config = parse_loose(&read_bounded(path, 1 << 20)?, "config")?;
    if config.v != 1 {
        return refuse("CONFIG-VERSION", "v: expected 1");
    }
    let beside = |file: &PathBuf| path.parent().unwrap_or(Path::new(".")).join(file);
    config.compact_public_key = beside(&config.compact_public_key);
    config.server_key = beside(&config.server_key);
    config.identity = beside(&config.identity);
    config.encryptors = config.encryptors.iter().map(beside).collect();
    if let Some(crs) = &mut config.crs {
        crs.file = beside(&crs.file);
    }
    Ok(config)
}

/// The keys of the encryptors' cards; a card of another domain or kind is refused.
pub fn read_encryptors(config: &Config) -> Outcome<Vec<VerificationKeys>> {
    config
        .encryptors
        .iter()
        .map(|path| {
            let card: Card = parse(&read_bounded(path, 1 << 15)?, "card")?;
            if card.v != 1 || card.kind != "encryptor" || card.domain != config.domain {
                return refuse(
                    "CONFIG-ENCRYPTOR",
                    format!("{}: not an encryptor's card of this domain", path.display()),
                );
            }
            Ok(card.keys)
        })
        .collect()
}

pub fn read_bounded(path: &Path, most: u64) -> Outcome<Vec<u8>> {
    let failed = |error: std::io::Error| refusal("FILE", format!("{}: {error}", path.display()));
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > most {
        return refuse("FILE-SIZE", format!("{}: {size} bytes, at most {most}", path.display()));
    }
    fs::read(path).map_err(failed)
}
