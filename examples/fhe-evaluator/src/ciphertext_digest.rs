//! What a holder is asked to decrypt is named by a digest over masks and bodies alone, docs/THRESHOLD-FHE.md.

use crate::canonical::sha256;
use crate::refusal::{Outcome, refuse};
use crate::value::Kind;

const DIMENSION: usize = 4096;
const WORD: usize = 16;
const WIDTH: u8 = 128;

/// SHA-256("lux-fhe/v1/ct" || u8 kind || u32 bits || u8 K || u32 blocks || D...) of a squashed ciphertext as tfhe writes it.
pub fn squashed_digest(bytes: &[u8], kind: Kind) -> Outcome<[u8; 32]> {
    let (code, bits): (u8, u32) = match kind {
        Kind::Bool => (0, 1),
        Kind::U8 => (1, 8),
        Kind::U64 => (1, 64),
        Kind::I64 => (2, 64),
    };
    let blocks = blocks(bytes, kind)?;
    let mut parts: Vec<Vec<u8>> = vec![
        b"lux-fhe/v1/ct".to_vec(),
        vec![code],
        bits.to_le_bytes().to_vec(),
        vec![WIDTH],
        (blocks.len() as u32).to_le_bytes().to_vec(),
    ];
    for words in blocks {
        let dimension = (DIMENSION as u32).to_le_bytes();
        parts.push(sha256(&[b"lux-fhe/v1/block", &[WIDTH], &dimension, words]).to_vec());
    }
    Ok(sha256(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// Mask and body of every block.
fn blocks(bytes: &[u8], kind: Kind) -> Outcome<Vec<&[u8]>> {
    let mut rest = bytes;
    let mut take = |length: usize| -> Outcome<&[u8]> {
        if rest.len() < length {
            return refuse("SQUASH-FORM", "the ciphertext ends too early");
        }
        let (head, tail) = rest.split_at(length);
        rest = tail;
        Ok(head)
    };
    // u64 3 "0.5", u32 0, u64 3 "0.1", u64 length, name; u32 1, 0, 0.
    take(11 + 4 + 11)?;
    let name = u64_of(take(8)?);
    take(usize::try_from(name).unwrap_or(usize::MAX))?;
    take(12)?;
    let count = if kind == Kind::Bool { 1 } else { u64_of(take(8)?) };
    if count == 0 || count > 512 {
        return refuse("SQUASH-FORM", format!("{count} blocks"));
    }
    let mut found = Vec::new();
    for _ in 0..count {
        take(8)?;
        if u64_of(take(8)?) != DIMENSION as u64 + 1 {
            return refuse("SQUASH-FORM", "another dimension than the parameters have");
        }
        found.push(take((DIMENSION + 1) * WORD)?);
        // Modulus u32 0, u128 0, u64 128; degree and two moduli of u32 0, u64.
        take(28 + 3 * 12)?;
    }
    Ok(found)
}

fn u64_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte))
}
