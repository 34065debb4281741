//! The admission rule: nothing comes in bare, altered, for another key, by a stranger, or with another's proof.

use fhe_evaluator::admission::{Admitted, Claim, INPUT_CONTEXT, InputStatement, admit, proven_metadata};
use fhe_evaluator::canonical::{encode, parse, sha256};
use fhe_evaluator::ciphertext_digest::squashed_digest;
use fhe_evaluator::identity::{Identity, SignedDocument, verify};
use fhe_evaluator::job::{Job, run};
use fhe_evaluator::keys::{Node, key_id};
use fhe_evaluator::provenance::{PROVENANCE_CONTEXT, Provenance};
use fhe_evaluator::settings::Domain;
use fhe_evaluator::value::{Kind, Operation, Value, apply};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tfhe::prelude::*;
use tfhe::safe_serialization::{safe_deserialize, safe_serialize};
use tfhe::shortint::parameters::{
    NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
    PARAM_KEYSWITCH_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128, PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
    PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
};
use tfhe::zk::{CompactPkeCrs, ZkComputeLoad};
use tfhe::{
    ClientKey, CompactCiphertextList, CompactPublicKey, ConfigBuilder, FheUint8, ProvenCompactCiphertextList,
    ServerKey, SquashedNoiseFheUint, set_server_key,
};

struct World {
    node: Node,
    client_key: ClientKey,
    encryptor: Identity,
}

/// One key for all tests: making it takes seconds.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = ConfigBuilder::with_custom_parameters(PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128)
        .use_dedicated_compact_public_key_parameters((
            PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
            PARAM_KEYSWITCH_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
        ))
        .enable_noise_squashing(NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128)
        .build();
    let client_key = ClientKey::generate(config);
    let encryptor = Identity::generate();
    let node = Node {
        domain: Domain::Rehearsal,
        key_id: key_id(b"public key", b"server key"),
        public_key: CompactPublicKey::new(&client_key),
        server_key: ServerKey::new(&client_key),
        crs: Some(CompactPkeCrs::from_config(config, 64).expect("a reference string")),
        encryptors: vec![encryptor.keys.clone()],
        identity: Identity::generate(),
    };
    World { node, client_key, encryptor }
});

fn world() -> &'static World {
    set_server_key(WORLD.node.server_key.clone());
    &WORLD
}

fn list(world: &World, value: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let list = CompactCiphertextList::builder(&world.node.public_key).push(value).build_packed();
    safe_serialize(&list, &mut bytes, 1 << 30).expect("serialized");
    bytes
}

fn proven(world: &World, value: u8, metadata: &[u8]) -> Vec<u8> {
    let crs = world.node.crs.as_ref().expect("a reference string");
    let list = ProvenCompactCiphertextList::builder(&world.node.public_key)
        .push(value)
        .build_with_proof_packed(crs, metadata, ZkComputeLoad::Proof)
        .expect("proven");
    let mut bytes = Vec::new();
    safe_serialize(&list, &mut bytes, 1 << 30).expect("serialized");
    bytes
}

fn statement(world: &World, bytes: &[u8]) -> InputStatement {
    InputStatement {
        v: 1,
        domain: Domain::Rehearsal,
        key_id: hex::encode(world.node.key_id),
        digest: hex::encode(sha256(&[bytes])),
        time: "2026-01-01T00:00:00.000Z".to_owned(),
    }
}

fn signed(signer: &Identity, statement: InputStatement) -> Vec<u8> {
    encode(&signer.sign(INPUT_CONTEXT, statement))
}

fn rule(world: &World, bytes: &[u8], claim: &Claim<'_>) -> &'static str {
    admit(&world.node, bytes, claim, &[Kind::U8]).err().map_or("admitted", |refusal| refusal.rule)
}

fn decrypted(world: &World, value: &Value) -> u8 {
    match value {
        Value::U8(value) => value.decrypt(&world.client_key),
        _ => panic!("not a u8"),
    }
}

#[test]
fn a_list_that_a_named_encryptor_signed_comes_in() {
    let world = world();
    let bytes = list(world, 77);
    let document = signed(&world.encryptor, statement(world, &bytes));
    let (origin, values) =
        admit(&world.node, &bytes, &Claim::Signature { document: &document }, &[Kind::U8]).expect("admitted");
    assert_eq!(origin.admitted, Admitted::Signature);
    assert_eq!(origin.by, world.encryptor.keys.id());
    assert_eq!(origin.digest, hex::encode(sha256(&[&bytes])));
    assert_eq!(decrypted(world, &values[0]), 77);
}

#[test]
fn a_single_ciphertext_that_a_named_encryptor_signed_comes_in() {
    let world = world();
    let mut bytes = Vec::new();
    safe_serialize(&FheUint8::encrypt(9u8, &world.client_key), &mut bytes, 1 << 30).expect("serialized");
    let document = signed(&world.encryptor, statement(world, &bytes));
    let (_, values) =
        admit(&world.node, &bytes, &Claim::Signature { document: &document }, &[Kind::U8]).expect("admitted");
    assert_eq!(decrypted(world, &values[0]), 9);
}

#[test]
fn one_altered_word_of_a_signed_list_is_refused() {
    let world = world();
    let mut bytes = list(world, 1);
    let document = signed(&world.encryptor, statement(world, &bytes));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-SIGNATURE");
}

#[test]
fn a_strangers_signature_is_refused_and_so_is_one_half_of_a_hybrid() {
    let world = world();
    let bytes = list(world, 1);
    let stranger = Identity::generate();
    let document = signed(&stranger, statement(world, &bytes));
    assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-SIGNATURE");
    for classical in [true, false] {
        let mut halved = world.encryptor.sign(INPUT_CONTEXT, statement(world, &bytes));
        let forged = stranger.sign(INPUT_CONTEXT, statement(world, &bytes)).signatures.remove(0);
        if classical {
            halved.signatures[0].ed25519 = forged.ed25519;
        } else {
            halved.signatures[0].ml_dsa65 = forged.ml_dsa65;
        }
        assert_eq!(rule(world, &bytes, &Claim::Signature { document: &encode(&halved) }), "ADMIT-SIGNATURE");
    }
}

#[test]
fn a_statement_for_another_key_domain_file_or_context_is_refused() {
    let world = world();
    let bytes = list(world, 1);
    let right = statement(world, &bytes);
    let others = [
        InputStatement { key_id: hex::encode([7; 32]), ..right.clone() },
        InputStatement { domain: Domain::Production, ..right.clone() },
        InputStatement { digest: hex::encode([7; 32]), ..right.clone() },
        InputStatement { v: 2, ..right.clone() },
    ];
    for other in others {
        let document = signed(&world.encryptor, other);
        assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-SIGNATURE");
    }
    let document = encode(&world.encryptor.sign(PROVENANCE_CONTEXT, right));
    assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-SIGNATURE");
}

#[test]
fn a_document_that_is_not_canonical_is_refused() {
    let world = world();
    let bytes = list(world, 1);
    let mut document = signed(&world.encryptor, statement(world, &bytes));
    document.push(b'\n');
    assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-SIGNATURE");
}

#[test]
fn a_list_proven_for_this_key_and_submitter_comes_in() {
    let world = world();
    let bytes = proven(world, 42, &proven_metadata(&world.node.key_id, "clinic-7"));
    let claim = Claim::Proof { submitter: "clinic-7" };
    let (origin, values) = admit(&world.node, &bytes, &claim, &[Kind::U8]).expect("admitted");
    assert_eq!((origin.admitted, origin.by.as_str()), (Admitted::Proof, "clinic-7"));
    assert_eq!(decrypted(world, &values[0]), 42);
}

#[test]
fn a_proof_for_another_submitter_or_key_is_refused() {
    let world = world();
    let bytes = proven(world, 42, &proven_metadata(&world.node.key_id, "clinic-7"));
    assert_eq!(rule(world, &bytes, &Claim::Proof { submitter: "clinic-8" }), "ADMIT-PROOF");
    let elsewhere = proven(world, 42, &proven_metadata(&[9; 32], "clinic-7"));
    assert_eq!(rule(world, &elsewhere, &Claim::Proof { submitter: "clinic-7" }), "ADMIT-PROOF");
}

#[test]
fn one_altered_word_of_a_proven_list_is_refused() {
    let world = world();
    let mut bytes = proven(world, 42, &proven_metadata(&world.node.key_id, "clinic-7"));
    // Within the mask, which begins a few hundred bytes in.
    bytes[1000] ^= 0x40;
    let rule = rule(world, &bytes, &Claim::Proof { submitter: "clinic-7" });
    assert!(rule == "ADMIT-PROOF" || rule == "ADMIT-FORM", "{rule}");
}

#[test]
fn a_bare_list_is_no_proven_list_and_a_proven_list_is_no_signed_one() {
    let world = world();
    assert_eq!(rule(world, &list(world, 1), &Claim::Proof { submitter: "clinic-7" }), "ADMIT-FORM");
    let bytes = proven(world, 1, &proven_metadata(&world.node.key_id, "clinic-7"));
    let document = signed(&world.encryptor, statement(world, &bytes));
    assert_eq!(rule(world, &bytes, &Claim::Signature { document: &document }), "ADMIT-FORM");
}

#[test]
fn a_list_of_other_kinds_or_of_another_length_than_named_is_refused() {
    let world = world();
    let bytes = list(world, 1);
    let document = signed(&world.encryptor, statement(world, &bytes));
    for kinds in [vec![Kind::U64], vec![Kind::U8, Kind::U8], vec![Kind::Bool]] {
        let refused = admit(&world.node, &bytes, &Claim::Signature { document: &document }, &kinds).err();
        assert_eq!(refused.map(|refusal| refusal.rule), Some("ADMIT-KINDS"));
    }
}

fn job(input: &str) -> Job {
    let text = format!(
        r#"{{"v":1,"program":"double 1","inputs":[{{"file":"in.bin",{input}"values":[{{"name":"a","kind":"u8"}}]}}],
        "steps":[{{"name":"b","operation":"add","of":["a","a"]}}],"outputs":["b"]}}"#
    );
    serde_json::from_str(&text).expect("a job")
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("fhe-evaluator-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

#[test]
fn a_job_with_an_input_that_is_neither_proven_nor_signed_is_refused_before_it_is_read() {
    let world = world();
    let refused = run(&world.node, &job(""), Path::new("/nonexistent"), Path::new("/nonexistent/out"), &|_| ()).err();
    assert_eq!(refused.map(|refusal| refusal.rule), Some("ADMIT-BARE"));
    let both = job(r#""submitter":"x","signature":"y","#);
    let refused = run(&world.node, &both, Path::new("/nonexistent"), Path::new("/nonexistent/out"), &|_| ()).err();
    assert_eq!(refused.map(|refusal| refusal.rule), Some("JOB-FORM"));
}

#[test]
fn a_job_writes_a_squashed_result_and_a_signed_provenance_that_names_it_and_its_input() {
    let world = world();
    let folder = folder("job");
    let bytes = list(world, 100);
    std::fs::write(folder.join("in.bin"), &bytes).expect("written");
    std::fs::write(folder.join("in.json"), signed(&world.encryptor, statement(world, &bytes))).expect("written");
    let signature = job(r#""signature":"in.json","#);
    let written = run(&world.node, &signature, &folder, &folder.join("out"), &|_| ()).expect("computed");
    assert_eq!(written.len(), 1);

    let result = std::fs::read(&written[0].ciphertext).expect("read");
    let squashed: SquashedNoiseFheUint = safe_deserialize(result.as_slice(), 1 << 30).expect("a squashed u8");
    let value: u8 = squashed.decrypt(&world.client_key);
    assert_eq!(value, 200);

    let document = std::fs::read(&written[0].provenance).expect("read");
    let document: SignedDocument<Provenance> = parse(&document, "provenance").expect("canonical");
    verify(&document, PROVENANCE_CONTEXT, &[world.node.identity.keys.clone()]).expect("signed by this node");
    assert_eq!(document.payload.ciphertexts, [hex::encode(squashed_digest(&result, Kind::U8).expect("a digest"))]);
    assert_eq!(document.payload.inputs.len(), 1);
    assert_eq!(document.payload.inputs[0].digest, hex::encode(sha256(&[&bytes])));
    assert_eq!(document.payload.inputs[0].by, world.encryptor.keys.id());
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn operations_on_values_of_other_kinds_are_refused() {
    let world = world();
    let bytes = list(world, 1);
    let document = signed(&world.encryptor, statement(world, &bytes));
    let (_, values) =
        admit(&world.node, &bytes, &Claim::Signature { document: &document }, &[Kind::U8]).expect("admitted");
    let refused = apply(Operation::And, &[&values[0], &values[0]]).err();
    assert_eq!(refused.map(|refusal| refusal.rule), Some("JOB-KINDS"));
    let refused = apply(Operation::Add, &[&values[0]]).err();
    assert_eq!(refused.map(|refusal| refusal.rule), Some("JOB-KINDS"));
}
