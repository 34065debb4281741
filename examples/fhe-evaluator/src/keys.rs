//! The public files of a ceremony, loaded once.

use crate::canonical::sha256;
use crate::identity::{Identity, VerificationKeys};
use crate::refusal::{Outcome, refusal, refuse};
use crate::settings::{Config, Domain, read_bounded, read_encryptors};
use tfhe::safe_serialization::safe_deserialize;
use tfhe::zk::CompactPkeCrs;
use tfhe::{CompactPublicKey, CompressedServerKey, ServerKey};

const MAX_PUBLIC_KEY: u64 = 1 << 20;
/// A server key is 60 MB, with a squash key 331 MB.
const MAX_SERVER_KEY: u64 = 1 << 30;
/// As the verifiers of bundles have it; one for 64 bits has 3.4 MB.
const MAX_CRS: u64 = 1 << 24;

/// Everything this node computes and judges with.
pub struct Node {
    pub domain: Domain,
    pub key_id: [u8; 32],
    pub public_key: CompactPublicKey,
    pub server_key: ServerKey,
    pub crs: Option<CompactPkeCrs>,
    pub encryptors: Vec<VerificationKeys>,
    pub identity: Identity,
}

/// keyId = SHA-256("lux-fhe/v1/key" || SHA-256(compact public key) || SHA-256(server key)), of the files as they are.
pub fn key_id(public_key: &[u8], server_key: &[u8]) -> [u8; 32] {
    sha256(&[b"lux-fhe/v1/key", &sha256(&[public_key]), &sha256(&[server_key])])
}

pub fn load(config: &Config) -> Outcome<Node> {
    let public_bytes = read_bounded(&config.compact_public_key, MAX_PUBLIC_KEY)?;
    let server_bytes = read_bounded(&config.server_key, MAX_SERVER_KEY)?;
    let key_id = key_id(&public_bytes, &server_bytes);
    if hex::encode(key_id) != config.key_id {
        return refuse(
            "KEY-OTHER",
            format!("the files are of key {}, the config names {}", hex::encode(key_id), config.key_id),
        );
    }
    let public_key: CompactPublicKey = read(&public_bytes, MAX_PUBLIC_KEY, "compact public key")?;
    let compressed: CompressedServerKey = read(&server_bytes, MAX_SERVER_KEY, "server key")?;
    drop(server_bytes);
    let server_key = compressed.decompress();
    if !server_key.supports_noise_squashing() {
        return refuse("KEY-NO-SQUASH", "the server key cannot squash: holders would refuse every result");
    }
    let crs = match &config.crs {
        None => None,
        Some(crs) => {
            let bytes = read_bounded(&crs.file, MAX_CRS)?;
            if hex::encode(sha256(&[&bytes])) != crs.sha256 {
                return refuse("CRS-OTHER", "the reference string is not the one the config names");
            }
            Some(read(&bytes, MAX_CRS, "reference string")?)
        }
    };
    Ok(Node {
        domain: config.domain,
        key_id,
        public_key,
        server_key,
        crs,
        encryptors: read_encryptors(config)?,
        identity: Identity::import(&read_bounded(&config.identity, 1 << 12)?)?,
    })
}

fn read<T: serde::de::DeserializeOwned + tfhe::Unversionize + tfhe::named::Named>(
    bytes: &[u8],
    limit: u64,
    what: &str,
) -> Outcome<T> {
    safe_deserialize(bytes, limit).map_err(|error| refusal("KEY-FORM", format!("{what}: {error}")))
}
