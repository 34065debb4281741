//! Leads an RSA key through its life with the client of crate kmip-protocol. Prints what it saw, one line each: a name and a value.

use kmip_protocol::client::tls::openssl::connect;
use kmip_protocol::client::{ClientCertificate, ConnectionSettings};
use std::{env, fs, time::Duration};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn outcome<T>(result: kmip_protocol::client::Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_string(),
        Err(error) => error.to_string(),
    }
}

fn main() {
    let words: Vec<String> = env::args().collect();
    let pem = fs::read(&words[3]).expect("the client's certificate");
    let client = connect(&ConnectionSettings {
        host: "127.0.0.1".to_string(),
        port: words[1].parse().expect("a port"),
        ca_cert: Some(fs::read(&words[2]).expect("the CA's certificate")),
        client_cert: Some(ClientCertificate::SeparatePem {
            cert_bytes: pem.clone(),
            key_bytes: Some(pem),
        }),
        connect_timeout: Some(Duration::from_secs(10)),
        read_timeout: Some(Duration::from_secs(60)),
        write_timeout: Some(Duration::from_secs(60)),
        ..Default::default()
    })
    .expect("a connection");

    let told = client.query().expect("Query");
    println!("vendor {}", told.vendor_identification.unwrap_or_default());
    println!("operations {}", told.operations.unwrap_or_default().len());
    println!("random {}", client.rng_retrieve(24).expect("RNGRetrieve").data.len());
    let name = words.get(4).cloned().unwrap_or("signing".to_string());
    let (private, public) = client
        .create_rsa_key_pair(2048, name.clone(), format!("{name}, public"))
        .expect("CreateKeyPair");
    println!("private {private}");
    println!("public {public}");
    println!("early {}", outcome(client.sign(&private, b"a message")));
    println!("activated {}", outcome(client.activate_key(&private)));
    let made = client.sign(&private, b"a message").expect("Sign");
    println!("signature {}", hex(&made.signature_data));
    // A second run leaves its key, so that the signature can be looked at.
    if words.get(4).is_some() {
        return;
    }
    println!("renamed {}", outcome(client.rename_key(&private, "renamed".to_string())));
    println!("got {}", outcome(client.get_key(&public)));
    println!("secret {}", outcome(client.get_key(&private)));
    println!("in-use {}", outcome(client.destroy_key(&private)));
    println!("revoked {}", outcome(client.revoke_key(&private)));
    println!("late {}", outcome(client.sign(&private, b"a message")));
    println!("destroyed {}", outcome(client.destroy_key(&private)));
    println!("absent {}", outcome(client.get_key(&private)));
}
