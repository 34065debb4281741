//! A compute node for keys that Lux Custody deals: what it lets in, what it computes, and what it says about it.

pub mod admission;
pub mod canonical;
pub mod ciphertext_digest;
pub mod identity;
pub mod job;
pub mod keys;
pub mod provenance;
pub mod refusal;
pub mod settings;
pub mod value;
