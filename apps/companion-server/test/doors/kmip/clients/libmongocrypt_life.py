"""Makes and opens data keys by libmongocrypt's own KMIP client, and prints what it saw as JSON."""

import json
import socket
import ssl
import sys

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongocrypt.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.mongocrypt import MongoCryptOptions
from pymongocrypt.state_machine import MongoCryptCallback

port, pem, ca = sys.argv[1:4]
OPTIONS = CodecOptions(document_class=RawBSONDocument)


class Callback(MongoCryptCallback):
    """Keeps data keys in memory, and carries what libmongocrypt says to the server: a connection for each request."""

    def __init__(self):
        self.keys = []
        self.connections = 0

    def kms_request(self, kms_context):
        self.connections += 1
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(pem)
        host, at = kms_context.endpoint.rsplit(":", 1)
        with socket.create_connection((host, int(at))) as plain:
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                wrapped.sendall(kms_context.message)
                while kms_context.bytes_needed > 0:
                    data = wrapped.recv(kms_context.bytes_needed)
                    if not data:
                        raise OSError("the server closed the connection")
                    kms_context.feed(data)

    def insert_data_key(self, data_key):
        raw = RawBSONDocument(data_key, OPTIONS)
        self.keys.append(bytes(raw.raw))
        return raw["_id"]

    def fetch_keys(self, filter):
        return iter(self.keys)

    def bson_encode(self, doc):
        return bson.encode(doc)

    def collection_info(self, *args):
        return None

    def mark_command(self, *args):
        raise NotImplementedError

    def close(self):
        pass


def life(delegated):
    callback = Callback()
    endpoint = f"127.0.0.1:{port}"
    encrypter = ExplicitEncrypter(callback, MongoCryptOptions({"kmip": {"endpoint": endpoint}}))
    master_key = {"delegated": True} if delegated else {}
    key = encrypter.create_data_key("kmip", master_key)
    kept = bson.decode(callback.keys[0])["masterKey"]
    value = bson.encode({"v": "text"})
    sealed = encrypter.encrypt(value, "AEAD_AES_256_CBC_HMAC_SHA_512-Random", key_id=key)
    # Another client knows nothing of the first one but the data key as it is stored.
    other = Callback()
    other.keys = callback.keys
    opened = ExplicitEncrypter(other, MongoCryptOptions({"kmip": {"endpoint": endpoint}})).decrypt(sealed)
    return {
        "delegated": kept.get("delegated", False),
        "named": len(kept["keyId"]) > 0,
        "opened": bson.decode(opened)["v"],
        "requests": callback.connections,
        "asked by the other": other.connections > 0,
    }


print(json.dumps([life(False), life(True)]))
