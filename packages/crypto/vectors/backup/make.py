"""Writes slip39-dealt.json and medium.json, as other programs make them.

Needs shamir-mnemonic==0.3.0 (the reference implementation of SLIP-0039), click and pycryptodome==3.23.0.
"""

import hashlib
import json
import pathlib

from Crypto.Cipher import ChaCha20_Poly1305
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from shamir_mnemonic import shamir

HERE = pathlib.Path(__file__).parent

SHARINGS = [
    # threshold of groups, (threshold, count) of each, bytes of secret, identifier, extendable, exponent, passphrase
    (1, [(2, 2)], 32, 0, True, 0, ""),
    (1, [(2, 3)], 32, 1, True, 0, ""),
    (1, [(2, 16)], 32, 32767, True, 0, ""),
    (1, [(3, 5)], 32, 12345, True, 0, ""),
    (1, [(9, 16)], 32, 21845, True, 0, ""),
    (1, [(16, 16)], 32, 10922, True, 0, ""),
    (1, [(1, 1)], 16, 7, True, 0, ""),
    (1, [(2, 3)], 16, 4660, False, 0, "TREZOR"),
    (1, [(3, 3)], 18, 300, False, 1, "a passphrase, with spaces"),
    (1, [(2, 2)], 64, 31000, True, 2, ""),
    (2, [(1, 1), (2, 3), (3, 5)], 32, 9999, True, 0, ""),
    (3, [(2, 2), (1, 1), (4, 7), (16, 16)], 24, 511, False, 0, "x"),
]


def stream(what, length):
    return hashlib.shake_256(what.encode()).digest(length)


def deal(sharing):
    threshold, groups, length, identifier, extendable, exponent, passphrase = sharing
    seed = json.dumps(sharing)
    drawn = []

    def draw(count):
        drawn.append(stream(f"{seed}/draw {len(drawn)}", count))
        return drawn[-1]

    secret = stream(f"{seed}/secret", length)
    shamir.RANDOM_BYTES = draw
    encrypted = shamir.EncryptedMasterSecret.from_master_secret(
        secret, passphrase.encode(), identifier, extendable, exponent
    )
    shares = shamir.split_ems(threshold, groups, encrypted)
    return {
        "groupThreshold": threshold,
        "groups": [{"threshold": t, "count": n} for t, n in groups],
        "identifier": identifier,
        "extendable": extendable,
        "exponent": exponent,
        "passphrase": passphrase,
        "secret": secret.hex(),
        "entropy": b"".join(drawn).hex(),
        "shares": [[share.mnemonic() for share in group] for group in shares],
    }


def lp(data):
    return len(data).to_bytes(4, "big") + data


def seal(domain, t, n, mechanism):
    dealt = deal((1, [(t, n)], 32, 4711 + n, True, 0, ""))
    secret = bytes.fromhex(dealt["secret"])
    words = dealt["shares"][0]
    backup_set = stream(f"{domain}/set", 16)
    wrapped = stream(f"{domain}/wrapped", 512)
    private_key = stream(f"{domain}/private key", 2375)
    nonce = stream(f"{domain}/nonce", 24)
    commitments = [
        hashlib.sha256(b"lux-custody/backup-share/v1" + backup_set + bytes([i]) + share.encode()).hexdigest()
        for i, share in enumerate(words, 1)
    ]
    header = {
        "v": 1,
        "kind": "backup-medium",
        "domain": domain,
        "ceremonyId": stream(f"{domain}/ceremony", 16).hex(),
        "key": "root-kek",
        "set": backup_set.hex(),
        "identifier": dealt["identifier"],
        "t": t,
        "n": n,
        "publicKey": stream(f"{domain}/public key", 32).hex(),
        "mechanism": mechanism,
        "wrapped": hashlib.sha256(wrapped).hexdigest(),
        "shares": commitments,
        "nonce": nonce.hex(),
    }
    written = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    opened = b"lux-bak1" + lp(written)
    key = HKDF(secret, 32, backup_set, SHA256, context=f"lux-custody/backup-medium/v1/{domain}".encode())
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(opened)
    ciphertext, tag = cipher.encrypt_and_digest(lp(wrapped) + lp(private_key))
    return {
        "secret": secret.hex(),
        "shares": words,
        "header": header,
        "wrapped": wrapped.hex(),
        "privateKey": private_key.hex(),
        "medium": (opened + ciphertext + tag).hex(),
    }


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


write("slip39-dealt.json", [deal(sharing) for sharing in SHARINGS])
write("medium.json", [seal("rehearsal", 2, 3, "RSA-OAEP-SHA1"), seal("production", 9, 16, "RSA-OAEP-SHA256")])
