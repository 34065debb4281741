//! RFC 8785 JSON, narrowed as docs/SPEC.md section 1 says: what is signed has exactly one encoding.

use crate::refusal::{Outcome, refusal, refuse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The canonical bytes of a value. Panics on what is no JSON, which our own types never are.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("a value of ours is JSON")
}

/// A value out of canonical bytes: other encodings of the same value, unknown members and trailing bytes are refused.
pub fn parse<T: DeserializeOwned + Serialize>(bytes: &[u8], what: &str) -> Outcome<T> {
    let value: T = serde_json::from_slice(bytes).or_else(|error| refuse("FORM-JSON", format!("{what}: {error}")))?;
    if encode(&value) != bytes {
        return refuse("FORM-CANONICAL", format!("{what}: not in canonical form"));
    }
    Ok(value)
}

/// A file that people write: any JSON of the right shape.
pub fn parse_loose<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Outcome<T> {
    serde_json::from_slice(bytes).map_err(|error| refusal("FORM-JSON", format!("{what}: {error}")))
}

pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
