//! What native takes for what the ceremony does in wasm, and for squashing. One JSON document of milliseconds and MiB.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;
use tfhe::integer::U256;
use tfhe::prelude::*;
use tfhe::shortint::parameters::{
    NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128, PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
};
use tfhe::{
    ClientKey, CompactPublicKey, CompressedServerKey, ConfigBuilder, FheUint8, FheUint64, FheUint256, set_server_key,
};

fn main() {
    let mut figures: BTreeMap<&str, f64> = BTreeMap::new();
    let plain = || ConfigBuilder::with_custom_parameters(PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128);
    let key = timed(&mut figures, "client key", || ClientKey::generate(plain().build()));
    timed(&mut figures, "compact public key", || CompactPublicKey::new(&key));
    timed(&mut figures, "server key", || CompressedServerKey::new(&key));
    figures.insert("peak MiB, server key", peak_mib());

    let squash = plain().enable_noise_squashing(NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128);
    let key = ClientKey::generate(squash.build());
    let compressed = timed(&mut figures, "server key with squash key", || CompressedServerKey::new(&key));
    figures.insert("peak MiB, server key with squash key", peak_mib());
    let server = timed(&mut figures, "decompress the server key", || compressed.decompress());
    set_server_key(server);
    let small = FheUint8::encrypt(7u8, &key) + FheUint8::encrypt(8u8, &key);
    let large = FheUint64::encrypt(7u64, &key) + FheUint64::encrypt(8u64, &key);
    timed(&mut figures, "squash u8", || small.squash_noise().expect("squashed"));
    timed(&mut figures, "squash u64", || large.squash_noise().expect("squashed"));
    let fresh = FheUint256::encrypt(U256::from(7u64), &key);
    timed(&mut figures, "decrypt u256", || {
        let value: U256 = fresh.decrypt(&key);
        value
    });
    figures.insert("peak MiB", peak_mib());
    println!("{}", serde_json::to_string(&figures).expect("figures are JSON"));
}

fn timed<T>(figures: &mut BTreeMap<&str, f64>, name: &'static str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let made = work();
    figures.insert(name, began.elapsed().as_secs_f64() * 1000.0);
    made
}

/// Linux: the most memory that this process has held; 0 elsewhere.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
