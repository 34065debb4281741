"""Leads keys through their life by PyKMIP, in each version that it speaks, and prints what it saw as JSON."""

import json
import sys

from kmip.core import enums, exceptions as core_exceptions
from kmip.pie import client as pie, exceptions, objects

port, pem, ca = sys.argv[1:4]
AES = enums.CryptographicAlgorithm.AES
USES = [enums.CryptographicUsageMask.ENCRYPT, enums.CryptographicUsageMask.DECRYPT]
CBC = {
    "block_cipher_mode": enums.BlockCipherMode.CBC,
    "padding_method": enums.PaddingMethod.PKCS5,
    "cryptographic_algorithm": AES,
}


def refused(work):
    try:
        work()
    except exceptions.KmipOperationFailure as failure:
        return [failure.reason.name, str(failure.message).split(":")[0]]
    return "accepted"


def life(version):
    seen = {}
    with pie.ProxyKmipClient(
        hostname="127.0.0.1", port=int(port), cert=pem, key=pem, ca=ca, kmip_version=version
    ) as client:
        name = f"disk {version.name}"
        key = client.create(AES, 256, name=name, cryptographic_usage_mask=USES)
        seen["pre-active"] = refused(lambda: client.encrypt(b"text", key, CBC)) if encrypts(version) else "-"
        client.activate(key)
        seen["twice"] = refused(lambda: client.activate(key))
        seen["name taken"] = refused(lambda: client.create(AES, 256, name=name))
        seen["get"] = refused(lambda: client.get(key))
        seen["attributes"] = sorted(client.get_attribute_list(key))
        _, attributes = client.get_attributes(key, ["Name", "State"])
        seen["state"] = [str(one.attribute_value) for one in attributes]
        named = [key] == client.locate(attributes=[named_as(client, name)])
        seen["located"] = named
        if encrypts(version):
            text, iv = client.encrypt(b"text", key, CBC)
            seen["decrypted"] = client.decrypt(text, key, CBC, iv).decode()
            own, _ = client.encrypt(b"sealed", key)
            seen["opened"] = client.decrypt(own, key).decode()
        seen["in use"] = refused(lambda: client.destroy(key))
        client.revoke(enums.RevocationReasonCode.CESSATION_OF_OPERATION, key, "retired")
        if encrypts(version):
            seen["revoked encrypts"] = refused(lambda: client.encrypt(b"text", key, CBC))
            seen["revoked decrypts"] = client.decrypt(text, key, CBC, iv).decode()
        client.destroy(key)
        seen["destroyed"] = refused(lambda: client.activate(key))

        secret = client.register(objects.SecretData(b"open sesame", enums.SecretDataType.PASSWORD, name=f"secret {name}"))
        seen["secret"] = client.get(secret).value.decode()
        brought = client.register(objects.SymmetricKey(AES, 128, bytes(range(16)), masks=USES, name=f"brought {name}"))
        seen["brought"] = refused(lambda: client.get(brought))
        old = client.create(AES, 256, name=name)
        client.activate(old)
        # In 2.0 it sends a template of 1.x.
        if version is enums.KMIPVersion.KMIP_2_0:
            seen["rekeyed"] = refused(lambda: client.rekey(old))
        else:
            new = client.rekey(old)
            seen["rekeyed"] = new != old and [new] == client.locate(attributes=[named_as(client, name)])
        private, public = None, None
        public, private = client.create_key_pair(
            enums.CryptographicAlgorithm.RSA,
            2048,
            public_usage_mask=[enums.CryptographicUsageMask.VERIFY],
            private_usage_mask=[enums.CryptographicUsageMask.SIGN],
        )
        client.activate(private)
        seen["public"] = type(client.get(public)).__name__
        if encrypts(version):
            pss = {
                "padding_method": enums.PaddingMethod.PSS,
                "hashing_algorithm": enums.HashingAlgorithm.SHA_256,
                "cryptographic_algorithm": enums.CryptographicAlgorithm.RSA,
            }
            signature = client.sign(b"text", private, pss)
            seen["signed"] = client.signature_verify(b"text", signature, public, pss).name
            seen["forged"] = client.signature_verify(b"other", signature, public, pss).name
            mac_key = client.create(
                enums.CryptographicAlgorithm.HMAC_SHA256,
                256,
                cryptographic_usage_mask=[enums.CryptographicUsageMask.MAC_GENERATE],
            )
            client.activate(mac_key)
            seen["mac"] = len(client.mac(b"text", mac_key, enums.CryptographicAlgorithm.HMAC_SHA256)[1])
    return seen


def encrypts(version):
    return version.value >= enums.KMIPVersion.KMIP_1_2.value


def named_as(client, name):
    from kmip.core.factories.attributes import AttributeFactory

    return AttributeFactory().create_attribute(enums.AttributeType.NAME, name_value(name))


def name_value(name):
    from kmip.core import attributes

    return attributes.Name.create(name, enums.NameType.UNINTERPRETED_TEXT_STRING)


versions = [one for one in enums.KMIPVersion if one.name in sys.argv[4:]]
print(json.dumps({version.name: life(version) for version in versions}))
