"""pysaml2 as identity provider: reads the server's own description and its signed requests, and answers each as it is told to. Prints JSON."""
import functools
import json
import sys
import warnings
from urllib.parse import parse_qs

warnings.filterwarnings("ignore")

from saml2 import BINDING_HTTP_REDIRECT, entity, sigver
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAME_FORMAT_BASIC, NameID
from saml2.server import Server

job = json.load(open(sys.argv[1]))
server = Server(
    config=IdPConfig().load(
        {
            "entityid": job["entityId"],
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "key_file": job["key"],
            "cert_file": job["certificate"],
            "metadata": {"local": [job["metadata"]]},
            "allow_unknown_attributes": True,
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": [(job["entryPoint"], BINDING_HTTP_REDIRECT)]},
                    "want_authn_requests_signed": True,
                    "policy": {
                        "default": {
                            "lifetime": {"minutes": 15},
                            "attribute_restrictions": None,
                            "name_form": NAME_FORMAT_BASIC,
                        }
                    },
                }
            },
        }
    )
)

template = entity.pre_encryption_part
encrypt = sigver.CryptoBackendXmlSec1.encrypt_assertion


def encrypt_by_aes(self, statement, enc_key, template, key_type, node_xpath=None, node_id=None):
    return encrypt(self, statement, enc_key, template, "aes-256", node_xpath, node_id)


gcm = "http://www.w3.org/2009/xmlenc11#aes256-gcm"


def answered(wanted):
    asked = {name: values[0] for name, values in parse_qs(wanted["request"]).items()}
    request = server.parse_authn_request(
        asked["SAMLRequest"],
        BINDING_HTTP_REDIRECT,
        relay_state=asked["RelayState"],
        sigalg=asked["SigAlg"],
        signature=asked["Signature"],
    )
    # Of itself it encrypts by Triple DES.
    strong = wanted.get("encryption") == "aes256-gcm"
    entity.pre_encryption_part = functools.partial(template, msg_enc=gcm) if strong else template
    sigver.CryptoBackendXmlSec1.encrypt_assertion = encrypt_by_aes if strong else encrypt
    response = server.create_authn_response(
        identity={"displayName": f"Person {wanted['who']}", "groups": ["officers", "everybody"]},
        in_response_to=request.message.id,
        destination=wanted.get("destination", request.message.assertion_consumer_service_url),
        sp_entity_id=wanted.get("audience", request.message.issuer.text),
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=wanted["who"]),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
        sign_response=wanted.get("signResponse", False),
        sign_assertion=wanted.get("signAssertion", True),
        encrypt_assertion="encryption" in wanted,
        encrypted_advice_attributes=False,
        sign_alg=wanted.get("signature", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        digest_alg=wanted.get("digest", "http://www.w3.org/2001/04/xmlenc#sha256"),
    )
    return str(response)


print(json.dumps([answered(wanted) for wanted in job["answers"]]))
