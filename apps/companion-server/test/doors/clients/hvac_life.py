"""Leads keys through their life with hvac, a client of Vault, as it is. Prints what it saw as JSON."""
import base64
import json
import sys

import hvac

url, ca, token = sys.argv[1:4]
client = hvac.Client(url=url, token=token, verify=ca)
transit = client.secrets.transit
seen = {"authenticated": client.is_authenticated()}


def b64(text):
    return base64.b64encode(text.encode()).decode()


def refusal(work):
    try:
        work()
        return "none"
    except hvac.exceptions.VaultError as error:
        return type(error).__name__


transit.create_key(name="orders")
key = transit.read_key(name="orders")["data"]
seen["made"] = [key["type"], key["latest_version"], key["supports_encryption"]]
sealed = transit.encrypt_data(name="orders", plaintext=b64("secret"), associated_data=b64("7"))["data"]["ciphertext"]
seen["form"] = sealed.startswith("vault:v1:")
seen["opened"] = base64.b64decode(
    transit.decrypt_data(name="orders", ciphertext=sealed, associated_data=b64("7"))["data"]["plaintext"]
).decode()
seen["other data"] = refusal(lambda: transit.decrypt_data(name="orders", ciphertext=sealed))
seen["no ciphertext"] = refusal(lambda: transit.decrypt_data(name="orders", ciphertext="vault:v1:AAAA"))
transit.rotate_key(name="orders")
plain = transit.encrypt_data(name="orders", plaintext=b64("x"))["data"]["ciphertext"]
seen["rotated"] = plain.startswith("vault:v2:")
batch = transit.encrypt_data(name="orders", batch_input=[{"plaintext": b64("a")}, {"plaintext": b64("b")}])
texts = [one["ciphertext"] for one in batch["data"]["batch_results"]]
opened = transit.decrypt_data(
    name="orders", batch_input=[{"ciphertext": texts[0]}, {"ciphertext": sealed}, {"ciphertext": texts[1]}]
)["data"]["batch_results"]
seen["batch"] = [opened[0].get("plaintext"), "error" in opened[1], opened[2].get("plaintext")]
old = transit.encrypt_data(name="orders", plaintext=b64("old"))["data"]["ciphertext"]
transit.rotate_key(name="orders")
seen["rewrapped"] = transit.rewrap_data(name="orders", ciphertext=old)["data"]["ciphertext"].startswith("vault:v3:")
transit.update_key_configuration(name="orders", min_decryption_version=3)
seen["too old"] = refusal(lambda: transit.decrypt_data(name="orders", ciphertext=old))
data = transit.generate_data_key(name="orders", key_type="plaintext")["data"]
seen["data key"] = (
    transit.decrypt_data(name="orders", ciphertext=data["ciphertext"])["data"]["plaintext"] == data["plaintext"]
)
seen["wrapped"] = sorted(transit.generate_data_key(name="orders", key_type="wrapped")["data"])

for kind in ("ecdsa-p256", "rsa-2048"):
    transit.create_key(name=kind, key_type=kind)
    made = transit.sign_data(name=kind, hash_input=b64("m"), hash_algorithm="sha2-256")["data"]["signature"]
    seen[kind] = [
        transit.verify_signed_data(name=kind, hash_input=b64(text), signature=made, hash_algorithm="sha2-256")["data"]["valid"]
        for text in ("m", "n")
    ]
    seen[f"{kind} public"] = "BEGIN PUBLIC KEY" in transit.read_key(name=kind)["data"]["keys"]["1"]["public_key"]
# hvac itself makes none of this type.
client.adapter.post("/v1/transit/keys/mac", json={"type": "hmac"})
mac = transit.generate_hmac(name="mac", hash_input=b64("m"), algorithm="sha2-256")["data"]["hmac"]
seen["mac"] = transit.verify_signed_data(name="mac", hash_input=b64("m"), hmac=mac, hash_algorithm="sha2-256")["data"]["valid"]
seen["random"] = len(base64.b64decode(transit.generate_random_bytes(n_bytes=24)["data"]["random_bytes"]))
seen["wrong use"] = refusal(lambda: transit.encrypt_data(name="mac", plaintext=b64("x")))
seen["absent"] = refusal(lambda: transit.encrypt_data(name="nothing", plaintext=b64("x")))
seen["derived"] = refusal(lambda: transit.create_key(name="d", derived=True))
seen["bad name"] = refusal(lambda: transit.create_key(name="Not this"))
transit.delete_key(name="mac")
seen["deleted"] = refusal(lambda: transit.read_key(name="mac"))
seen["no call"] = refusal(lambda: transit.export_key(name="orders", key_type="encryption-key"))
transit.create_key(name="plain", derived=False, convergent_encryption=False, auto_rotate_period="0")
seen["taken"] = transit.encrypt_data(name="plain", plaintext=b64("x"), key_version=0)["data"]["key_version"]
seen["left out"] = [
    refusal(work)
    for work in (
        lambda: transit.create_key(name="rotated", auto_rotate_period="24h"),
        lambda: transit.encrypt_data(name="orders", plaintext=b64("x"), key_version=1),
        lambda: transit.encrypt_data(name="orders", plaintext=b64("x"), nonce=b64("123456789012")),
        lambda: transit.update_key_configuration(name="orders", deletion_allowed=False),
        lambda: transit.sign_data(name="ecdsa-p256", hash_input=b64("x"), key_version=9),
        lambda: transit.generate_data_key(name="orders", key_type="wrapped", nonce=b64("123456789012")),
    )
]
prehashed = {"batch_input": [{"input": b64("m" * 48)}], "hash_algorithm": "sha2-384", "prehashed": "true"}
one = client.adapter.post("/v1/transit/sign/ecdsa-p256", json=prehashed)["data"]["batch_results"][0]
seen["of the batch"] = transit.verify_signed_data(
    name="ecdsa-p256", hash_input=b64("m" * 48), signature=one["signature"], hash_algorithm="sha2-384", prehashed=True
)["data"]["valid"]
stranger = hvac.Client(url=url, token="x" * 43, verify=ca)
seen["stranger"] = [stranger.is_authenticated(), refusal(lambda: stranger.secrets.transit.read_key(name="orders"))]
print(json.dumps(seen))
