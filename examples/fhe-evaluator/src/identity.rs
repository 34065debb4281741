//! Hybrid signatures, docs/SPEC.md section 2: every key of an identity signs the same message, or nothing is signed.

use crate::canonical::{encode, parse, sha256};
use crate::refusal::{Outcome, refusal, refuse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::Signer;
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa65};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

const MAX_SIGNATURES: usize = 64;

/// Ed25519 and ML-DSA-65, base64. P-256 alone or beside them is for tokens: an evaluator and its encryptors have both of
/// these and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VerificationKeys {
    pub ed25519: String,
    pub ml_dsa65: String,
}

impl VerificationKeys {
    /// SHA-256 of the keys in canonical form: the identity's name.
    pub fn id(&self) -> String {
        hex::encode(sha256(&[&encode(self)]))
    }

    fn ed25519(&self) -> Outcome<ed25519_dalek::VerifyingKey> {
        let bytes: [u8; 32] = fixed(&self.ed25519, "KEYS-ED25519")?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes)
            .map_err(|_| refusal("KEYS-ED25519", "not a point of the curve"))?;
        if key.is_weak() {
            return refuse("KEYS-ED25519", "a point of small order");
        }
        Ok(key)
    }

    fn ml_dsa65(&self) -> Outcome<ml_dsa::VerifyingKey<MlDsa65>> {
        let bytes: [u8; 1952] = fixed(&self.ml_dsa65, "KEYS-MLDSA65")?;
        Ok(ml_dsa::VerifyingKey::decode(&EncodedVerifyingKey::<MlDsa65>::from(bytes)))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HybridSignature {
    pub signer: String,
    pub ed25519: String,
    pub ml_dsa65: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedDocument<T> {
    pub payload: T,
    pub signatures: Vec<HybridSignature>,
}

/// The secret seeds; zeroed when dropped.
pub struct Identity {
    ed25519: ed25519_dalek::SigningKey,
    ml_dsa65: ml_dsa::SigningKey<MlDsa65>,
    pub keys: VerificationKeys,
}

/// How `custody` keeps an identity, too: canonical JSON of base64 seeds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExportedIdentity {
    v: u8,
    ed25519: String,
    ml_dsa65: String,
}

impl Drop for ExportedIdentity {
    fn drop(&mut self) {
        self.ed25519.zeroize();
        self.ml_dsa65.zeroize();
    }
}

impl Identity {
    pub fn generate() -> Self {
        let mut seeds = Zeroizing::new([[0u8; 32]; 2]);
        for seed in seeds.iter_mut() {
            getrandom::fill(seed).expect("the system has randomness");
        }
        Self::from_seeds(&seeds[0], &seeds[1])
    }

    pub fn from_seeds(ed25519: &[u8; 32], ml_dsa65: &[u8; 32]) -> Self {
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(ed25519);
        let ml_dsa65 = ml_dsa::SigningKey::<MlDsa65>::from_seed(&(*ml_dsa65).into());
        let public = ml_dsa::Keypair::verifying_key(&ml_dsa65).encode();
        let keys = VerificationKeys {
            ed25519: BASE64.encode(ed25519.verifying_key().as_bytes()),
            ml_dsa65: BASE64.encode(&public[..]),
        };
        Self { ed25519, ml_dsa65, keys }
    }

    pub fn import(bytes: &[u8]) -> Outcome<Self> {
        let exported: ExportedIdentity = parse(bytes, "identity")?;
        if exported.v != 1 {
            return refuse("IDENTITY-SHAPE", "v is not 1");
        }
        let ed25519 = Zeroizing::new(fixed::<32>(&exported.ed25519, "IDENTITY-SHAPE")?);
        let ml_dsa65 = Zeroizing::new(fixed::<32>(&exported.ml_dsa65, "IDENTITY-SHAPE")?);
        Ok(Self::from_seeds(&ed25519, &ml_dsa65))
    }

    /// Secret: write it for its owner alone.
    pub fn export(&self) -> Zeroizing<Vec<u8>> {
        let exported = ExportedIdentity {
            v: 1,
            ed25519: BASE64.encode(Zeroizing::new(self.ed25519.to_bytes())),
            ml_dsa65: BASE64.encode(&self.ml_dsa65.as_seed()[..]),
        };
        Zeroizing::new(encode(&exported))
    }

    /// A signed document of the payload's canonical bytes.
    pub fn sign<T: Serialize>(&self, context: &str, payload: T) -> SignedDocument<T> {
        let message = signed_message(context, &encode(&payload));
        // FIPS 204, pure, empty context: ours stands in the message.
        let ml_dsa65 =
            self.ml_dsa65.expanded_key().sign_deterministic(&message, &[]).expect("an empty context is never too long");
        let signature = HybridSignature {
            signer: self.keys.id(),
            ed25519: BASE64.encode(self.ed25519.sign(&message).to_bytes()),
            ml_dsa65: BASE64.encode(&ml_dsa65.encode()[..]),
        };
        SignedDocument { payload, signatures: vec![signature] }
    }
}

/// The bytes that every scheme signs: utf8(context) || 0x00 || payload.
fn signed_message(context: &str, payload: &[u8]) -> Vec<u8> {
    [context.as_bytes(), &[0], payload].concat()
}

/// The signers of a document: every signature must verify and be of somebody known, and nobody signs twice.
pub fn verify<'known, T: Serialize>(
    document: &SignedDocument<T>,
    context: &str,
    known: &'known [VerificationKeys],
) -> Outcome<Vec<&'known VerificationKeys>> {
    if document.signatures.is_empty() || document.signatures.len() > MAX_SIGNATURES {
        return refuse("DOC-01", format!("{} signatures", document.signatures.len()));
    }
    let message = signed_message(context, &encode(&document.payload));
    let mut signers: Vec<&VerificationKeys> = Vec::new();
    for signature in &document.signatures {
        let Some(keys) = known.iter().find(|keys| keys.id() == signature.signer) else {
            return refuse("DOC-03", "signed by somebody who is not named");
        };
        if signers.contains(&keys) {
            return refuse("DOC-02", "signed twice by one identity");
        }
        verify_one(keys, &message, signature)?;
        signers.push(keys);
    }
    Ok(signers)
}

fn verify_one(keys: &VerificationKeys, message: &[u8], signature: &HybridSignature) -> Outcome<()> {
    let bytes: [u8; 64] = fixed(&signature.ed25519, "SIGN-04")?;
    keys.ed25519()?
        .verify_strict(message, &ed25519_dalek::Signature::from_bytes(&bytes))
        .map_err(|_| refusal("SIGN-06", "the Ed25519 part does not verify"))?;
    let bytes: [u8; 3309] = fixed(&signature.ml_dsa65, "SIGN-04")?;
    let decoded = ml_dsa::Signature::<MlDsa65>::decode(&EncodedSignature::<MlDsa65>::from(bytes))
        .ok_or_else(|| refusal("SIGN-04", "the ML-DSA-65 part is malformed"))?;
    if !keys.ml_dsa65()?.verify_with_context(message, &[], &decoded) {
        return refuse("SIGN-06", "the ML-DSA-65 part does not verify");
    }
    Ok(())
}

fn fixed<const N: usize>(text: &str, rule: &'static str) -> Outcome<[u8; N]> {
    // The standard engine refuses missing padding and unused bits that are not zero.
    let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| refusal(rule, "not base64"))?);
    <[u8; N]>::try_from(bytes.as_slice()).map_err(|_| refusal(rule, format!("expected {N} bytes, got {}", bytes.len())))
}
