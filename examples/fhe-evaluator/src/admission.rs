//! The rule that a key's whole safety rests on. One altered word of a list of ciphertexts, honestly expanded and computed
//! on, gives away the key in the answers that follow, and no noise hides it. So a ciphertext comes in with a proof that it
//! was honestly encrypted, bound to this key and its submitter, or with the signature of somebody whom the key's policy
//! names. There is no third way, and no switch that makes one.

use crate::canonical::{parse, sha256};
use crate::identity::{SignedDocument, verify};
use crate::keys::Node;
use crate::refusal::{Outcome, refusal, refuse};
use crate::settings::Domain;
use crate::value::{Kind, Value};
use serde::{Deserialize, Serialize};
use tfhe::integer::ciphertext::IntegerProvenCompactCiphertextListConformanceParams;
use tfhe::prelude::*;
use tfhe::safe_serialization::safe_deserialize_conformant;
use tfhe::{
    CompactCiphertextList, CompactCiphertextListConformanceParams, CompactCiphertextListExpander, FheBool,
    FheBoolConformanceParams, FheInt64, FheInt64ConformanceParams, FheUint8, FheUint8ConformanceParams, FheUint64,
    FheUint64ConformanceParams, ProvenCompactCiphertextList,
};

/// Context of an encryptor's signature on an input.
pub const INPUT_CONTEXT: &str = "lux-fhe/v1/input";
const MAX_INPUT: u64 = 1 << 26;
const MAX_VALUES: usize = 4096;

/// What an encryptor signs: this file, for this key, in this domain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct InputStatement {
    pub v: u8,
    pub domain: Domain,
    pub key_id: String,
    /// SHA-256 of the file.
    pub digest: String,
    pub time: String,
}

/// How an input claims to be honest.
pub enum Claim<'a> {
    /// A proven list whose proof is bound to keyId || submitter.
    Proof { submitter: &'a str },
    /// A signed document over an `InputStatement`.
    Signature { document: &'a [u8] },
}

/// As it stands in the provenance of what is computed from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub digest: String,
    pub admitted: Admitted,
    pub by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admitted {
    Proof,
    Signature,
}

/// Lets in the values of one file, which are of these kinds, or says why not.
pub fn admit(node: &Node, bytes: &[u8], claim: &Claim<'_>, kinds: &[Kind]) -> Outcome<(Origin, Vec<Value>)> {
    if bytes.len() as u64 > MAX_INPUT || kinds.is_empty() || kinds.len() > MAX_VALUES {
        return refuse("ADMIT-SIZE", format!("{} bytes for {} values", bytes.len(), kinds.len()));
    }
    let digest = hex::encode(sha256(&[bytes]));
    match claim {
        Claim::Proof { submitter } => {
            let expander = expand_proven(node, bytes, submitter)?;
            let origin = Origin { digest, admitted: Admitted::Proof, by: (*submitter).to_owned() };
            Ok((origin, take(&expander, kinds)?))
        }
        Claim::Signature { document } => {
            let by = check_signature(node, &digest, document)?;
            let origin = Origin { digest, admitted: Admitted::Signature, by };
            Ok((origin, read_signed(node, bytes, kinds)?))
        }
    }
}

/// keyId || submitter: a proof made for another key or by somebody else does not verify.
pub fn proven_metadata(key_id: &[u8; 32], submitter: &str) -> Vec<u8> {
    [key_id.as_slice(), submitter.as_bytes()].concat()
}

fn expand_proven(node: &Node, bytes: &[u8], submitter: &str) -> Outcome<CompactCiphertextListExpander> {
    let Some(crs) = &node.crs else {
        return refuse("ADMIT-PROOF", "this node has no reference string, so it takes no proofs");
    };
    if submitter.is_empty() || submitter.chars().count() > 200 || submitter.chars().any(char::is_control) {
        return refuse("ADMIT-SUBMITTER", "expected 1 to 200 visible characters");
    }
    // Conformance is part of the proof: the verifier assumes a list of the right shape.
    let shape =
        IntegerProvenCompactCiphertextListConformanceParams::from_crs_and_parameters(node.public_key.parameters(), crs);
    let list: ProvenCompactCiphertextList = safe_deserialize_conformant(bytes, MAX_INPUT, &shape)
        .map_err(|error| refusal("ADMIT-FORM", format!("not a proven list: {error}")))?;
    list.verify_and_expand(crs, &node.public_key, &proven_metadata(&node.key_id, submitter))
        .map_err(|error| refusal("ADMIT-PROOF", format!("the proof does not verify: {error}")))
}

fn check_signature(node: &Node, digest: &str, document: &[u8]) -> Outcome<String> {
    let document: SignedDocument<InputStatement> =
        parse(document, "signed input").map_err(|error| refusal("ADMIT-SIGNATURE", error.to_string()))?;
    let signers = verify(&document, INPUT_CONTEXT, &node.encryptors)
        .map_err(|error| refusal("ADMIT-SIGNATURE", error.to_string()))?;
    let statement = &document.payload;
    if statement.v != 1 || statement.domain != node.domain {
        return refuse("ADMIT-SIGNATURE", "a statement of another version or domain");
    }
    if statement.key_id != hex::encode(node.key_id) {
        return refuse("ADMIT-SIGNATURE", "signed for another key");
    }
    if statement.digest != digest {
        return refuse("ADMIT-SIGNATURE", "signed for another file");
    }
    match signers.first() {
        Some(keys) => Ok(keys.id()),
        None => refuse("ADMIT-SIGNATURE", "nobody signed it"),
    }
}

/// A compact list, or a single ciphertext, in either case of exactly the shape that the key gives it.
fn read_signed(node: &Node, bytes: &[u8], kinds: &[Kind]) -> Outcome<Vec<Value>> {
    let parameters = node.public_key.parameters();
    let size = tfhe::conformance::ListSizeConstraint::try_size_in_range(1, MAX_VALUES)
        .map_err(|error| refusal("ADMIT-FORM", error))?;
    let shape = CompactCiphertextListConformanceParams::from_parameters_and_size_constraint(parameters, size);
    if let Ok(list) = safe_deserialize_conformant::<CompactCiphertextList>(bytes, MAX_INPUT, &shape) {
        let expander = list.expand().map_err(|error| refusal("ADMIT-FORM", error.to_string()))?;
        return take(&expander, kinds);
    }
    let [kind] = kinds else {
        return refuse("ADMIT-FORM", "neither a packed compact list nor a single ciphertext of this key");
    };
    let key = &node.server_key;
    let read = match kind {
        Kind::U8 => safe_deserialize_conformant::<FheUint8>(bytes, MAX_INPUT, &FheUint8ConformanceParams::from(key))
            .map(Value::U8),
        Kind::U64 => safe_deserialize_conformant::<FheUint64>(bytes, MAX_INPUT, &FheUint64ConformanceParams::from(key))
            .map(Value::U64),
        Kind::I64 => safe_deserialize_conformant::<FheInt64>(bytes, MAX_INPUT, &FheInt64ConformanceParams::from(key))
            .map(Value::I64),
        Kind::Bool => safe_deserialize_conformant::<FheBool>(bytes, MAX_INPUT, &FheBoolConformanceParams::from(key))
            .map(Value::Bool),
    };
    Ok(vec![read.map_err(|error| refusal("ADMIT-FORM", error))?])
}

fn take(expander: &CompactCiphertextListExpander, kinds: &[Kind]) -> Outcome<Vec<Value>> {
    if expander.len() != kinds.len() {
        return refuse("ADMIT-KINDS", format!("the list has {} values, {} are named", expander.len(), kinds.len()));
    }
    kinds
        .iter()
        .enumerate()
        .map(|(at, kind)| {
            let value = match kind {
                Kind::U8 => expander.get::<FheUint8>(at).map(|one| one.map(Value::U8)),
                Kind::U64 => expander.get::<FheUint64>(at).map(|one| one.map(Value::U64)),
                Kind::I64 => expander.get::<FheInt64>(at).map(|one| one.map(Value::I64)),
                Kind::Bool => expander.get::<FheBool>(at).map(|one| one.map(Value::Bool)),
            };
            match value {
                Ok(Some(value)) => Ok(value),
                _ => refuse("ADMIT-KINDS", format!("value {} is not of kind {}", at + 1, kind.name())),
            }
        })
        .collect()
}
