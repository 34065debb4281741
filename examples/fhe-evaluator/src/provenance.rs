//! What this node says about a result, and what holders believe of it: the signature of an evaluator whom their own share
//! names.

use crate::admission::Origin;
use crate::identity::{Identity, SignedDocument};
use crate::settings::Domain;
use crate::value::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub const PROVENANCE_CONTEXT: &str = "lux-fhe/v1/provenance";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provenance {
    pub v: u8,
    pub domain: Domain,
    pub key_id: String,
    /// S: computed and squashed.
    pub mode: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub ciphertexts: Vec<String>,
    pub program: String,
    pub inputs: Vec<Origin>,
    pub time: String,
}

pub struct Result<'a> {
    pub domain: Domain,
    pub key_id: &'a [u8; 32],
    pub kind: Kind,
    pub digest: [u8; 32],
    pub program: &'a str,
    pub inputs: &'a BTreeSet<Origin>,
}

pub fn sign(identity: &Identity, result: &Result<'_>) -> SignedDocument<Provenance> {
    let provenance = Provenance {
        v: 1,
        domain: result.domain,
        key_id: hex::encode(result.key_id),
        mode: "S".to_owned(),
        kind: result.kind,
        ciphertexts: vec![hex::encode(result.digest)],
        program: result.program.to_owned(),
        inputs: result.inputs.iter().cloned().collect(),
        time: now(),
    };
    identity.sign(PROVENANCE_CONTEXT, provenance)
}

/// UTC with milliseconds, as SPEC section 1 writes time.
pub fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
