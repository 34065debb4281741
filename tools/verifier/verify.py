#!/usr/bin/env python3
"""Second verifier of Lux Custody bundles, written from docs/SPEC.md in Python 3.11 with its standard library alone. Beside it, or in
the sources, lies characters.json, the table of SPEC 1.1.

    verify.py BUNDLE --policy FILE [--audience CARD-OR-DIGEST] [--json]

Same checks, ids and exit codes as `custody verify`: 0 accepted, 1 refused (or signers unknown), 2 wrong use, 3 the machine
failed. P-256, Ed25519 and ML-DSA-65 are verified by the plain code below: slow, and for public data only.
"""
import argparse
import base64
import binascii
import bisect
import datetime
import functools
import hashlib
import itertools
import json
import os
import re
import struct
import sys
import zlib
from collections import namedtuple


class Refused(Exception):
    """A check that does not hold."""


def refuse(detail):
    raise Refused(detail)


def need(condition, detail):
    if not condition:
        refuse(detail)


# What a check may end with: a refusal, or content that nobody thought of, which is no reason to accept it.
FAULTS = (Refused, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError, struct.error)


def said_of(fault):
    return str(fault) if isinstance(fault, Refused) else f'it broke off: {type(fault).__name__}'


# The PGP word list of Patrick Juola and Philip Zimmermann, 1995: a word for each byte, by turns from the first list and the second.
WORDS = [words.split() for words in ("""
aardvark absurd accrue acme adrift adult afflict ahead aimless Algol allow alone ammo ancient apple artist assume Athens atlas Aztec baboon backfield
backward banjo beaming bedlamp beehive beeswax befriend Belfast berserk billiard bison blackjack blockade blowtorch bluebird bombast bookshelf
brackish breadline breakup brickyard briefcase Burbank button buzzard cement chairlift chatter checkup chisel choking chopper Christmas clamshell
classic classroom cleanup clockwork cobra commence concert cowbell crackdown cranky crowfoot crucial crumpled crusade cubic dashboard deadbolt
deckhand dogsled dragnet drainage dreadful drifter dropper drumbeat drunken Dupont dwelling eating edict egghead eightball endorse endow enlist erase
escape exceed eyeglass eyetooth facial fallout flagpole flatfoot flytrap fracture framework freedom frighten gazelle Geiger glitter glucose goggles
goldfish gremlin guidance hamlet highchair hockey indoors indulge inverse involve island jawbone keyboard kickoff kiwi klaxon locale lockup merit
minnow miser Mohawk mural music necklace Neptune newborn nightbird Oakland obtuse offload optic orca payday peachy pheasant physique playhouse Pluto
preclude prefer preshrunk printer prowler pupil puppy python quadrant quiver quota ragtime ratchet rebirth reform regain reindeer rematch repay
retouch revenge reward rhythm ribcage ringbolt robust rocker ruffled sailboat sawdust scallion scenic scorecard Scotland seabird select sentence
shadow shamrock showgirl skullcap skydive slingshot slowdown snapline snapshot snowcap snowslide solo southward soybean spaniel spearhead spellbind
spheroid spigot spindle spyglass stagehand stagnate stairway standard stapler steamship sterling stockman stopwatch stormy sugar surmount suspense
sweatband swelter tactics talon tapeworm tempest tiger tissue tonic topmost tracker transit trauma treadmill Trojan trouble tumor tunnel tycoon uncut
unearth unwind uproot upset upshot vapor village virus Vulcan waffle wallet watchword wayside willow woodlark Zulu
""", """
adroitness adviser aftermath aggregate alkali almighty amulet amusement antenna applicant Apollo armistice article asteroid Atlantic atmosphere
autopsy Babylon backwater barbecue belowground bifocals bodyguard bookseller borderline bottomless Bradbury bravado Brazilian breakaway Burlington
businessman butterfat Camelot candidate cannonball Capricorn caravan caretaker celebrate cellulose certify chambermaid Cherokee Chicago clergyman
coherence combustion commando company component concurrent confidence conformist congregate consensus consulting corporate corrosion councilman
crossover crucifix cumbersome customer Dakota decadence December decimal designing detector detergent determine dictator dinosaur direction disable
disbelief disruptive distortion document embezzle enchanting enrollment enterprise equation equipment escapade Eskimo everyday examine existence
exodus fascinate filament finicky forever fortitude frequency gadgetry Galveston getaway glossary gossamer graduate gravity guitarist hamburger
Hamilton handiwork hazardous headwaters hemisphere hesitate hideaway holiness hurricane hydraulic impartial impetus inception indigo inertia infancy
inferno informant insincere insurgent integrate intention inventive Istanbul Jamaica Jupiter leprosy letterhead liberty maritime matchmaker maverick
Medusa megaton microscope microwave midsummer millionaire miracle misnomer molasses molecule Montana monument mosquito narrative nebula newsletter
Norwegian October Ohio onlooker opulent Orlando outfielder Pacific pandemic Pandora paperweight paragon paragraph paramount passenger pedigree Pegasus
penetrate perceptive performance pharmacy phonetic photograph pioneer pocketful politeness positive potato processor provincial proximate puberty
publisher pyramid quantity racketeer rebellion recipe recover repellent replica reproduce resistor responsive retraction retrieval retrospect revenue
revival revolver sandalwood sardonic Saturday savagery scavenger sensation sociable souvenir specialist speculate stethoscope stupendous supportive
surrender suspicious sympathy tambourine telephone therapist tobacco tolerance tomorrow torpedo tradition travesty trombonist truncated typewriter
ultimate undaunted underfoot unicorn unify universe unravel upcoming vacancy vagabond vertigo Virginia visitor vocalist voyager warranty Waterloo
whimsical Wichita Wilmington Wyoming yesteryear Yucatan
""")]


def words_of(digest):
    """Lines of eight words, as the program prints a hex digest."""
    words = [WORDS[at % 2][byte] for at, byte in enumerate(bytes.fromhex(digest))]
    return ['  ' + ' '.join(words[at:at + 8]) for at in range(0, len(words), 8)]


# --- SPEC 1: bytes and canonical JSON ---------------------------------------------------------------------------

def sha(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def lp(data):
    return struct.pack('>I', len(data)) + data


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse('not base64')
    need(base64.b64encode(data).decode() == text, 'not canonical base64')
    return data


def jcs(value):
    return write_json(value, 0).encode()


def write_json(value, depth):
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        need(abs(value) < 2 ** 53, 'a number is not a safe integer')
        return str(value)
    need(depth < 64, 'too deep')
    if isinstance(value, list):
        return '[' + ','.join(write_json(one, depth + 1) for one in value) + ']'
    need(isinstance(value, dict) and '__proto__' not in value, 'not a JSON value')
    keys = sorted(value, key=lambda key: key.encode('utf-16-be'))
    members = (json.dumps(key, ensure_ascii=False) + ':' + write_json(value[key], depth + 1) for key in keys)
    return '{' + ','.join(members) + '}'


def no_float(text):
    refuse('a number is not an integer')


def parse_json(data, most):
    need(len(data) <= most, 'too long')
    try:
        value = json.loads(data.decode(), parse_float=no_float, parse_constant=no_float)
        again = jcs(value)
    except (UnicodeError, ValueError, RecursionError):
        refuse('not JSON')
    need(again == data, 'not in canonical form')
    return value


# --- SPEC 1.1: text that people read -----------------------------------------------------------------------------

class Points:
    """A set of code points, written `30-39 5f`."""

    def __init__(self, text_):
        spans = [[int(end, 16) for end in span.split('-')] for span in text_.split(' ')]
        self.starts, self.ends = [span[0] for span in spans], [span[-1] for span in spans]

    def __contains__(self, point):
        at = bisect.bisect_right(self.starts, point) - 1
        return at >= 0 and point <= self.ends[at]


def read_table():
    here = os.path.dirname(os.path.abspath(__file__))
    places = [os.path.join(here, 'characters.json'), os.path.join(here, '../../packages/crypto/src/text/characters.json')]
    there = [one for one in places if os.path.exists(one)]
    if not there:
        print('verify.py: characters.json is not beside it; it is packages/crypto/src/text/characters.json of the sources', file=sys.stderr)
        sys.exit(3)
    with open(there[0], encoding='utf-8') as file:
        return json.load(file)


TABLE = read_table()
EARLIER, REFUSED, SPACES, WORD, EXCLUDED, VIRAMA = (
    Points(TABLE[name]) for name in ('earlier', 'refused', 'spaces', 'word', 'excluded', 'virama'))
LEFT, RIGHT, TRANSPARENT = (Points(TABLE['joining'][name]) for name in ('left', 'right', 'transparent'))
CLASSES = [Points(one) for one in TABLE['classes']]
SCRIPTS = [(set(names.split(' ')), Points(points)) for names, points in TABLE['scripts'].items()]
MIXES = [set(one.split(' ')) for one in TABLE['mixes']]
APART = {whole: (first, second) for whole, first, second in
         ([int(one, 16) for one in entry.split(' ')] for entry in TABLE['composed'].split(', '))}
TOGETHER = {parts: whole for whole, parts in APART.items()}
ZWNJ, ZWJ = 0x200c, 0x200d


@functools.lru_cache(None)
def class_of(point):
    return next((at for at, members_ in enumerate(CLASSES, 1) if point in members_), 0)


@functools.lru_cache(None)
def scripts_of(point):
    return next((names for names, points in SCRIPTS if point in points), None)


def is_hidden(points, at):
    point = points[at]
    if point not in (ZWNJ, ZWJ):
        return point in REFUSED
    if at == 0 or at == len(points) - 1:
        return True
    if points[at - 1] in VIRAMA:
        return False
    before = next((one for one in reversed(points[:at]) if one not in TRANSPARENT), None)
    after = next((one for one in points[at + 1:] if one not in TRANSPARENT), None)
    return point == ZWJ or None in (before, after) or before not in LEFT or after not in RIGHT


def decompose(point):
    at = point - 0xac00
    if 0 <= at < 11172:
        return [0x1100 + at // 588, 0x1161 + at // 28 % 21] + ([0x11a7 + at % 28] if at % 28 else [])
    return decompose(APART[point][0]) + [APART[point][1]] if point in APART else [point]


def compose_pair(first, second):
    if 0 <= first - 0x1100 < 19 and 0 <= second - 0x1161 < 21:
        return 0xac00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    if 0 <= first - 0xac00 < 11172 and (first - 0xac00) % 28 == 0 and 0 < second - 0x11a7 < 28:
        return first + second - 0x11a7
    return TOGETHER.get((first, second))


def is_composed(points):
    """Normalization Form C (UAX 15), by the table and not by Python's own."""
    if any(point in EXCLUDED for point in points):
        return False
    ordered, marks = [], []
    for point in [one for whole in points for one in decompose(whole)]:
        if class_of(point) == 0:
            ordered, marks = ordered + marks + [point], []
        else:
            marks = sorted(marks + [point], key=class_of)
    out, starter, last = [], None, 0
    for point in ordered + marks:
        own = class_of(point)
        blocked = starter is None or starter < len(out) - 1 and (last == 0 or last >= own)
        whole = None if blocked else compose_pair(out[starter], point)
        if whole is not None:
            out[starter] = whole
            continue
        starter, last = len(out) if own == 0 else starter, own
        out.append(point)
    return out == points


def is_of_one_hand(points):
    """UTS 39, highly restrictive: of one script, or of one of the mixes."""
    sets = [names for names in map(scripts_of, points) if names is not None]
    return not sets or bool(set.intersection(*sets)) or any(all(names & mix for names in sets) for mix in MIXES)


def text_fault(value):
    points = [ord(one) for one in value]
    if any(is_hidden(points, at) for at in range(len(points))):
        return 'hidden'
    if any(point in SPACES for point in points) or value[:1] == ' ' or value[-1:] == ' ':
        return 'space'
    if not is_composed(points):
        return 'form'
    words = [[]]
    for point in points:
        if point in WORD:
            words[-1].append(point)
        elif point not in (ZWNJ, ZWJ):
            words.append([])
    return None if all(map(is_of_one_hand, words)) else 'scripts'


# --- Shapes: each is a function that refuses what does not fit ---------------------------------------------------

def pattern(expression):
    compiled = re.compile(expression)
    return lambda value: need(isinstance(value, str) and compiled.fullmatch(value), 'malformed text')


def literal(*values):
    return lambda value: need(any(type(value) is type(one) and value == one for one in values), 'another value')


def boolean(value):
    need(isinstance(value, bool), 'not true or false')


def integer(least, most):
    return lambda value: need(
        isinstance(value, int) and not isinstance(value, bool) and least <= value <= most, 'not such an integer')


# Whether the document that is being read, innermost last, is of version 3: then its texts keep the text rule of SPEC 1.1.
RULED = [False]


def text(least, most):
    def check(value):
        need(isinstance(value, str), 'not text')
        kept = text_fault(value) is None if RULED[-1] else not any(ord(one) in EARLIER for one in value)
        need(least <= len(value.encode('utf-16-le')) // 2 <= most and kept, 'not such a text')
    return check


def ruled(shape, by=True):
    """The shape, its texts under the text rule, or under that of before."""
    def check(value):
        RULED.append(by)
        try:
            shape(value)
        finally:
            RULED.pop()
    return check


def anything(most):
    return lambda value: need(isinstance(value, str) and len(value.encode('utf-16-le')) // 2 <= most, 'not such a text')


def b64(least, most):
    def check(value):
        need(isinstance(value, str) and least <= len(unbase64(value)) <= most, 'not such base64')
    return check


def nullable(shape):
    return lambda value: value is None or shape(value)


def either(*shapes):
    def check(value):
        for shape in shapes:
            try:
                return shape(value)
            except Refused:
                continue
        refuse('of none of the forms')
    return check


def array(shape, least=0, most=10 ** 9):
    def check(value):
        need(isinstance(value, list) and least <= len(value) <= most, 'not such a list')
        for one in value:
            shape(one)
    return check


def record(key, shape):
    def check(value):
        need(isinstance(value, dict), 'not an object')
        for name, one in value.items():
            key(name)
            shape(one)
    return check


def obj(optional=None, **members):
    optional = optional or {}

    def check(value):
        need(isinstance(value, dict), 'not an object')
        need(set(members) <= set(value) <= set(members) | set(optional), 'unknown or missing members')
        for name, one in value.items():
            (members.get(name) or optional[name])(one)
    return check


def also(shape, condition):
    def check(value):
        shape(value)
        need(condition(value), 'members do not fit each other')
    return check


def versions(one, two, three):
    """A format of three versions, each with a shape of its own, by its member v."""
    table = {1: ruled(one, False), 2: ruled(two, False), 3: ruled(three)}

    def check(value):
        said = value.get('v') if isinstance(value, dict) else None
        need(type(said) is int and said in table, 'of no known version')
        table[said](value)
    return check


def of_version(one, two):
    """The same of a format of two versions."""
    table = {1: ruled(one, False), 2: ruled(two)}

    def check(value):
        said = value.get('v') if isinstance(value, dict) else None
        need(type(said) is int and said in table, 'of no known version')
        table[said](value)
    return check


def distinct(values):
    values = list(values)
    return len(set(values)) == len(values)


digest, hex16 = pattern('[0-9a-f]{64}'), pattern('[0-9a-f]{32}')
time = pattern(
    r'[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z')
counter = pattern('0|[1-9][0-9]{0,14}')
ident = pattern('[A-Za-z0-9][A-Za-z0-9._-]{0,63}')
line, remark = text(1, 200), text(0, 2000)
positive = integer(1, 1_000_000)
domain = literal('production', 'rehearsal')
build = pattern('[0-9a-f]{64}|dev:[0-9a-f]{40}')
origin = pattern(r'(https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|http://127\.0\.0\.1)(:[1-9][0-9]{0,4})?')
earlier_key = obj(bundle=digest, id=ident, version=positive)
recipient = also(pattern('age1pq1[02-9ac-hj-np-z]+'), lambda value: len(value) <= 4000)
SCHEMES = ['p256', 'ed25519', 'mlDsa65']
keys = also(obj(optional={'p256': b64(65, 65), 'ed25519': b64(32, 32), 'mlDsa65': b64(1952, 1952)}), bool)
ceremony_keys = also(keys, lambda value: 'mlDsa65' in value and ('p256' in value) != ('ed25519' in value))
p256_key = obj(p256=b64(65, 65))
signature = obj(optional={'p256': b64(8, 72), 'ed25519': b64(64, 64), 'mlDsa65': b64(3309, 3309)}, signer=digest)
signatures = array(signature, 0, 64)


def signed(payload):
    return obj(payload=payload, signatures=signatures)


device = dict(maker=line, model=line)
header_token = dict(role=ident, profile=ident, library=digest, serial=line)
header_machine = dict(measurement=digest, kernel=line, tpmQuote=line)
header_members = dict(
    v=literal(1, 2, 3), ceremonyId=hex16, created=time, domain=domain, planHash=digest, planPolicy=digest, policyDigest=digest,
    tool=obj(version=line, build=build),
    roster=array(obj(role=ident, name=line, card=digest), 0, 256),
    standIns=array(obj(what=literal('card', 'token', 'destination'), name=line, listed=line, standIn=line), 0, 512))
header_before = obj(machine=obj(**header_machine), tokens=array(obj(**header_token), 0, 64), **header_members)
header_shape = also(
    versions(header_before, header_before, obj(
        machine=obj(optional={'image': digest}, **header_machine),
        tokens=array(obj(optional={'shim': digest, 'device': obj(firmware=line, **device)}, **header_token), 0, 64), **header_members)),
    lambda h: h['domain'] == 'rehearsal' or (not h['standIns'] and h['planPolicy'] == h['policyDigest']))
place = dict(seq=counter, time=time, stepId=ident, kind=ident)
entry_shape = either(
    obj(**place, salt=hex16, fact=lambda value: need(isinstance(value, dict), 'not a fact')),
    obj(**place, factHash=digest))
opening_shape = signed(obj(
    ceremonyId=hex16, domain=domain, planHash=digest, policyDigest=digest, node0=digest,
    tokenSerials=array(line, 0, 64), ceremonyKeys=ceremony_keys))
checkpoint_shape = signed(obj(
    ceremonyId=hex16, size=counter, node=digest, root=digest, planHash=digest, opening=digest,
    previous=nullable(digest), time=time))
CARD_KINDS = ['officer', 'witness', 'holder', 'approver', 'requester', 'evaluator', 'encryptor', 'administrator', 'recorder', 'operator',
              'so']
person_shape = dict(domain=domain, name=line, keys=keys)
person_options = {'recipient': recipient, 'renews': obj(card=digest, signature=signature), 'note': remark}


def fits_kind(card):
    return (card['kind'] in ('holder', 'custodian')) == ('recipient' in card) and (card['kind'] == 'holder' or 'renews' not in card)


card_now = also(obj(optional={**person_options, 'app': obj(origin=origin, release=digest)}, v=literal(2, 3),
                    kind=literal(*CARD_KINDS, 'custodian'), **person_shape), fits_kind)
card_shape = versions(
    also(obj(optional=person_options, v=literal(1), kind=literal(*CARD_KINDS), **person_shape), fits_kind), card_now, card_now)
server_shape = obj(
    v=literal(1), kind=literal('server'), domain=domain, deployment=hex16, receiptKey=p256_key, requesterKey=p256_key,
    combinerRecipient=recipient)
transport_shape = signed(obj(
    v=literal(1), kind=literal('transport'), domain=domain, audience=digest, node=ident, serial=line,
    transportKey=b64(400, 450), recipient=recipient, nonce=hex16))
acknowledgement_shape = signed(obj(
    v=literal(1), kind=literal('acknowledgement'), domain=domain, ceremonyId=hex16, keyId=digest, epochId=digest,
    holder=integer(1, 15), name=line, shareDigest=digest, envelopeDigest=digest))
USES = ('check', 'drill', 'restore')
statement_of_custodian_shape = signed(obj(
    v=literal(1), kind=literal('custodian-statement'), domain=domain, ceremonyId=hex16, use=literal(*USES), key=ident, set=hex16,
    index=integer(1, 16), name=line, share=digest, envelope=nullable(digest), time=time))
share_request_shape = signed(obj(
    v=literal(1), kind=literal('share-request'), domain=domain, ceremonyId=hex16, use=literal(*USES[1:]), key=ident, set=hex16,
    identifier=integer(0, 0x7fff), t=integer(2, 16), custodians=array(line, 2, 16), shares=array(digest, 2, 16), recipient=recipient))
heartbeat_shape = signed(obj(
    v=literal(1), kind=literal('heartbeat'), domain=domain, ceremonyId=hex16, keyId=digest, epochId=digest,
    holder=integer(1, 15), name=line, challenge=digest, shareDigest=digest,
    left=obj(at64=integer(0, 0xffffffff), at128=integer(0, 0xffffffff)), time=time))
custodian_shape = signed(obj(
    v=literal(1), kind=literal('custodian-acknowledgement'), domain=domain, ceremonyId=hex16, key=ident, set=hex16,
    index=integer(1, 16), name=line, share=digest, envelope=digest))
exception_shape = signed(obj(
    v=literal(1), kind=literal('exception-decision'), domain=domain, ceremonyId=hex16, planHash=digest,
    exception=positive, stepId=ident, attempt=positive, about=literal('failed', 'ambiguous', 'mismatch', 'reported'),
    expected=anything(4000), happened=anything(4000), decided=literal('retry', 'continue'), by=line, reason=remark,
    head=obj(size=counter, node=digest, root=digest)))
value_type = also(pattern('bool|[ui][1-9][0-9]{0,3}'),
                  lambda name: name == 'bool' or (int(name[1:]) <= 2048 and int(name[1:]) % 2 == 0))
mode_shape, index15, u32_shape = literal('S', 'F'), integer(1, 15), integer(0, 0xffffffff)
admitted_shape = literal('proof', 'signature', 'client-key')
of_provenance = {'domain': domain, 'keyId': digest, 'mode': mode_shape, 'type': value_type, 'program': line, 'time': time}
provenance_shape = signed(of_version(
    obj(**of_provenance, v=literal(1), ciphertexts=also(array(digest, 1, 1024), distinct),
        inputs=array(obj(digest=digest, admitted=admitted_shape, by=line), 1, 4096)),
    obj(**of_provenance, v=literal(2), batch=obj(count=integer(1, 10_000), digest=digest),
        inputs=array(obj(count=integer(1, 0xffffffff), digest=digest, admitted=admitted_shape, by=line), 1, 256))))


def blocks_of(name, mode):
    pairs = 0 if name == 'bool' else int(name[1:]) // 2
    return 1 if name == 'bool' else pairs if mode == 'F' else (pairs + 1) // 2


def batch_digest(digests):
    return sha(b'lux-fhe/v1/batch' + len(digests).to_bytes(4, 'little') + b''.join(map(bytes.fromhex, digests))).hex()


def fits_request(r):
    asked = r['ciphertexts'] if r['v'] == 1 else r['batches']
    blocks = sum(one.get('count', 1) * blocks_of(one['type'], r['mode']) for one in asked)
    return r['budget'] == blocks and (r['v'] == 1 or blocks <= (40_000 if r['mode'] == 'F' else 20_000))


def fits_package(p):
    request, batches = p['request']['payload'], p.get('batches')
    asked = request['ciphertexts'] if request['v'] == 1 else request['batches']
    if [sha(jcs(one['payload'])).hex() for one in p['provenance']] != list(dict.fromkeys(one['provenance'] for one in asked)):
        return False
    if request['v'] == 1:
        return batches is None
    return batches is not None and [(one['count'], one['digest']) for one in asked] == [
        (len(all_), batch_digest(all_)) for all_ in batches]


of_request = {
    'kind': literal('decryption-request'), 'domain': domain, 'requestId': hex16, 'keyId': digest, 'epochId': digest,
    'mode': mode_shape, 'what': line, 'purpose': remark, 'requester': line, 'combiner': recipient, 'expiry': time,
    'budget': u32_shape, 'nonce': hex16}
request_shape = signed(also(of_version(
    obj(**of_request, v=literal(1), ciphertexts=also(
        array(obj(digest=digest, type=value_type, provenance=digest), 1, 256), lambda all_: distinct(one['digest'] for one in all_))),
    obj(**of_request, v=literal(2), batches=also(
        array(obj(type=value_type, count=integer(1, 10_000), digest=digest, provenance=digest), 1, 256),
        lambda all_: distinct(one['provenance'] for one in all_) and sum(one['count'] for one in all_) <= 10_000))), fits_request))
package_shape = also(obj(
    optional={'batches': also(array(array(digest), 0, 256), lambda all_: distinct(one for batch in all_ for one in batch))},
    request=request_shape, approvals=signatures, provenance=array(provenance_shape, 0, 256)), fits_package)
answer_shape = signed(also(obj(
    v=literal(1), kind=literal('holder-answer'), domain=domain, request=digest, keyId=digest, epochId=digest,
    holder=index15, name=line, decision=literal('approved', 'refused'), reason=remark, sealed=nullable(digest),
    spent=u32_shape, left=obj(at64=u32_shape, at128=u32_shape), time=time),
    lambda a: (a['sealed'] is not None and a['reason'] == '') if a['decision'] == 'approved'
    else (a['sealed'] is None and a['spent'] == 0 and a['reason'] != '')))
result_shape = signed(also(obj(
    v=literal(1), kind=literal('decryption-result'), domain=domain, request=digest, answers=array(digest, 1, 15),
    outcome=literal('combined', 'inconsistent'), verified=integer(0, 14), cheaters=array(index15, 0, 15),
    commitment=nullable(digest), time=time),
    lambda r: r['commitment'] is not None if r['outcome'] == 'combined' else (r['commitment'] is None and r['verified'] == 0)))
run_place = dict(domain=domain, ceremonyId=hex16, planHash=digest, keyId=digest, oldEpochId=digest)
approval_shape = signed(obj(
    v=literal(1), kind=literal('epoch-approval'), **run_place, epoch=u32_shape, t=index15, n=index15, roster=digest,
    dealerMask=integer(1, 0x7fff), holder=index15, name=line, left=obj(at64=u32_shape, at128=u32_shape)))
redeal_shape = signed(obj(
    v=literal(1), kind=literal('redeal'), **run_place, t=index15, n=index15, dealer=index15, name=line, correction=digest,
    commitments=digest, envelopes=array(digest, 1, 15)))
live_shape = signed(obj(
    v=literal(1), kind=literal('epoch-live'), **run_place, epochId=digest, epoch=u32_shape, t=index15, n=index15,
    acknowledgements=array(digest, 1, 15), time=time))
lock_shape = obj(
    planHash=digest, policyDigest=digest, rehearsalDigest=digest, diffDigest=nullable(digest), signatures=signatures)

member = also(
    obj(name=line, card=digest, keys=keys, algorithms=array(literal(*SCHEMES))),
    lambda one: one['algorithms'] == [scheme for scheme in SCHEMES if scheme in one['keys']])
members = also(array(member, 0, 32), lambda all_: distinct(m['card'] for m in all_) and distinct(m['name'] for m in all_))
JOINED = [{'recorder', 'witness'}, {'officer', 'holder'}]
LEVELS = ['root', 'organisation', 'project', 'data']
HARDWARE_PROFILES = {'tpm2', 'yubihsm', 'luna', 'nshield', 'cloudhsm', 'smartcard-hsm'}
evidence = literal('E0', 'E1', 'E2', 'E3')
bits, blocks, quorum = integer(0, 128), integer(0, 0xffffffff), integer(0, 32)
MACHINE_LEVELS = ['M0', 'M1', 'M2', 'M3']
attestation_root = dict(name=line, certificate=digest, format=literal('yubihsm', 'luna'))


def roots_of(**optional):
    return also(array(obj(optional=optional, **attestation_root), 1, 16), lambda all_: distinct(one['certificate'] for one in all_))


policy_members = dict(
    kind=literal('policy'), version=positive, previous=nullable(digest),
    organisation=obj(id=ident, name=line), domain=domain, expiry=time,
    officers=also(members, bool), officerQuorum=positive, approvers=members, approverThreshold=quorum,
    witnesses=members, witnessQuorum=quorum, requesters=members, evaluators=members, encryptors=members,
    combiners=array(obj(name=line, recipient=recipient), 0, 32),
    audiences=also(
        array(obj(audience=digest, name=line, receiptKey=p256_key, requesterKey=p256_key,
                  combinerRecipient=recipient), 0, 32),
        lambda all_: distinct(one['audience'] for one in all_)),
    leastEvidence=obj(ceremony=evidence, root=evidence, organisation=evidence, project=evidence, data=evidence),
    softTokens=boolean, acceptedTools=array(build, 0, 64),
    algorithms=obj(signatures=array(literal(*SCHEMES), 1), keys=array(ident, 0, 32)),
    fhe=obj(optional={'carrying': literal('always', 'never')}, floorBits=bits, blockFloorBits=bits,
            budgets=obj(k64=blocks, k128=blocks)))
policy_newer = {
    'phone': obj(origin=origin, releaseKey=keys),
    'hardware': also(array(obj(**device), 1, 64), lambda all_: distinct((one['maker'], one['model']) for one in all_)),
    'changes': also(array(obj(role=literal('officer', 'approver', 'witness'), name=line, card=digest,
                              change=literal('added', 'removed'), reason=remark), 1, 192),
                    lambda all_: distinct((one['role'], one['card']) for one in all_))}
machine_policy = obj(
    optional={'images': also(array(digest, 1, 64), distinct),
              'keys': also(array(obj(name=line, key=b64(64, 1024)), 1, 64), lambda all_: distinct(one['key'] for one in all_))},
    least=literal(*MACHINE_LEVELS))
policy_shape = versions(
    obj(optional={'attestationRoots': roots_of()}, v=literal(1), **policy_members),
    obj(optional={'attestationRoots': roots_of(), **policy_newer}, v=literal(2), **policy_members),
    obj(optional={'attestationRoots': roots_of(device=obj(**device)), 'machine': machine_policy, **policy_newer}, v=literal(3),
        oldest=obj(card=literal(1, 2, 3), run=literal(1, 2, 3)), **policy_members))
policy_file_shape = obj(policy=policy_shape, signatures=signatures)

attributes = record(
    pattern('[A-Z][A-Z0-9_]{0,63}'),
    either(boolean, integer(-2 ** 53 + 1, 2 ** 53 - 1),
           lambda value: need(isinstance(value, str) and len(value.encode('utf-16-le', 'surrogatepass')) <= 4096, 'too long')))
fhe_shape = obj(
    optional={'crs': digest},
    id=ident, type=literal('TFHE_INTEGER', 'TFHE_BINARY'), mode=literal('S', 'F'), keyId=digest, epochId=digest,
    epoch=integer(0, 0xffffffff), t=integer(1, 15), n=integer(1, 15), public=digest, compactPublicKey=nullable(digest),
    serverKey=nullable(digest), commitments=digest,
    holders=array(obj(index=integer(1, 15), name=line, card=digest, envelope=digest, signature=signature,
                      acknowledgement=digest), 1, 15))
statement_of_key_shape = signed(obj(
    v=literal(1), kind=literal('key-statement'), domain=domain, ceremonyId=hex16, planHash=digest, stepId=ident, key=ident,
    level=literal('ceremony', *LEVELS), serial=line, ckaId=hex16, identity=digest, attributes=attributes,
    companion=obj(ckaId=pattern('([0-9a-f]{2}){1,64}'), keys=p256_key), head=obj(size=counter, node=digest, root=digest)))
attestation_shape = obj(
    id=ident, level=literal('ceremony', *LEVELS), by=literal('companion', 'vendor'), root=digest, chain=digest,
    statement=nullable(obj(document=digest, size=counter)))


def replicas_shape(*ways):
    return array(obj(id=ident, token=ident, serial=line, way=literal(*ways), ckaId=hex16, evidence=evidence, attributes=attributes,
                     mechanism=line, challenge=digest, digest=digest), 1, 20)


predicate_options = {'attestations': array(attestation_shape, 1, 4096), 'replicas': replicas_shape('vendor-clone', 'vendor-wrap')}
predicate_members = dict(
    ceremonyId=hex16, domain=domain, planHash=digest, lock=nullable(digest), policyDigest=digest,
    cards=array(digest, 0, 300), opening=digest, checkpoints=array(obj(size=counter, blob=digest), 1, 4096),
    exceptions=array(obj(id=positive, size=counter, blob=digest), 0, 4096),
    transcript=obj(size=counter, node=digest, root=digest),
    keyEvidence=array(obj(id=ident, level=literal('ceremony', *LEVELS), evidence=evidence, serial=line, ckaId=hex16,
                          label=line, attributes=attributes), 0, 4096),
    possession=array(obj(id=ident, mechanism=line, challenge=digest, digest=digest), 0, 64),
    transports=array(obj(document=digest, roots=array(obj(id=ident, mechanism=line, sealed=digest, wrapped=digest))), 0, 64),
    fhe=nullable(fhe_shape), existing=nullable(obj(keyId=digest, epochId=digest, epoch=u32_shape, public=digest)),
    decryptions=array(obj(id=ident, package=digest, answers=array(obj(holder=index15, name=line, document=digest), 1, 15),
                          result=digest), 0, 100),
    next=nullable(obj(
        epochId=digest, epoch=u32_shape, t=index15, n=index15, public=digest, approvals=array(digest, 1, 15),
        redeals=array(obj(dealer=index15, name=line, document=digest, correction=digest), 1, 15),
        holders=array(obj(index=index15, name=line, card=digest, acknowledgement=digest), 1, 15), live=digest)),
    audience=nullable(digest), sequence=counter, previous=nullable(digest),
    supersedes=array(digest, 0, 64))
node_members = dict(level=literal(*LEVELS), id=ident, name=line, parent=nullable(ident), version=positive, algorithm=ident,
                    mechanism=nullable(line), blob=nullable(digest), publicKey=nullable(digest),
                    root=nullable(obj(rootId=hex16, born=hex16)))
dealt_backup_shape = obj(
    bundle=digest, key=ident, ckaId=hex16, rootId=hex16, ceremonyId=hex16, set=hex16, identifier=integer(0, 0x7fff), t=integer(2, 16),
    medium=digest, mechanism=ruled(line, False), possession=digest, shares=array(digest, 1, 16))
restored_shape = obj(
    token=line, serial=line, ckaId=hex16, evidence=evidence, attributes=attributes, mechanism=line, challenge=digest, digest=digest,
    shares=array(integer(1, 16), 0, 16))
backup_shape = obj(
    id=ident, set=hex16, identifier=integer(0, 0x7fff), t=integer(1, 16), n=integer(1, 16), publicKey=digest, wrapped=digest, medium=digest,
    shares=array(obj(index=integer(1, 16), name=line, card=digest, share=digest, envelope=digest, signature=signature,
                     acknowledgement=digest), 1, 16))
predicate_now = obj(
    optional={
        **predicate_options, 'replicas': replicas_shape('vendor-clone', 'vendor-wrap', 'trusted-window'),
        'backups': array(backup_shape, 1, 64),
        'recovery': obj(optional={'request': digest, 'restored': restored_shape, 'zeroised': obj(token=line, serial=line)},
                        use=literal(*USES), backup=dealt_backup_shape,
                        statements=array(obj(index=integer(1, 16), name=line, document=digest), 0, 16)),
        'heartbeats': array(obj(index=integer(1, 15), name=line, document=digest), 1, 15), 'revokes': array(earlier_key, 1, 4096),
        'nextPolicy': digest, 'decommissioned': array(obj(id=ident, token=line, serial=line, ckaId=hex16), 1, 64),
        'alsoFor': array(obj(audience=digest, sequence=counter, previous=nullable(digest), supersedes=array(digest, 0, 64)), 1, 19)},
        v=literal(2, 3), wrapTree=array(obj(optional={'replaces': earlier_key}, **node_members), 0, 4096), **predicate_members)
predicate_shape = versions(
    obj(optional=predicate_options, v=literal(1), wrapTree=array(obj(**node_members), 0, 4096), **predicate_members), predicate_now, predicate_now)
statement_shape = also(obj(
    _type=literal('https://in-toto.io/Statement/v1'), predicateType=literal(*(f'urn:lux-custody:bundle:v{one}' for one in (1, 2, 3))),
    subject=array(obj(name=pattern(r'transcript\.jsonl|blobs/[0-9a-f]{64}'), digest=obj(sha256=digest),
                      annotations=obj(size=counter)), 1, 20_000),
    predicate=predicate_shape), lambda said: said['predicateType'].endswith(f":v{said['predicate']['v']}"))
PAYLOAD_TYPE = 'application/vnd.in-toto+json'
envelope_shape = obj(
    payload=lambda value: need(isinstance(value, str), 'no payload'), payloadType=literal(PAYLOAD_TYPE),
    signatures=array(obj(keyid=digest, sig=lambda value: need(isinstance(value, str) and len(value) <= 8192, 'no signature')), 0, 64))


slug, cka_id = pattern('[a-z0-9][a-z0-9-]{0,63}'), pattern('([0-9a-f]{2}){1,64}')
whole = integer(-2 ** 53 + 1, 2 ** 53 - 1)
ROLES = ['administrator', 'operator', 'so', 'officer', 'holder', 'approver', 'witness', 'recorder']
PROFILES = [*sorted(HARDWARE_PROFILES), 'softhsm', 'opencryptoki', 'swtpm']
NEEDS = ['initialise', 'kwp', 'unwrap-template', 'gcm', 'trusted-window']
# Every kind of step: the version that brought it, the effect whose result the transcript keeps, whether the manifest is compared with that
# result, whether a key is made, and the role of a key that is made or brought: its token was probed before.
Kind = namedtuple('Kind', 'since effect compared makes role', defaults=(1, None, False, False, None))
STEPS = {
    **dict.fromkeys(('confirm', 'roll-call', 'read-aloud', 'clock-check', 'pause'), Kind()),
    'measure-machine': Kind(effect='measure-machine'),
    'initialise-token': Kind(effect='initialise-token'),
    'log-in': Kind(),
    'probe-token': Kind(effect='probe-token'),
    'inventory': Kind(effect='inventory'),
    'make-ceremony-key': Kind(effect='make-ceremony-key', compared=True, makes=True, role='ceremony'),
    'open-run': Kind(),
    'checkpoint': Kind(),
    'generate-root': Kind(effect='generate-root', compared=True, makes=True, role='root'),
    'read-back': Kind(),
    'generate-key': Kind(effect='generate-key', compared=True, makes=True, role='data'),
    'prove-possession': Kind(effect='prove-possession', compared=True),
    'replicate-root': Kind(effect='prove-replica', compared=True, role='root'),
    'attest': Kind(effect='attest', compared=True),
    'fhe-deal': Kind(effect='fhe-deal', compared=True, makes=True),
    **dict.fromkeys(('acknowledge-holder', 'take-request', 'approve-request', 'answer-request', 'take-result', 'approve-epoch', 'redeal'), Kind()),
    'assemble-epoch': Kind(effect='assemble-epoch', compared=True),
    'epoch-live': Kind(effect='sign-epoch-live', compared=True),
    'seal': Kind(effect='inventory', compared=True),
    **dict.fromkeys(('export', 'receipt', 'close'), Kind()),
    'ask-heartbeats': Kind(2, 'ask-heartbeats', compared=True),
    **dict.fromkeys(('take-heartbeats', 'acknowledge-custodian', 'check-shares', 'give-shares', 'revoke-keys'), Kind(2)),
    'check-medium': Kind(2, 'check-medium', compared=True),
    'ask-shares': Kind(2, 'ask-shares', compared=True),
    'restore-root': Kind(2, 'restore-root', compared=True, role='root'),
    'zeroise-root': Kind(2, 'zeroise-root', compared=True),
    'sign-policy': Kind(2, 'read-policy', compared=True),
    'decommission-root': Kind(2, 'zeroise-root', compared=True),
}
PARTS = {
    **dict.fromkeys(('token-initialisation', 'root-kek', 'key-hierarchy', 'replication', 'threshold-fhe', 'threshold-decryption', 'resharing',
                     'bundle-export'), 1),
    **dict.fromkeys(('holder-heartbeat', 'root-backup', 'share-check', 'restore-drill', 'root-restore', 'officer-change', 'kek-rotation',
                     'revocation', 'decommission'), 2),
}
COMPARED = [name for name, kind in STEPS.items() if kind.compared]
MAKING = {name for name, kind in STEPS.items() if kind.makes}
# All but the threshold key.
MAKING_ONE = [name for name, kind in STEPS.items() if kind.makes and kind.role]
RECORDED = {kind.effect for kind in STEPS.values()} - {None}
step_members = dict(id=slug, textKey=pattern('[a-z][A-Za-z0-9.-]{0,127}'), text=text(1, 2000))
step_options = {
    'token': slug, 'key': slug, 'holder': line, 'decryption': slug,
    'values': array(obj(optional={'format': literal('text', 'digits', 'hex', 'time')}, id=slug, label=line), 0, 20),
    'when': literal('opening', 'closing'), 'by': literal('pin', 'pin-pad', 'companion', 'vendor')}
token_members = dict(role=slug, library=digest, serial=line)
token_options = {'label': line, 'attestation': obj(optional={'companion': obj(ckaId=cka_id, chain=digest)}, root=digest)}
key_members = dict(id=slug, level=literal(*LEVELS), name=line,
                   algorithm=literal('AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384'))
key_options = {'parent': slug, 'replication': literal('trusted-window', 'vendor-clone', 'vendor-wrap', 'none'),
               'existing': obj(ckaId=hex16, rootId=hex16, ceremonyId=hex16)}
plan_members = dict(title=line, organisation=obj(id=slug, name=line), policy=digest, tool=build, checkpoints=obj(live=array(slug, 0, 500)))
plan_options = {
    'fhe': obj(optional={'proofBits': whole, 'existing': obj(keyId=digest, epochId=digest, epoch=u32_shape, public=digest)},
               id=slug, type=literal('TFHE_INTEGER', 'TFHE_BINARY'), mode=mode_shape, squash=boolean,
               inputs=literal('signed', 'proven'), t=whole, n=whole, holders=array(line, 0, 64)),
    'decryptions': array(obj(optional={'canary': boolean}, id=slug, what=line, answers=whole), 0, 100),
    'reshare': obj(kind=literal('reshare', 'refresh', 'remove'), t=whole, n=whole, holders=array(line, 0, 64),
                   dealers=array(line, 0, 64))}


def parts_shape(version, options, roles):
    step = obj(optional=options, do=literal(*(name for name, kind in STEPS.items() if kind.since <= version)), actor=literal(*roles), **step_members)
    return array(obj(kind=literal(*(name for name, since in PARTS.items() if since <= version)), steps=array(step, 1, 1000)), 1, 20)


plan_key = obj(bundle=digest, id=slug, version=positive)
def plan_now(of_token, **options):
    return obj(
        optional={**plan_options, **options, 'heartbeat': obj(dueDays=whole),
                  'recovery': obj(use=literal(*USES), custodians=array(line, 0, 16), backup=dealt_backup_shape), 'revokes': array(plan_key, 1, 500), 'nextPolicy': digest},
        v=literal(2, 3), **plan_members,
        people=array(obj(role=literal(*ROLES, 'custodian'), name=line, card=digest), 0, 200),
        tokens=array(obj(optional={**token_options, **of_token, 'needs': array(literal(*NEEDS), 0, len(NEEDS))},
                         profile=literal(*PROFILES, 'measured'), **token_members), 0, 20),
        destinations=array(obj(optional={'transport': digest}, card=digest), 0, 20),
        keys=array(obj(optional={
            **key_options, 'existing': obj(optional={'possession': obj(mechanism=line, digest=digest)}, ckaId=hex16, rootId=hex16, ceremonyId=hex16),
            'backup': obj(t=whole, n=whole, custodians=array(line, 0, 64)), 'spares': array(slug, 1, 20),
            'version': positive, 'replaces': plan_key}, **key_members), 0, 500),
        parts=parts_shape(2, {**step_options, 'custodian': line}, [*ROLES, 'custodian']))


plan_shape = versions(
    obj(optional=plan_options, v=literal(1), **plan_members,
        people=array(obj(role=literal(*ROLES), name=line, card=digest), 0, 200),
        tokens=array(obj(optional=token_options, profile=literal(*PROFILES), **token_members), 0, 20),
        destinations=array(obj(card=digest, transport=digest), 0, 20),
        keys=array(obj(optional=key_options, **key_members), 0, 500),
        parts=parts_shape(1, step_options, ROLES)),
    plan_now({}), plan_now({'shim': digest, 'device': obj(**device)}, image=digest))


def parse(data, shape, most):
    value = parse_json(data, most)
    shape(value)
    return value


# --- SPEC 2: signatures ------------------------------------------------------------------------------------------

P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
P_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P_G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
       0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def p256_add(one, two):
    """Affine addition; None is the point at infinity."""
    if one is None or two is None:
        return one or two
    (x1, y1), (x2, y2) = one, two
    if x1 == x2:
        if (y1 + y2) % P == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def der_integer(data, at):
    need(data[at:at + 1] == b'\x02' and at + 2 <= len(data), 'not DER')
    length = data[at + 1]
    body = data[at + 2:at + 2 + length]
    need(1 <= length <= 33 and len(body) == length and body[0] < 0x80, 'not DER')
    need(length == 1 or body[0] != 0 or body[1] >= 0x80, 'not DER')
    return int.from_bytes(body, 'big'), at + 2 + length


@functools.lru_cache(None)
def verify_p256(public, message, der):
    x, y = int.from_bytes(public[1:33], 'big'), int.from_bytes(public[33:], 'big')
    need(public[0] == 4 and x < P and y < P and (y * y - x ** 3 + 3 * x - P_B) % P == 0, 'not a P-256 key')
    need(der[0] == 0x30 and der[1] == len(der) - 2, 'not DER')
    r, at = der_integer(der, 2)
    s, at = der_integer(der, at)
    need(at == len(der) and 0 < r < P_N and 0 < s <= P_N // 2, 'not strict DER with low s')
    z, w = int.from_bytes(sha(message), 'big'), pow(s, -1, P_N)
    u1, u2, both, sum_ = z * w % P_N, r * w % P_N, p256_add(P_G, (x, y)), None
    for bit in range(255, -1, -1):
        sum_ = p256_add(sum_, sum_)
        sum_ = p256_add(sum_, [None, P_G, (x, y), both][(u1 >> bit & 1) + 2 * (u2 >> bit & 1)])
    return sum_ is not None and sum_[0] % P_N == r


E_P, E_L = 2 ** 255 - 19, 2 ** 252 + 27742317777372353535851937790883648493
E_D = -121665 * pow(121666, -1, E_P) % E_P


def ed_add(one, two):
    """Extended coordinates (X, Y, Z, T), RFC 8032 5.1.4."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % E_P, (one[1] + one[0]) * (two[1] + two[0]) % E_P
    c, d = 2 * one[3] * two[3] * E_D % E_P, 2 * one[2] * two[2] % E_P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % E_P, g * h % E_P, f * g % E_P, e * h % E_P


def ed_times(scalar, point):
    sum_ = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            sum_ = ed_add(sum_, point)
        point, scalar = ed_add(point, point), scalar >> 1
    return sum_


def ed_point(data):
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (2 ** 255 - 1)
    need(y < E_P, 'not an Ed25519 point')
    square = (y * y - 1) * pow(E_D * y * y + 1, -1, E_P) % E_P
    x = pow(square, (E_P + 3) // 8, E_P)
    if x * x % E_P != square:
        x = x * pow(2, (E_P - 1) // 4, E_P) % E_P
    need(x * x % E_P == square and not (x == 0 and sign), 'not an Ed25519 point')
    return (x if x & 1 == sign else E_P - x, y, 1, (x if x & 1 == sign else E_P - x) * y % E_P)


ED_G = ed_point((4 * pow(5, -1, E_P) % E_P).to_bytes(32, 'little'))


@functools.lru_cache(None)
def verify_ed25519(public, message, sig):
    key, r, s = ed_point(public), ed_point(sig[:32]), int.from_bytes(sig[32:], 'little')
    small = ed_times(8, key)
    need(s < E_L and small[0] % E_P != 0, 'a weak key or a large s')
    challenge = int.from_bytes(hashlib.sha512(sig[:32] + public + message).digest(), 'little') % E_L
    left, right = ed_times(s, ED_G), ed_add(r, ed_times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % E_P == 0 and (left[1] * right[2] - right[1] * left[2]) % E_P == 0


Q = 8380417
ZETAS = [pow(1753, int(f'{i:08b}'[::-1], 2), Q) for i in range(256)]


def ntt(poly):
    poly, k, length = list(poly), 0, 128
    while length:
        for start in range(0, 256, 2 * length):
            k += 1
            for j in range(start, start + length):
                t = ZETAS[k] * poly[j + length] % Q
                poly[j], poly[j + length] = (poly[j] + t) % Q, (poly[j] - t) % Q
        length //= 2
    return poly


def inverse_ntt(poly):
    poly, k, length = list(poly), 256, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            k -= 1
            for j in range(start, start + length):
                t = poly[j]
                poly[j] = (t + poly[j + length]) % Q
                poly[j + length] = -ZETAS[k] * (t - poly[j + length]) % Q
        length *= 2
    scale = pow(256, -1, Q)
    return [one * scale % Q for one in poly]


def unpack(data, width):
    number = int.from_bytes(data, 'little')
    return [number >> width * i & (1 << width) - 1 for i in range(len(data) * 8 // width)]


@functools.lru_cache(None)
def ml_dsa_matrix(rho):
    matrix = []
    for row in range(6):
        matrix.append([])
        for column in range(5):
            stream = hashlib.shake_128(rho + bytes([column, row])).digest(1344)
            words = (stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 127) << 16 for i in range(0, 1344, 3))
            poly = [word for word in words if word < Q][:256]
            need(len(poly) == 256, 'an unlucky matrix')
            matrix[row].append(poly)
    return matrix


def sample_in_ball(seed):
    stream = hashlib.shake_256(seed).digest(1024)
    signs, at, poly = int.from_bytes(stream[:8], 'little'), 8, [0] * 256
    for i in range(256 - 49, 256):
        while stream[at] > i:
            at += 1
        j, at = stream[at], at + 1
        poly[i], poly[j] = poly[j], 1 - 2 * (signs & 1)
        signs >>= 1
    return poly


def hints(data):
    rows, index = [], 0
    for row in range(6):
        end = data[55 + row]
        need(index <= end <= 55, 'malformed hints')
        part = list(data[index:end])
        need(all(a < b for a, b in zip(part, part[1:])), 'malformed hints')
        rows.append(set(part))
        index = end
    need(not any(data[index:55]), 'malformed hints')
    return rows


def use_hint(hint, value):
    """FIPS 204 algorithms 36 and 40 with gamma2 = (q - 1) / 32."""
    low = value % 523776
    low -= 523776 if low > 261888 else 0
    high = 0 if value - low == Q - 1 else (value - low) // 523776
    low -= 1 if value - low == Q - 1 else 0
    return (high + (1 if low > 0 else -1)) % 16 if hint else high


@functools.lru_cache(None)
def verify_ml_dsa65(public, message, sig):
    """FIPS 204 algorithm 8, empty context."""
    z = [[2 ** 19 - one for one in unpack(sig[48 + 640 * i:688 + 640 * i], 20)] for i in range(5)]
    need(all(abs(one) < 2 ** 19 - 196 for poly in z for one in poly), 'z is too long')
    hint = hints(sig[48 + 3200:])
    mu = hashlib.shake_256(hashlib.shake_256(public).digest(64) + b'\0\0' + message).digest(64)
    challenge, z_hat = ntt(sample_in_ball(sig[:48])), [ntt(poly) for poly in z]
    encoded = b''
    for row, columns in enumerate(ml_dsa_matrix(public[:32])):
        t1 = ntt([one << 13 for one in unpack(public[32 + 320 * row:352 + 320 * row], 10)])
        total = [-challenge[i] * t1[i] for i in range(256)]
        for column, poly in enumerate(columns):
            total = [total[i] + poly[i] * z_hat[column][i] for i in range(256)]
        w1 = [use_hint(i in hint[row], value) for i, value in enumerate(inverse_ntt([one % Q for one in total]))]
        encoded += bytes(w1[i] | w1[i + 1] << 4 for i in range(0, 256, 2))
    return hashlib.shake_256(mu + encoded).digest(48) == sig[:48]


VERIFY = {'p256': verify_p256, 'ed25519': verify_ed25519, 'mlDsa65': verify_ml_dsa65}


def identity(verification_keys):
    return sha(jcs(verification_keys)).hex()


def verify_signature(verification_keys, what, domain_, payload, sig):
    need(sig['signer'] == identity(verification_keys), 'signed by another identity')
    need(set(sig) - {'signer'} == set(verification_keys), 'not signed by exactly the keys of the identity')
    context = 'lux-fhe/v1/provenance' if what == 'provenance' else f'lux-custody/{what}/v1/{domain_}'
    message = context.encode() + b'\0' + payload
    for scheme, key in verification_keys.items():
        need(VERIFY[scheme](unbase64(key), message, unbase64(sig[scheme])), f'the {scheme} part does not verify')


def check_signatures(what, domain_, payload, sigs, groups):
    """groups: (members, quorum); every signature by a member of one group, none twice, every quorum reached."""
    known = {}
    for index, (people, _) in enumerate(groups):
        for verification_keys in people:
            signer = identity(verification_keys)
            need(signer not in known, 'two members share keys')
            known[signer] = (index, verification_keys)
    present, seen = [0] * len(groups), set()
    for sig in sigs:
        need(sig['signer'] in known, 'an unknown signer')
        need(sig['signer'] not in seen, 'signed twice')
        seen.add(sig['signer'])
        index, verification_keys = known[sig['signer']]
        verify_signature(verification_keys, what, domain_, payload, sig)
        present[index] += 1
    need(all(count >= quorum_ for count, (_, quorum_) in zip(present, groups)), 'too few have signed')


# --- SPEC 3: transcript ------------------------------------------------------------------------------------------

class Tree:
    """Right edge of a growing RFC 9162 tree."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, leaf):
        rest = self.size
        while rest & 1:
            leaf, rest = sha(b'\x01', self.roots.pop(), leaf), rest >> 1
        self.roots.append(leaf)
        self.size += 1

    def root(self):
        if not self.roots:
            return sha()
        right = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            right = sha(b'\x01', left, right)
        return right


def leaf_of(entry):
    if 'factHash' in entry:
        fact = bytes.fromhex(entry['factHash'])
    else:
        fact = sha(b'\x10', bytes.fromhex(entry['salt']), jcs(entry['fact']))
    texts = b''.join(lp(entry[name].encode()) for name in ('time', 'stepId', 'kind'))
    return sha(b'\x00', struct.pack('>Q', int(entry['seq'])), texts, fact)


# --- SPEC 6.4: what a key must read as, by the effect that read it -------------------------------------------------

def flags(yes, no):
    return dict([(name, True) for name in yes.split()] + [(name, False) for name in no.split()])


ONE_WRAP_MECHANISM = re.compile(r'(CKM_AES_KEY_WRAP(_PAD|_KWP)?|0x[89A-F][0-9A-F]{7})')
CHILD_TEMPLATE = ('CLASS=SECRET_KEY DECRYPT=false DERIVE=false ENCRYPT=false EXTRACTABLE=false KEY_TYPE=AES MODIFIABLE=false '
                  'PRIVATE=true SENSITIVE=true SIGN=false TOKEN=false VERIFY=false')
REPLICA = {**flags('TOKEN PRIVATE SENSITIVE WRAP UNWRAP', 'EXTRACTABLE ENCRYPT DECRYPT SIGN VERIFY DERIVE MODIFIABLE'),
           'ALLOWED_MECHANISMS': ONE_WRAP_MECHANISM, 'UNWRAP_TEMPLATE': CHILD_TEMPLATE}
ROOT = {**REPLICA, **flags('LOCAL ALWAYS_SENSITIVE', '')}
BORN_CLOSED = {**ROOT, 'NEVER_EXTRACTABLE': True}
READ_AS = {
    'make-ceremony-key': flags('TOKEN PRIVATE SENSITIVE SIGN LOCAL ALWAYS_SENSITIVE NEVER_EXTRACTABLE', 'EXTRACTABLE'),
    'generate-root': ROOT, 'read-back': ROOT, 'prove-replica': REPLICA, 'restore-root': REPLICA,
    'generate-key': flags('PRIVATE SENSITIVE EXTRACTABLE LOCAL ALWAYS_SENSITIVE',
                          'TOKEN WRAP_WITH_TRUSTED UNWRAP DECRYPT SIGN DERIVE MODIFIABLE COPYABLE'),
    # Compared with its record, of which more is asked.
    'attest': {},
}


KEY_ROLES = ['root', 'transport', 'ceremony', 'officer', 'companion', 'data', 'backup']
NOTES = ['text', 'heard', 'capabilities', 'shim', 'device', 'machine']
machine_shape = also(
    obj(optional={'image': digest, 'quote': obj(attest=b64(1, 2048), signature=b64(1, 2048), key=b64(1, 1024), log=b64(1, 262144))},
        level=literal(*MACHINE_LEVELS)),
    lambda one: (one['level'] == 'M3') == ('quote' in one) and (one['level'] in ('M2', 'M3')) == ('image' in one))
capabilities_shape = also(
    array(obj(role=literal(*KEY_ROLES), able=boolean, lacks=also(array(pattern('[A-Z][A-Z0-9_]{0,63}'), 0, 64), lambda all_: all_ == sorted(set(all_)))),
          1),
    lambda all_: [one['role'] for one in all_] == sorted({one['role'] for one in all_}, key=KEY_ROLES.index))
heard_shape = ruled(obj(what=line, digest=digest, by=also(array(line, 1, 64), lambda all_: len(set(all_)) == len(all_))))
hearing_shape = ruled(obj(v=literal(1), kind=literal('hearing'), domain=domain, ceremonyId=hex16, stepId=ident, what=line, digest=digest, name=line))
signed_hearing_shape = obj(optional={'here': literal(True)}, payload=hearing_shape, signature=signature)


def fits_shape(shape, value):
    try:
        shape(value)
        return True
    except Refused:
        return False


def reads_as(attributes, template):
    return isinstance(attributes, dict) and all(reads(attributes.get(name), value) for name, value in template.items())


def reads(read, wanted):
    if isinstance(wanted, bool):
        return read is wanted
    if isinstance(wanted, str):
        return read == wanted
    return isinstance(read, str) and wanted.fullmatch(read) is not None


def named_statement(fact):
    """What a performed attestation names as the companion's statement; '' where it names none."""
    result = fact.get('result')
    statement = result.get('statement') if isinstance(result, dict) else None
    document = statement.get('document') if isinstance(statement, dict) else None
    return document if isinstance(document, str) else ''


def key_read(fact):
    """The effect, CKA_ID and attributes of a result that is evidence of a key; None where it is none."""
    effect, result = fact.get('effect'), fact.get('result')
    if not isinstance(effect, str) or not isinstance(result, dict) or 'evidence' not in result:
        return None
    evidence = result['evidence'] if isinstance(result['evidence'], dict) else {}
    return effect, evidence.get('ckaId'), evidence.get('attributes')


def dealing_in(fact):
    """What a dealing says of its reference string: (its digest or None,); None where the fact is of something else."""
    if fact.get('effect') != 'fhe-deal':
        return None
    result = fact.get('result')
    if not isinstance(result, dict) or 'crs' not in result:
        return (None,)
    named = result['crs'].get('sha256') if isinstance(result['crs'], dict) else None
    return (named if isinstance(named, str) else '',)


ENDINGS = ('run.aborted', 'run.sealed', 'run.exported', 'run.receipted', 'run.closed')
WRAP_MECHANISMS, TRANSPORT_MECHANISMS = ('KWP-RFC5649', 'KW-RFC3394'), ('RSA-OAEP-SHA1', 'RSA-OAEP-SHA256')


def seconds_of(text):
    """Seconds between two times are the difference of these; a day that no month has counts on into the next."""
    year, month, day, hour, minute, second = (int(part) for part in re.findall('[0-9]+', text)[:6])
    of_march = year - (month < 3)
    days = 365 * of_march + of_march // 4 - of_march // 100 + of_march // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def member(value, name):
    return value.get(name) if isinstance(value, dict) else None


def same(one, other):
    """True is not 1 here, as it is to Python."""
    return jcs(one) == jcs(other)


def fits(recorded, **members):
    return all(same(member(recorded, name), value) for name, value in members.items())


# What people sign in a run beside the documents that checks are made on, by the entry that keeps it; `accepted`: by what it was asked for.
RECORDED_KINDS = {
    'signature.accepted': {'decryption-approval': 'a decryption', 'policy': 'the next policy', 'opening': None, 'exception': None, 'bundle': None},
    'checkpoint.cosigned': None, 'holder.acknowledged': 'the proof of a share', 'custodian.acknowledged': 'the proof of a backup share',
    'custodian.stated': 'a statement about a backup share', 'heartbeat.taken': 'that a share is still held', 'epoch.approved': 'the next epoch',
    'redeal.taken': 'a part dealt again', 'answer.taken': 'the answer to a request', 'reading.signed': 'that they heard the words'}


def recorded_of(kind, fact):
    """Who signed what, as an entry says; None for what is no signature, or one that a check of its own tells of."""
    what = RECORDED_KINDS.get(kind)
    if not isinstance(fact, dict) or what is None:
        return None
    if isinstance(what, dict):
        asked = fact.get('what')
        what = what.get(asked) if isinstance(asked, str) else None
    name = fact.get('name', member(fact.get('payload'), 'name'))
    return (name, what) if isinstance(name, str) and what is not None else None


SIGNING = ('signature.accepted', 'checkpoint.cosigned', 'holder.acknowledged', 'custodian.acknowledged', 'reading.signed')


def signed_at(kind, fact):
    """The name in a fact that says of a signature that it was made at the workstation itself, else None."""
    if kind not in SIGNING or not isinstance(fact, dict) or fact.get('here') is not True:
        return None
    payload = fact.get('payload')
    name = fact.get('name', payload.get('name') if isinstance(payload, dict) else None)
    return name if isinstance(name, str) else None


def fact_text_fault(fact):
    """How a name of people or what they typed in a fact breaks the text rule, or None. What the machine wrote may hold anything."""
    by, typed, seats = fact.get('by'), fact.get('input'), fact.get('seats')
    texts = [*(by if isinstance(by, list) else [by]), fact.get('name'), fact.get('text'),
             None if fact.get('cause') == 'restart' else fact.get('reason'),
             *(typed.values() if isinstance(typed, dict) else []),
             *(member(seat, 'name') for seat in (seats if isinstance(seats, list) else []))]
    return next((fault for fault in (text_fault(one) for one in texts if isinstance(one, str)) if fault is not None), None)


def fold(lines, sizes, most=1_000_000):
    """Header, node 0, last head and the heads at `sizes` of the lines of a transcript of at most `most` entries."""
    header, node, tree, heads, made_at, opened, decided, performed, keys_read, dealing = None, b'', Tree(), {}, {}, 0, [], {}, {}, None
    results, redacted, steps, course, made, paused, ended, here, readings, recorded, ill_text = {}, set(), set(), [], [], False, None, [], [], [], None

    def head():
        return {'size': str(tree.size), 'node': node.hex(), 'root': tree.root().hex()}
    for data in lines:
        need(data.endswith(b'\n'), 'the last line has no line feed')
        need(1 < len(data) <= 2 ** 20 + 1, 'an empty or too long line')
        if header is None:
            header = parse(data[:-1], header_shape, 2 ** 20)
            node = node0 = sha(b'\x11', data[:-1])
        else:
            need(tree.size < most, f'more than {most} entries')
            entry = parse(data[:-1], entry_shape, 2 ** 20)
            need(entry['seq'] == str(tree.size), f"entry {entry['seq']} stands where entry {tree.size} belongs")
            leaf = leaf_of(entry)
            node = sha(b'\x12', node, leaf)
            tree.add(leaf)
            kind, fact = entry['kind'], entry.get('fact')
            if header['v'] == 3 and fact is not None and ill_text is None:
                fault = fact_text_fault(fact)
                ill_text = fault and f"entry {entry['seq']}, {kind}: {fault}"
            if kind == 'checkpoint.made' and entry['seq'] in sizes:
                made_at[entry['seq']] = entry['stepId']
            if kind == 'step.performed':
                performed[entry['stepId']] = (entry['seq'], None if fact is None else named_statement(fact), entry['time'])
            done = fact is not None and kind in ('step.performed', 'step.reconciled')
            read = key_read(fact) if done else None
            if read is not None:
                keys_read[entry['stepId']] = read
            if done:
                dealing = dealing_in(fact) or dealing
                effect, result = fact.get('effect'), fact.get('result')
                if isinstance(effect, str) and effect in RECORDED and result is not None:
                    results[entry['stepId'], effect] = result
                    if effect in MAKING:
                        made.append((int(entry['seq']), entry['stepId'], effect, read and read[1]))
            if fact is None and kind in ('step.performed', 'step.reconciled'):
                redacted.add(entry['stepId'])
            steps.add(entry['stepId'])
            if kind in ('reading.heard', 'reading.signed'):
                readings.append((kind, entry['stepId'], fact))
            if kind.startswith('step.') and course[-1:] != [entry['stepId']]:
                course.append(entry['stepId'])
            one = recorded_of(kind, fact)
            if one is not None:
                recorded.append(one)
            signer = signed_at(kind, fact)
            if signer is not None and signer not in here:
                here.append(signer)
            paused = kind == 'run.paused' or (paused and kind != 'run.resumed')
            ended = ended or (kind if kind in ENDINGS else None)
            opened += kind == 'exception.opened'
            if kind == 'exception.decided':
                document = fact.get('document') if fact is not None else None
                named = None if fact is None else document if isinstance(document, str) else ''
                decided.append((int(entry['seq']), entry['stepId'], named))
        if str(tree.size) in sizes:
            heads[str(tree.size)] = head()
    need(header is not None, 'no header')
    return {'header': header, 'node0': node0.hex(), 'head': head(), 'heads': heads, 'made_at': made_at,
            'opened': opened, 'decided': decided, 'performed': performed, 'keys_read': keys_read, 'dealing': dealing,
            'results': results, 'redacted': redacted, 'named': steps, 'course': course, 'made': made, 'signed_here': here, 'readings': readings, 'recorded': recorded, 'ill_text': ill_text,
            'stopped': ended or ('run.paused' if paused else None)}


# --- SPEC 6.8: vendors' attestations -----------------------------------------------------------------------------

# p, b, n and G of the curves with a = -3 on which certificates are signed, by their object identifiers.
CURVES = {
    '1.2.840.10045.3.1.7': (P, P_B, P_N, P_G),
    '1.3.132.0.34': (
        2 ** 384 - 2 ** 128 - 2 ** 96 + 2 ** 32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
         0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F)),
}
RSA, ELLIPTIC = '1.2.840.113549.1.1.1', '1.2.840.10045.2.1'
# Hash of a signature algorithm, and the DigestInfo before the hash where it is RSA's.
CERTIFIED = {
    '1.2.840.113549.1.1.11': ('sha256', '3031300d060960864801650304020105000420'),
    '1.2.840.113549.1.1.12': ('sha384', '3041300d060960864801650304020205000430'),
    '1.2.840.113549.1.1.13': ('sha512', '3051300d060960864801650304020305000440'),
    '1.2.840.10045.4.3.2': ('sha256', None), '1.2.840.10045.4.3.3': ('sha384', None),
    '1.2.840.10045.4.3.4': ('sha512', None),
}
VOUCHED = {'companion': 'E2', 'vendor': 'E3'}
LUNA = {'rsa': [13, 12, 8, 7, 1], 'ec': [13, 15, 14]}
YUBICO = '1.3.6.1.4.1.41482.4.'


def der_values(data):
    """(tag, content, whole) one after another: low tags, definite and minimal lengths, nothing left over."""
    values, at = [], 0
    while at < len(data):
        need(len(values) < 4096 and data[at] & 0x1f != 0x1f and at + 1 < len(data), 'not DER')
        tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7f
            need(1 <= count <= 3 and start + count <= len(data), 'not DER')
            length = int.from_bytes(data[start:start + count], 'big')
            need(length >= 0x80 and length >= 256 ** (count - 1), 'not DER')
            start += count
        need(start + length <= len(data), 'not DER')
        values.append((tag, data[start:start + length], data[at:start + length]))
        at = start + length
    return values


def der_value(data, tag):
    values = der_values(data)
    need(len(values) == 1 and values[0][0] == tag, 'another DER value')
    return values[0][1]


def der_list(data):
    return der_values(der_value(data, 0x30))


def der_oid(content):
    need(1 <= len(content) <= 64 and content[-1] < 0x80, 'no object identifier')
    parts, value = [], 0
    for byte in content:
        need(value or byte != 0x80, 'no object identifier')
        value = value << 7 | byte & 0x7f
        need(value <= 0xffffffff, 'no object identifier')
        if byte < 0x80:
            parts.append(value)
            value = 0
    top = min(parts[0] // 40, 2)
    return '.'.join(map(str, [top, parts[0] - 40 * top, *parts[1:]]))


def der_number(data):
    content = der_value(data, 0x02)
    need(1 <= len(content) <= 7 and content[0] < 0x80, 'no such number')
    need(len(content) == 1 or content[0] != 0 or content[1] >= 0x80, 'a padded number')
    return int.from_bytes(content, 'big')


def der_bits(data):
    content = der_value(data, 0x03)
    need(content[:1] == b'\0', 'a bit string of no whole bytes')
    return content[1:]


def certificate_time(tag, content):
    """As YYYYMMDDHHMMSS."""
    need(tag in (0x17, 0x18) and re.fullmatch(rb'[0-9]{12}Z' if tag == 0x17 else rb'[0-9]{14}Z', content), 'no such date')
    said = content[:-1].decode()
    return said if tag == 0x18 else ('19' if said >= '5' else '20') + said


class Certificate:
    """RFC 5280 section 4.1, what a chain needs of it."""

    def __init__(self, der):
        need(len(der) <= 16384, 'too long a certificate')
        parts = der_list(der)
        need(len(parts) == 3, 'no certificate')
        self.der, self.fingerprint, self.signed = der, sha(der).hex(), parts[0][2]
        self.algorithm = der_oid(der_list(parts[1][2])[0][1])
        self.signature = der_bits(parts[2][2])
        fields = der_values(der_value(parts[0][2], 0x30))
        extensions = [one for one in fields if one[0] == 0xa3]
        fields = fields[1:] if fields and fields[0][0] == 0xa0 else fields
        need(len(fields) >= 6 and fields[1][2] == parts[1][2], 'no certificate')
        self.issuer, self.subject, self.spki = fields[2][2], fields[4][2], fields[5][2]
        dates = der_list(fields[3][2])
        need(len(dates) == 2, 'no such dates')
        self.since, self.until = (certificate_time(tag, content) for tag, content, _ in dates)
        self.extensions = {}
        for _, _, whole in der_list(extensions[0][1]) if extensions else []:
            one = der_list(whole)
            need(2 <= len(one) <= 3 and one[0][0] == 0x06 and one[-1][0] == 0x04, 'no extension')
            need(len(one) == 2 or (one[1][0], one[1][1][:1]) == (0x01, b'\xff'), 'no critical flag')
            name = der_oid(one[0][1])
            need(name not in self.extensions, 'an extension stands twice')
            self.extensions[name] = one[-1][1]
        kind, bits_ = (one[2] for one in der_list(self.spki))
        algorithm = der_list(kind)
        self.kind, self.curve = der_oid(algorithm[0][1]), None
        key = der_bits(bits_)
        if self.kind == RSA:
            modulus, exponent = der_list(key)
            self.modulus, self.exponent = int.from_bytes(modulus[1], 'big'), int.from_bytes(exponent[1], 'big')
        else:
            need(self.kind == ELLIPTIC and len(algorithm) == 2 and algorithm[1][0] == 0x06, 'a key of another kind')
            self.curve = CURVES.get(der_oid(algorithm[1][1]))
            need(self.curve is not None, 'another curve')
            p, b, _, _ = self.curve
            size = (p.bit_length() + 7) // 8
            need(key[:1] == b'\x04' and len(key) == 1 + 2 * size, 'no point')
            x, y = int.from_bytes(key[1:1 + size], 'big'), int.from_bytes(key[1 + size:], 'big')
            need(x < p and y < p and (y * y - x ** 3 + 3 * x - b) % p == 0, 'no point of its curve')
            self.point = (x, y)

    def is_issued_by(self, other):
        """Names, and key identifiers where both have them."""
        mine, theirs = self.extensions.get('2.5.29.35'), other.extensions.get('2.5.29.14')
        named = next((content for tag, content, _ in der_list(mine) if tag == 0x80), None) if mine else None
        return self.issuer == other.subject and (named is None or theirs is None or named == der_value(theirs, 0x04))

    def is_signed_by(self, other):
        name, info = CERTIFIED[self.algorithm]
        hashed = hashlib.new(name, self.signed).digest()
        if info is not None:
            if other.kind != RSA:
                return False
            size = (other.modulus.bit_length() + 7) // 8
            tail = bytes.fromhex(info) + hashed
            padded = b'\0\x01' + b'\xff' * (size - 3 - len(tail)) + b'\0' + tail
            given = int.from_bytes(self.signature, 'big')
            return len(self.signature) == size and given < other.modulus \
                and pow(given, other.exponent, other.modulus) == int.from_bytes(padded, 'big')
        return other.kind == ELLIPTIC and verify_ecdsa(other.curve, other.point, hashed, self.signature)

    def may_issue(self, below):
        usage, constraints = self.extensions.get('2.5.29.15'), self.extensions.get('2.5.29.19')
        signs = None
        if usage is not None:
            content = der_value(usage, 0x03)
            signs = (content[1] if len(content) > 1 else 0) & 0x04
        if signs == 0:
            return False
        if constraints is None:
            return signs is not None
        ca = der_list(constraints)
        return bool(ca) and (ca[0][0], ca[0][1][:1]) == (0x01, b'\xff') and (len(ca) < 2 or der_number(ca[1][2]) >= below)


def verify_ecdsa(curve, public, hashed, der):
    p, _, n, g = curve
    r, s = (int.from_bytes(content, 'big') if tag == 0x02 else 0 for tag, content, _ in (der_list(der) + [(0, b'', b'')] * 2)[:2])
    if not (0 < r < n and 0 < s < n):
        return False
    z = int.from_bytes(hashed, 'big') >> max(0, 8 * len(hashed) - n.bit_length())
    w = pow(s, -1, n)
    u1, u2, both, total = z * w % n, r * w % n, curve_add(p, g, public), None
    for bit in range(n.bit_length() - 1, -1, -1):
        total = curve_add(p, total, total)
        total = curve_add(p, total, [None, g, public, both][(u1 >> bit & 1) + 2 * (u2 >> bit & 1)])
    return total is not None and total[0] % n == r


def curve_add(p, one, two):
    """Affine addition where a = -3; None is the point at infinity."""
    if one is None or two is None:
        return one or two
    (x1, y1), (x2, y2) = one, two
    if x1 == x2:
        if (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p) % p
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, p) % p
    x = (slope * slope - x1 - x2) % p
    return x, (slope * (x1 - x) - y1) % p


def verify_chain(chain, root, at):
    """Leaf first, each issued by the next, the last by the root or the root itself. Gives the path up to the root."""
    own = chain[-1].fingerprint == root.fingerprint
    need(own or chain[-1].is_issued_by(root), 'ATTESTATION-ROOT: the chain leads to another root')
    path = chain if own else [*chain, root]
    need(len(path) >= 2, 'ATTESTATION-CHAIN: a root alone attests nothing')
    for below, (one, issuer) in enumerate(zip(path, path[1:])):
        need(one.fingerprint != root.fingerprint, 'ATTESTATION-CHAIN: a root in the middle')
        need(one.algorithm in CERTIFIED, 'ATTESTATION-ALGORITHM: another signature algorithm')
        need(one.is_issued_by(issuer) and one.is_signed_by(issuer), 'ATTESTATION-CHAIN: not signed by the next')
        need(issuer.may_issue(below), 'ATTESTATION-CHAIN: the next may not issue this')
        need(one.since <= at <= one.until, 'ATTESTATION-TIME: not valid when the run was opened')
    need(all(one.kind != RSA or one.modulus.bit_length() >= 2048 for one in path), 'ATTESTATION-ALGORITHM: too short a key')
    return path


def read_chain(data):
    """PEM of one to eight certificates, or DER of one."""
    need(len(data) <= 8 * 16384 * 2, 'too long a file')
    if data[:1] == b'\x30':
        return [Certificate(data)]
    blocks = re.findall(rb'-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----', data)
    need(1 <= len(blocks) <= 8, 'not one to eight certificates')
    return [Certificate(base64.b64decode(re.sub(rb'\s', b'', block))) for block in blocks]


def read_confirmation(data):
    """Certificates of a PKCS #7 SignedData (RFC 2315 section 9.1), the leaf first, each followed by its issuer."""
    need(len(data) <= 1 << 17, 'too long a file')
    outer = der_list(data)
    need(len(outer) >= 2 and der_oid(outer[0][1]) == '1.2.840.113549.1.7.2' and outer[1][0] == 0xa0, 'no PKCS #7')
    lists = [content for tag, content, _ in der_values(der_value(outer[1][1], 0x30)) if tag == 0xa0]
    all_ = [Certificate(whole) for _, _, whole in der_values(lists[0] if lists else b'')]
    need(2 <= len(all_) <= 8, 'not two to eight certificates')
    issuer_of = {id(one): next((other for other in all_ if other is not one and one.is_issued_by(other)), None) for one in all_}
    leaves = [one for one in all_ if one not in issuer_of.values()]
    need(len(leaves) == 1, 'not one leaf')
    chain, at = [], leaves[0]
    while at is not None and at not in chain:
        chain.append(at)
        at = issuer_of[id(at)]
    need(len(chain) == len(all_), 'certificates that are not of the chain')
    return chain


def luna_usage(certificate):
    usage = certificate.extensions.get('2.5.29.37')
    listed = der_list(usage) if usage is not None else []
    found = re.fullmatch(r'1\.3\.6\.1\.4\.1\.12383\.1\.([0-9]{1,3})', der_oid(listed[0][1])) if len(listed) == 1 else None
    return int(found[1]) if found else None


def verify_luna(chain, root, spki, at):
    path = verify_chain(read_confirmation(chain), root, at)
    need([luna_usage(one) for one in path] == LUNA['rsa' if path[0].kind == RSA else 'ec'], 'ATTESTATION-PROFILE: other key usages')
    need(path[0].spki == spki, 'ATTESTATION-KEY: another key is confirmed')


def verify_yubihsm(chain, root, spki, serial, at):
    path = verify_chain(read_chain(chain), root, at)
    need(len(path) >= 3, 'ATTESTATION-PROFILE: no device certificate')
    said, device = path[0].extensions, path[1].extensions
    need(all(YUBICO + str(number) in said for number in (1, 2, 3, 4, 5, 6, 9)), 'ATTESTATION-FORMAT: an extension is missing')
    need(len(der_value(said[YUBICO + '1'], 0x04)) == 3, 'ATTESTATION-FORMAT: no firmware version')
    origin, domains, mask = (der_bits(said[YUBICO + number]) for number in '345')
    need((len(origin), len(domains), len(mask)) == (1, 2, 8), 'ATTESTATION-FORMAT: a mask')
    label = der_value(said[YUBICO + '9'], 0x0c)
    need(len(label) <= 40 and der_number(said[YUBICO + '6']) <= 0xffff, 'ATTESTATION-FORMAT: a label or an object id')
    number = der_number(said[YUBICO + '2'])
    need(path[0].spki == spki, 'ATTESTATION-KEY: another key is attested')
    need(YUBICO + '2' in device and der_number(device[YUBICO + '2']) == number, 'ATTESTATION-DEVICE: another device')
    need(serial.lstrip('0') == str(number), 'ATTESTATION-DEVICE: another token')
    need(origin == b'\x01', 'ATTESTATION-ORIGIN: not made in the device')
    need(not int.from_bytes(mask, 'big') >> 16 & 1, 'ATTESTATION-EXPORTABLE: it may leave the device')


def verify_attestation(format_, chain, root, spki, serial, created):
    at = re.sub('[^0-9]', '', created)[:14]
    try:
        top = Certificate(root)
        verify_luna(chain, top, spki, at) if format_ == 'luna' else verify_yubihsm(chain, top, spki, serial, at)
    except (IndexError, ValueError):
        refuse('ATTESTATION-FORMAT: it cannot be read')


# --- SPEC 6: archive and public parts of an FHE key ----------------------------------------------------------------

def local_header(name, crc, size):
    return struct.pack('<IHHHHHIIIHH', 0x04034b50, 10, 0, 0, 0, 0x21, crc, size, size, len(name), 0) + name


def central_header(name, crc, size, offset):
    fixed = struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 10, 10, 0, 0, 0, 0x21, crc, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return fixed + name


def read_zip(file):
    file.seek(0, 2)
    total = file.tell()
    need(22 <= total <= 4187593113, 'too short or too long for an archive')

    def at(offset, length):
        file.seek(offset)
        return file.read(length)
    end = at(total - 22, 22)
    count, size, offset = struct.unpack('<HII', end[10:20])
    need(offset + size + 22 == total and size <= 4 << 20 and count <= 20001, 'the end record does not fit the file')
    need(end == struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, count, count, size, offset, 0), 'another end record')
    directory, entries, place_ = at(offset, size), [], 0
    while place_ < size:
        need(place_ + 46 <= size, 'the directory is cut off')
        length = struct.unpack('<H', directory[place_ + 28:place_ + 30])[0]
        need(length <= 70 and place_ + 46 + length <= size, 'a name is too long')
        crc, entry_size = struct.unpack('<I', directory[place_ + 16:place_ + 20])[0], struct.unpack('<I', directory[place_ + 24:place_ + 28])[0]
        start, name = struct.unpack('<I', directory[place_ + 42:place_ + 46])[0], directory[place_ + 46:place_ + 46 + length]
        need(directory[place_:place_ + 46 + length] == central_header(name, crc, entry_size, start), 'a directory header is not of the profile')
        entries.append((name, crc, entry_size, start))
        place_ += 46 + length
    need(len(entries) == count, 'another number of entries')
    position, before = 0, b''
    for index, (name, crc, entry_size, start) in enumerate(entries):
        fixed = [b'manifest.dsse.json', b'transcript.jsonl']
        need(name == fixed[index] if index < 2 else re.fullmatch(rb'blobs/[0-9a-f]{64}', name), 'an entry has no place there')
        need(index <= 2 or name > before, 'blobs are not in ascending order')
        before = name
        need(start == position and position + 30 + len(name) + entry_size <= offset, 'an entry is not where the one before it ends')
        need(at(position, 30 + len(name)) == local_header(name, crc, entry_size), 'another local header')
        position += 30 + len(name) + entry_size
    need(position == offset and len(entries) >= 2, 'bytes before the directory, or files are missing')
    return {name.decode(): (crc, entry_size, start + 30 + len(name)) for name, crc, entry_size, start in entries}


def secret_in(start, found_marker):
    if found_marker:
        return 'an FHE client key'
    if start.startswith(b'lux-shr1'):
        return 'a share in the clear'
    if len(start) >= 8:
        n = struct.unpack('<Q', start[:8])[0]
        if 64 <= n <= 65536 and len(start) >= 8 + 4 * n and all(w <= 1 for w in struct.unpack(f'<{n}I', start[8:8 + 4 * n])):
            return 'a Boolean FHE client key'
    return None


def binomial(n, k):
    result = 1
    for i in range(1, k + 1):
        result = result * (n - i + 1) // i
    return result


# How tfhe's safe_serialize begins a CompactPkeCrs.
REFERENCE_STRING = struct.pack('<Q3sIQ3sQ', 3, b'0.5', 0, 3, b'0.1', 17) + b'zk::CompactPkeCrs'


def check_fhe_public(data, fhe, domain_):
    need(83 + 32 + 16384 <= len(data) and data[:8] == b'lux-pub1', 'not a public.bin')
    production = 1 if domain_ == 'production' else 0
    need(data[8] == production, 'of the other domain')
    key_id, epoch_id, roster = data[9:41], data[41:73], data[83:115]
    epoch, t, n, holder, d = struct.unpack('<IBBBB', data[73:81])
    need((holder, t, n, epoch) == (0, fhe['t'], fhe['n'], fhe['epoch']), 'another t, n or epoch')
    need(2 <= t <= n and 1 <= d <= 15, 'an impossible t, n or d')
    parts = [bytes.fromhex(one) if one else sha() for one in (fhe['compactPublicKey'], fhe['serverKey'])]
    need(key_id.hex() == fhe['keyId'] == sha(b'lux-fhe/v1/key', *parts).hex(), 'another key id')
    need(roster == sha(jcs([{k: h[k] for k in ('index', 'name', 'card')} for h in fhe['holders']])), 'another roster')
    length = 32 * d * binomial(n, t - 1)
    vectors = len(data) - 115 - length
    # Words of the two keys of the Boolean API, in one vector.
    binary = fhe['type'] == 'TFHE_BINARY'
    need(vectors in ((8 * 2341, 8 * 2885, 8 * 2275, 8 * 2818) if binary else (16384, 16384 + 65536)), 'another length')
    need(not (binary and fhe['compactPublicKey']), 'a compact public key of a key that has none')
    first = 115 + (vectors if binary else 16384)
    commitments = sha(data[len(data) - length:])
    computed = sha(b'lux-fhe/v1/epoch', data[8:9], key_id, data[73:79], data[80:83], sha(data[115:first]),
                   sha(data[first:115 + vectors]), commitments, roster)
    need(computed == epoch_id and epoch_id.hex() == fhe['epochId'], 'another epoch id')
    need(commitments.hex() == fhe['commitments'], 'other commitments')


def parse_public(data, domain_):
    """public.bin: (header fields, roster, both corrections, commitments); its epoch id is that of its content."""
    need(len(data) > 115 + 16384 and data[:8] == b'lux-pub1' and data[8] == (domain_ == 'production'), 'not a public.bin')
    epoch, t, n, holder, d, mask = struct.unpack('<IBBBBH', data[73:83])
    need(holder == 0 and 2 <= t <= n <= 15 and 1 <= d <= 15, 'an impossible public.bin')
    length = 32 * d * binomial(n, t - 1)
    vectors = len(data) - 115 - length
    need(vectors in (16384, 16384 + 65536), 'another length')
    pub64, pub128, commitments = data[115:115 + 16384], data[115 + 16384:115 + vectors], data[len(data) - length:]
    computed = sha(b'lux-fhe/v1/epoch', data[8:9], data[9:41], data[73:79], data[80:83], sha(pub64), sha(pub128),
                   sha(commitments), data[83:115])
    need(computed == data[41:73], 'another epoch id')
    return {'key': data[9:41], 'epoch_id': data[41:73], 'epoch': epoch, 't': t, 'n': n, 'pub64': pub64, 'pub128': pub128}


def parse_correction(data):
    need(len(data) > 108 and data[:8] == b'lux-cor1', 'not a correction')
    dealer, t, n = data[105], data[106], data[107]
    need(1 <= dealer <= 15 and 2 <= t <= n <= 15, 'an impossible correction')
    length = 32 * binomial(n, t - 1)
    vectors = len(data) - 108 - length
    need(vectors in (16384, 16384 + 65536), 'another length')
    return {'head': data[8:105] + data[106:108], 'dealer': dealer, 'corr64': data[108:108 + 16384],
            'corr128': data[108 + 16384:108 + vectors], 'commitments': data[len(data) - length:]}


def add_words(width, vectors):
    size, mask = width // 8, (1 << width) - 1
    words = [sum(int.from_bytes(one[at:at + size], 'little') for one in vectors) & mask for at in range(0, len(vectors[0]), size)]
    return b''.join(word.to_bytes(size, 'little') for word in words)


def next_public(data, corrections, dealers, t, n, plan_hash, roster, domain_):
    """The next public.bin: corrections added, commitments by set and then by dealer."""
    old, parsed = parse_public(data, domain_), sorted(map(parse_correction, corrections), key=lambda one: one['dealer'])
    need([one['dealer'] for one in parsed] == dealers and len(dealers) == old['t'] and all(q <= old['n'] for q in dealers)
         and all(a < b for a, b in zip(dealers, dealers[1:])), 'other dealers')
    head = data[8:9] + old['key'] + old['epoch_id'] + plan_hash + bytes([t, n])
    need(all(one['head'] == head for one in parsed), 'a correction of another run')
    need(all(len(one['corr64']) == len(old['pub64']) and len(one['corr128']) == len(old['pub128']) for one in parsed), 'another length')
    sets = [one['commitments'][at:at + 32] for at in range(0, 32 * binomial(n, t - 1), 32) for one in parsed]
    need(distinct(sets), 'two sets have the same commitment')
    need(len(roster) == n and [one['index'] for one in roster] == list(range(1, n + 1))
         and all(distinct(one[name] for one in roster) for name in ('name', 'card')), 'another roster')
    pub64 = add_words(64, [old['pub64'], *(one['corr64'] for one in parsed)])
    pub128 = add_words(128, [old['pub128'], *(one['corr128'] for one in parsed)]) if old['pub128'] else b''
    mask = sum(1 << q - 1 for q in dealers)
    numbers, dealt = struct.pack('<IBB', old['epoch'] + 1, t, n), struct.pack('<BH', len(dealers), mask)
    roster_digest = sha(jcs(roster))
    epoch_id = sha(b'lux-fhe/v1/epoch', data[8:9], old['key'], numbers, dealt, sha(pub64), sha(pub128), sha(*sets), roster_digest)
    return epoch_id, b''.join([b'lux-pub1', data[8:9], old['key'], epoch_id, numbers, b'\0', dealt, roster_digest, pub64, pub128, *sets])


# --- SPEC 5: the plan's YAML ---------------------------------------------------------------------------------------

def read_plan(data):
    """The whole plan, with what a step or a plan leaves out."""
    need(len(data) <= 1 << 20, 'the plan is longer than 1 MiB')
    try:
        text_ = data.decode()
    except UnicodeError:
        refuse('the plan is not UTF-8')
    need(not re.search('[\r\0]', text_) and text_[:1] != '\ufeff', 'the plan is not plain text')
    plan = PlanReader(text_).read()
    plan_shape(plan)
    plan = {'fhe': None, 'reshare': None, 'decryptions': [], **plan}
    plan['tokens'] = [{'attestation': None, **one} for one in plan['tokens']]
    for part in plan['parts']:
        part['steps'] = [{'key': None, 'token': 'ceremony', 'by': None, **step} for step in part['steps']]
    return plan


# How the DER of an RSA-4096 SubjectPublicKeyInfo begins.
BACKUP_KEY = bytes.fromhex('30820222300d06092a864886f70d01010105000382020f003082020a0282020100')

BLANK, FLOW, MOST_DEPTH = ' \t', ',[]{}', 64


class PlanReader:
    """
    YAML 1.2, core schema, as a plan may use it: block and flow collections, plain, quoted and block scalars, comments.
    `row` and `col` are where it stands; what it does not know for sure is refused.
    """

    def __init__(self, text_):
        self.rows, self.row, self.col = text_.split('\n'), 0, 0

    def read(self):
        marked = next((at for at, raw in enumerate(self.rows) if raw.startswith('---')), len(self.rows))
        need(not any(raw.startswith('%') for raw in self.rows[:marked]), 'the plan has a directive')
        self.skip()
        if self.row < len(self.rows) and is_marker(self.rows[self.row], '---'):
            self.col = 3
            self.space()
            if self.here() in ('', '#'):
                self.end_row()
                self.skip()
        need(self.more(), 'the plan is empty')
        # What follows the mark in its row can be in flow style alone.
        value = self.node(self.indent(), -1, 0) if self.col == 0 else self.inline(-1, 0)
        need(isinstance(value, dict), 'the plan is no map')
        self.skip()
        if self.row < len(self.rows) and is_marker(self.rows[self.row], '...'):
            self.col = 3
            self.end_row()
            self.skip()
        need(self.row == len(self.rows), 'the plan goes on after its end')
        return value

    # rows, white space and comments

    def here(self):
        return self.rows[self.row][self.col:self.col + 1]

    def space(self):
        """Past white space in this row; a comment is past it too."""
        raw = self.rows[self.row]
        while self.here() and self.here() in BLANK:
            self.col += 1
        if self.here() == '#':
            need(self.col == 0 or raw[self.col - 1] in BLANK, 'a comment of the plan touches what is before it')

    def is_row_end(self):
        """Whether nothing but white space is left in this row."""
        return ENDS.match(self.rows[self.row], self.col) is not None

    def end_row(self):
        """Nothing but white space and a comment is left in this row."""
        self.space()
        need(self.here() in ('', '#'), 'something follows a value of the plan')
        self.row, self.col = self.row + 1, 0

    def skip(self, value=False):
        """From the start of a row past those with nothing but white space and a comment, up to a `value` of the key or dash before."""
        while self.row < len(self.rows) and self.rows[self.row].lstrip(BLANK)[:1] in ('', '#'):
            need(not value or '\t' not in self.rows[self.row].partition('#')[0], 'a tab indents the plan')
            self.row += 1

    def more(self):
        """Whether the document has another row; `row` is then the next one with anything in it."""
        self.skip()
        return self.row < len(self.rows) and not is_marker(self.rows[self.row], '---') and not is_marker(self.rows[self.row], '...')

    def indent(self):
        raw = self.rows[self.row]
        count = len(raw) - len(raw.lstrip(' '))
        need(raw[count:count + 1] != '\t', 'a tab indents the plan')
        return count

    # block style

    def node(self, col, parent, depth):
        """What begins in this row at `col`, and belongs to what stands at `parent`."""
        need(depth < MOST_DEPTH, 'the plan is nested too deeply')
        self.col = col
        if self.is_dash():
            return self.sequence(depth)
        return self.mapping(depth) if self.key_end() is not None else self.inline(parent, depth)

    def below(self, parent, depth):
        """The node in the rows that are indented deeper than `parent`; None where there is none."""
        return self.node(self.indent(), parent, depth) if self.more() and self.indent() > parent else None

    def is_dash(self):
        raw = self.rows[self.row]
        return raw[self.col:self.col + 1] == '-' and raw[self.col + 1:self.col + 2] in ('', ' ', '\t')

    def sequence(self, depth):
        col, items = self.col, []
        while True:
            self.col = col + 1
            self.space()
            if self.here() in ('', '#'):
                self.end_row()
                self.skip(True)
                items.append(self.below(col, depth + 1))
            else:
                nested = self.is_dash() or self.key_end() is not None
                need(not nested or '\t' not in self.rows[self.row][col:self.col], 'a tab indents the plan')
                items.append(self.node(self.col, col, depth + 1))
            if not self.more() or self.indent() < col:
                return items
            need(self.indent() == col, 'the plan is indented oddly')
            self.col = col
            # A list that stands at the column of its key ends with the next key.
            if not self.is_dash():
                return items

    def mapping(self, depth):
        col, value = self.col, {}
        while True:
            end = self.key_end()
            need(end is not None and not self.is_dash(), 'the plan has a row that is no entry')
            key = self.key()
            need(key not in value, 'a key of the plan is there twice')
            self.col = end + 1
            self.space()
            if self.here() not in ('', '#'):
                need(not self.is_dash(), 'a list of the plan begins in the row of its key')
                value[key] = self.inline(col, depth + 1)
            else:
                self.end_row()
                self.skip(True)
                beside = self.more() and self.indent() == col and self.rows[self.row][col:col + 2] in ('-', '- ', '-\t')
                self.col = col
                value[key] = self.sequence(depth + 1) if beside else self.below(col, depth + 1)
            if not self.more() or self.indent() < col:
                return value
            need(self.indent() == col, 'the plan is indented oddly')
            self.col = col

    def key_end(self):
        """Where the colon after the key that begins here stands; None where none begins."""
        raw = self.rows[self.row]
        if self.here() in ('"', "'"):
            found = QUOTED.match(raw, self.col)
            end = found.end() if found else len(raw)
        elif self.here() in ('[', '{'):
            return None
        else:
            end = self.plain_end(raw, self.col, False)
        while raw[end:end + 1] and raw[end] in BLANK:
            end += 1
        need(end - self.col <= 1000, 'the plan has too long a key') if raw[end:end + 1] == ':' else None
        return end if raw[end:end + 1] == ':' and raw[end + 1:end + 2] in ('', ' ', '\t') else None

    def key(self, flow=False):
        """The key that begins here. Every key that a plan has is a word."""
        raw = self.rows[self.row]
        if self.here() in ('"', "'"):
            found = QUOTED.match(raw, self.col)
            need(found, 'a key of the plan is not closed')
            self.col = found.end()
            return quoted_text(found.group())
        end = self.plain_end(raw, self.col, flow)
        word, self.col = raw[self.col:end], end
        need(re.fullmatch('[A-Za-z]+', word) and isinstance(plain_value(word), str), 'a key of the plan is no word')
        return word

    # values

    def inline(self, parent, depth):
        """The value that begins here; further rows of it are indented deeper than `parent`. Leaves `row` at the next one."""
        first = self.here()
        if first in ('|', '>'):
            return self.block_scalar(parent)
        if first in ('[', '{'):
            value = self.flow(parent, depth, True)
        elif first in ('"', "'"):
            value = self.quoted(parent)
        else:
            value = self.plain(parent, False)
        self.end_row()
        return value

    def block_scalar(self, parent):
        header = re.fullmatch(r'([|>])(?:([+-])([1-9]?)|([1-9])([+-]?))?([ \t]+#.*|[ \t]*)', self.rows[self.row][self.col:], re.DOTALL)
        need(header, 'a block of the plan begins oddly')
        chomp, given = header[2] or header[5] or '', header[3] or header[4]
        self.row, self.col = self.row + 1, 0
        least, lines = max(parent, 0) + int(given) if given else None, []
        while self.row < len(self.rows):
            raw = self.rows[self.row]
            count = len(raw) - len(raw.lstrip(' '))
            if count < len(raw):
                if least is None and count > parent:
                    least = count
                    need(all(len(one) <= least for one in lines), 'a block of the plan begins with a row indented deeper')
                if least is None or count < least:
                    need(raw[count] != '\t', 'a tab indents the plan')
                    break
            lines.append(raw)
            self.row += 1
        # The end of the text is not another row.
        if self.row == len(self.rows) and lines:
            lines.pop() if not lines[-1] else None
        least = least if least is not None else 0
        ends = len(lines)
        while ends and not lines[ends - 1].strip(' ') and len(lines[ends - 1]) <= least:
            ends -= 1
        kept = [one[least:] for one in lines[:ends]]
        value = '\n'.join(kept) if header[1] == '|' else fold_block(kept)
        if not any(one.strip(' ') for one in lines):
            value, ends = '', 0
        if chomp == '+':
            return value + '\n' * max(len(lines) - ends + (1 if ends else 0), 0)
        return value + ('\n' if ends and not chomp else '')

    def goes_on(self, row, parent):
        """Whether a scalar may go on in a row: it is empty, or indented deeper than `parent`."""
        raw = self.rows[row] if row < len(self.rows) else '...'
        deeper = len(raw) - len(raw.lstrip(' ')) > parent
        return row < len(self.rows) and (not raw.strip(' ') or deeper) and not is_marker(raw, '---') and not is_marker(raw, '...')

    def quoted(self, parent):
        quote = self.here()
        parts, begin, self.col = [], self.col, self.col + 1
        while True:
            raw = self.rows[self.row]
            while self.here() and self.here() != quote:
                self.col += 2 if quote == '"' and self.here() == '\\' else 1
            if self.here():
                self.col += 1
                # Twice is one of them.
                if quote == '"' or self.here() != quote:
                    return quoted_text(''.join(parts) + raw[begin:self.col])
                self.col += 1
                continue
            need(self.goes_on(self.row + 1, parent), 'a quote of the plan is not closed')
            parts.append(raw[begin:] + '\n')
            self.row, self.col, begin = self.row + 1, 0, 0

    @staticmethod
    def plain_end(raw, at, flow):
        """Where a plain scalar that is at `at` of a row ends in it, without white space at its end."""
        start = end = at
        while at < len(raw):
            char, after = raw[at], raw[at + 1:at + 2]
            if char == ':' and (after in ('', ' ', '\t') or (flow and after in FLOW)):
                break
            if (char == '#' and at > start and raw[at - 1] in BLANK) or (flow and char in FLOW):
                break
            at += 1
            end = end if char in BLANK else at
        return end

    def plain(self, parent, flow):
        first, after = self.here(), self.rows[self.row][self.col + 1:self.col + 2]
        need(first and first not in ',[]{}#&*!|>\'"%@`', 'the plan has an anchor, alias, tag, directive or misplaced mark')
        need(first not in '-?:' or not (after in ('', ' ', '\t') or (flow and after in FLOW)), 'the plan has a misplaced mark')
        end = self.plain_end(self.rows[self.row], self.col, flow)
        lines, self.col = [self.rows[self.row][self.col:end]], end
        while self.is_row_end():
            # Blank rows count only where the scalar goes on after them.
            ahead = self.row + 1
            while ahead < len(self.rows) and not self.rows[ahead].strip(BLANK) and self.goes_on(ahead, parent):
                ahead += 1
            if not self.goes_on(ahead, parent):
                break
            raw = self.rows[ahead]
            start = len(raw) - len(raw.lstrip(BLANK))
            if raw[start] == '#':
                break
            end = self.plain_end(raw, start, flow)
            if end == start:
                break
            lines += [''] * (ahead - self.row - 1) + [raw[start:end]]
            self.row, self.col = ahead, end
        need(flow or not re.match('[ \t]*:', self.rows[self.row][self.col:]), 'the plan has a key within a value')
        return plain_value(lines[0]) if len(lines) == 1 else plain_value(fold_lines(lines))

    # flow style

    def flow_space(self, parent, ends=''):
        """Past white space, comments and row ends within brackets; `ends` may stand as far left as what it belongs to."""
        while True:
            self.space()
            if self.here() not in ('', '#'):
                return
            need(self.row + 1 < len(self.rows), 'a bracket of the plan is not closed')
            self.row, self.col = self.row + 1, 0
            raw = self.rows[self.row]
            bare = raw.lstrip(BLANK)
            deeper = len(raw) - len(raw.lstrip(' ')) + (ends != '' and bare[:1] == ends) > parent
            need(bare[:1] in ('', '#') or deeper, 'the plan is indented oddly')
            need(not is_marker(raw, '---') and not is_marker(raw, '...'), 'a bracket of the plan is not closed')

    def flow(self, parent, depth, outer=False):
        need(depth < MOST_DEPTH, 'the plan is nested too deeply')
        opened = self.here()
        close, items = {'[': ']', '{': '}'}[opened], []
        self.col, ends = self.col + 1, close if outer else ''
        while True:
            self.flow_space(parent, ends)
            if self.here() == close:
                self.col += 1
                need(opened == '[' or distinct(key for key, _ in items), 'a key of the plan is there twice')
                return items if opened == '[' else dict(items)
            if opened == '[':
                items.append(self.flow_value(parent, depth + 1))
            else:
                items.append((self.flow_key(parent), self.flow_value(parent, depth + 1)))
            self.flow_space(parent, ends)
            if self.here() != close:
                need(self.here() == ',', 'a list of the plan is not closed, or has a pair in it')
                self.col += 1

    def flow_key(self, parent):
        key = self.key(True)
        self.space()
        need(self.here() == ':', 'a key of the plan has no value')
        self.col += 1
        self.flow_space(parent)
        return key

    def flow_value(self, parent, depth):
        if self.here() in ('[', '{'):
            return self.flow(parent, depth)
        return self.quoted(parent) if self.here() in ('"', "'") else self.plain(parent, True)


ENDS = re.compile(r'[ \t]*\Z')
QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def is_marker(raw, mark):
    return raw.startswith(mark) and raw[3:4] in ('', ' ', '\t')


def fold_lines(lines):
    """One row end is a space, several are one less; white space at row ends is none."""
    parts, ends = [lines[0].rstrip(BLANK)], 0
    for at, one in enumerate(lines[1:], 1):
        bare = one.lstrip(BLANK) if at == len(lines) - 1 else one.strip(BLANK)
        ends += 1
        if bare or at == len(lines) - 1:
            parts.append((' ' if ends == 1 else '\n' * (ends - 1)) + bare)
            ends = 0
    return ''.join(parts)


def fold_block(lines):
    """Of a block with `>`: row ends beside a row indented deeper stay."""
    parts, ends, deep = [], 0, True
    for one in lines:
        if one == '':
            ends += 1
            continue
        deeper = one[0] in BLANK
        if not parts:
            parts.append('\n' * ends)
        elif deep or deeper:
            parts.append('\n' * (ends + 1))
        else:
            parts.append('\n' * ends if ends else ' ')
        parts.append(one)
        ends, deep = 0, deeper
    return ''.join(parts)


def plain_value(text_):
    """The core schema: null, truth, numbers, and everything else as text."""
    if text_ in ('~', 'null', 'Null', 'NULL'):
        return None
    if text_ in ('true', 'True', 'TRUE', 'false', 'False', 'FALSE'):
        return text_.lower() == 'true'
    if re.fullmatch('[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+', text_):
        need(len(text_) <= 40, 'the plan has too large a number')
        base = {'0o': 8, '0x': 16}.get(text_[:2], 10)
        return int(text_ if base == 10 else text_[2:], base)
    if re.fullmatch(r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?', text_):
        number = float(text_)
        need(number.is_integer() and abs(number) < 2 ** 53, 'the plan has a number that is no integer')
        return int(number)
    need(not re.fullmatch(r'[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)', text_), 'the plan has a number that is no integer')
    return text_


def quoted_text(source):
    """What stands between quotes, rows folded."""
    if source[0] == "'":
        lines = source[1:-1].split('\n')
        return (lines[0] if len(lines) == 1 else fold_lines(lines)).replace("''", "'")
    # An escaped row end joins; white space before any other is none, after it too.
    found, parts, at = re.compile(r'\\\n[ \t]*|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|[ \t]*\n[ \t\n]*|[^\\\n \t]+|[ \t]+'), [], 1
    while at < len(source) - 1:
        one = found.match(source, at, len(source) - 1)
        need(one, 'the plan has an unknown escape')
        parts.append(unquoted(one.group()))
        at = one.end()
    try:
        # A pair of escaped halves is one character, a half alone is none.
        return ''.join(parts).encode('utf-16-le', 'surrogatepass').decode('utf-16-le')
    except UnicodeError:
        refuse('the plan has half a character')


def unquoted(part):
    if part[0] == '\\':
        return '' if part[1] == '\n' else unescape(part[1:])
    ends = part.count('\n')
    return part if not ends else ' ' if ends == 1 else '\n' * (ends - 1)


def unescape(code):
    if code[0] in 'xuU' and len(code) > 1:
        need(int(code[1:], 16) <= 0x10ffff, 'the plan has an unknown escape')
        return chr(int(code[1:], 16))
    plain = {'0': '\0', 'a': '\a', 'b': '\b', 't': '\t', '\t': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', 'e': '\x1b',
             'N': '\x85', '_': '\xa0', 'L': '\u2028', 'P': '\u2029', ' ': ' ', '"': '"', '/': '/', '\\': '\\'}
    need(code in plain, 'the plan has an unknown escape')
    return plain[code]


# --- SPEC 7: the checks ------------------------------------------------------------------------------------------

NEEDS = {
    'ZIP-PROFILE': '', 'MANIFEST': 'ZIP-PROFILE', 'MANIFEST-ENTRIES': 'MANIFEST',
    'TRANSCRIPT-DIGEST': 'MANIFEST-ENTRIES', 'BLOB-DIGEST': 'MANIFEST-ENTRIES', 'BLOB-REFERENCES': 'MANIFEST-ENTRIES',
    'FHE-WHOLE-KEY': 'MANIFEST-ENTRIES', 'TRANSCRIPT-CHAIN': 'MANIFEST-ENTRIES', 'TRANSCRIPT-ROOT': 'TRANSCRIPT-CHAIN',
    'PLAN-HASH': 'TRANSCRIPT-CHAIN', 'PLAN-CONTENT': 'PLAN-HASH BLOB-DIGEST', 'OPENING-CERTIFICATE': 'TRANSCRIPT-CHAIN',
    'CHECKPOINTS': 'OPENING-CERTIFICATE TRANSCRIPT-ROOT', 'EXCEPTIONS': 'TRANSCRIPT-ROOT BLOB-DIGEST', 'CEREMONY-SIGNATURE': 'MANIFEST', 'CARDS': 'TRANSCRIPT-CHAIN',
    'TRANSPORTS': 'CARDS', 'WRAP-TREE': 'MANIFEST', 'POSSESSION': 'WRAP-TREE', 'REPLICAS': 'POSSESSION PLAN-CONTENT OPENING-CERTIFICATE',
    'ATTESTATIONS': 'POSSESSION PLAN-CONTENT CHECKPOINTS BLOB-DIGEST',
    'BACKUPS': 'POSSESSION CARDS PLAN-CONTENT OPENING-CERTIFICATE BLOB-DIGEST',
    'RECOVERY': 'CARDS PLAN-CONTENT OPENING-CERTIFICATE BLOB-DIGEST', 'DECOMMISSION': 'WRAP-TREE PLAN-CONTENT OPENING-CERTIFICATE',
    'FHE-COMMITMENTS': 'MANIFEST-ENTRIES BLOB-DIGEST', 'FHE-ENVELOPES': 'OPENING-CERTIFICATE',
    'FHE-ACKNOWLEDGEMENTS': 'CARDS', 'FHE-EPOCH': 'OPENING-CERTIFICATE CARDS PLAN-CONTENT',
    'HEARTBEATS': 'CARDS PLAN-CONTENT CHECKPOINTS BLOB-DIGEST',
    'TRANSCRIPT-CONTENT': 'PLAN-CONTENT OPENING-CERTIFICATE EXCEPTIONS TRANSPORTS WRAP-TREE CARDS', 'POLICY-MISSING': '', 'POLICY-QUORUM': 'POLICY-MISSING',
    'POLICY-DIGEST': 'POLICY-MISSING TRANSCRIPT-CHAIN', 'POLICY-OLDEST': 'POLICY-MISSING CARDS', 'DOMAIN': 'TRANSCRIPT-CHAIN',
    'POLICY-EXPIRY': 'POLICY-MISSING CHECKPOINTS', 'POLICY-ROSTER': 'POLICY-QUORUM CARDS',
    'TOOL': 'POLICY-QUORUM TRANSCRIPT-CHAIN', 'MACHINE': 'POLICY-QUORUM PLAN-CONTENT', 'OPENING-QUORUM': 'POLICY-QUORUM OPENING-CERTIFICATE',
    'LOCK': 'POLICY-QUORUM PLAN-HASH', 'COSIGNATURES': 'POLICY-QUORUM CHECKPOINTS PLAN-CONTENT',
    'EXCEPTION-SIGNATURES': 'POLICY-QUORUM EXCEPTIONS', 'DECRYPTIONS': 'POLICY-QUORUM CARDS PLAN-CONTENT',
    'NEXT-POLICY': 'POLICY-QUORUM PLAN-CONTENT BLOB-DIGEST', 'MANIFEST-SIGNATURES': 'POLICY-QUORUM MANIFEST', 'ATTESTATION-CHAINS': 'POLICY-QUORUM ATTESTATIONS',
    'EVIDENCE': 'POLICY-QUORUM WRAP-TREE ATTESTATION-CHAINS',
    'TOKEN-SOFT': 'POLICY-QUORUM PLAN-CONTENT', 'ALGORITHMS': 'POLICY-QUORUM MANIFEST', 'AUDIENCE': 'MANIFEST',
    'SEQUENCE': 'MANIFEST', 'PREVIOUS': 'MANIFEST', 'ZIP-CRC': 'ZIP-PROFILE',
}


def sizes_of(predicate):
    statements = [one['statement'] for one in predicate.get('attestations', []) if one['statement'] is not None]
    return {one['size'] for one in predicate['checkpoints'] + predicate['exceptions'] + statements}


def other_devices(plan, header):
    """Tokens of which the plan names a device, and that ran on another, or said nothing of themselves."""
    shown = {one['role']: one.get('device', {}) for one in header['tokens']}
    return [(one['role'], one['device']) for one in plan['tokens'] if 'device' in one
            and any(shown.get(one['role'], {}).get(name) != one['device'][name] for name in ('maker', 'model'))]


class Verifier:
    """Runs the method of each check, in the order of NEEDS; what they find is kept for those after them."""

    def __init__(self, file, policy_file, audience=None):
        self.file, self.policy_file, self.audience = file, policy_file, audience
        self.policy = policy_file and policy_file['policy']
        self.files, self.crc_faults, self.manifest, self.p, self.opening = {}, [], None, None, None
        self.people, self.servers, self.checkpoints, self.exceptions, self.plan = {}, {}, [], [], None
        self.transport_serials, self.transport_keys = [], []
        self.bad_blobs, self.bad_transcript, self.secret, self.run, self.run_fault = [], None, None, None, None

    def verify(self):
        checks = []
        passed = set()
        for name, needs in NEEDS.items():
            missing = [one for one in needs.split() if one not in passed]
            if missing:
                checks.append({'id': name, 'ok': None, 'detail': 'not run: needs ' + ', '.join(missing)})
                continue
            try:
                said = getattr(self, 'check_' + name.lower().replace('-', '_'))()
                passed.add(name)
                checks.append({'id': name, 'ok': True, 'detail': said or ''})
            except FAULTS as fault:
                checks.append({'id': name, 'ok': False, 'detail': said_of(fault)})
        failed = [check['id'] for check in checks if check['ok'] is False]
        accepted = all(check['ok'] for check in checks)
        verdict = 'accepted' if accepted else 'signers-unknown' if failed == ['POLICY-MISSING'] else 'refused'
        run = getattr(self, 'run', None)
        read = 'MANIFEST' in passed
        return {'verdict': verdict, 'digest': self.digest if read else None, 'domain': self.p['domain'] if read else None,
                'policyDigest': self.policy and sha(jcs(self.policy)).hex(),
                'policyEnded': self.policy['expiry'] if self.policy and self.policy['expiry'] < now() else None,
                'failed': failed, 'checks': checks, 'signedHere': run['signed_here'] if run else [],
                'hasThresholdKey': read and self.p['fhe'] is not None,
                'run': self.about() if 'TRANSCRIPT-ROOT' in passed else None, 'signed': self.signed(passed),
                'recorded': self.also_signed() if 'TRANSCRIPT-ROOT' in passed else [],
                'keys': self.keys() if 'WRAP-TREE' in passed and 'TRANSCRIPT-ROOT' in passed else [],
                'notes': self.notes() if {'PLAN-CONTENT', 'CARDS'} <= passed else []}

    def about(self):
        return {'domain': self.p['domain'], 'begun': self.run['header']['created'], 'entries': int(self.p['transcript']['size']),
                'ceremony': self.p['ceremonyId']}

    def also_signed(self):
        """What else people signed, as the cosigned transcript says, each with how often."""
        by_name = {}
        for name, what in self.run['recorded']:
            said = by_name.setdefault(name, {})
            said[what] = said.get(what, 0) + 1
        return [{'name': name, 'what': what, 'times': times} for name, said in by_name.items() for what, times in said.items()]

    def signed(self, passed):
        """Whom the policy names, and what each signed, by checks that passed alone."""
        if 'POLICY-QUORUM' not in passed:
            return []
        what = {}

        def put(name, signatures):
            for one in signatures:
                what.setdefault(one['signer'], []).append(name)

        put('the policy', self.policy_file['signatures'])
        if 'LOCK' in passed and self.p['lock'] is not None:
            put('the plan', parse(self.blob(self.p['lock']), lock_shape, 262144)['signatures'])
        if 'OPENING-QUORUM' in passed:
            put('the opening', self.opening['signatures'])
        if 'COSIGNATURES' in passed:
            for document in self.checkpoints:
                put(f"checkpoint at {document['payload']['size']}", document['signatures'])
        if 'EXCEPTION-SIGNATURES' in passed:
            for document in self.exceptions:
                put(f"decision {document['payload']['exception']}", document['signatures'])
        if 'MANIFEST-SIGNATURES' in passed:
            put('the bundle', self.manifest['signatures'])
        return [{'name': one['name'], 'role': role, 'what': what.get(identity(one['keys']), [])}
                for role, group in (('officer', 'officers'), ('witness', 'witnesses')) for one in self.policy[group]]

    def keys(self):
        """Each key that the bundle names: what it rests on, and in which token it was made."""
        read = {(one['id'], one['level']): one for one in self.p['keyEvidence']}
        nodes = [{'id': 'ceremony', 'level': 'ceremony', 'algorithm': None, 'parent': None}, *self.p['wrapTree']]
        keys = []
        for node in nodes:
            one = read.get((node['id'], node['level']), {})
            keys.append({'id': node['id'], 'level': node['level'], 'algorithm': node['algorithm'], 'under': node['parent'],
                         'evidence': one.get('evidence'), 'ckaId': one.get('ckaId'), 'serial': one.get('serial')})
        fhe = self.p['fhe']
        if fhe:
            keys.append({'id': fhe['id'], 'level': f"{fhe['t']} of {fhe['n']} shares", 'algorithm': fhe['type'], 'under': None,
                         'evidence': None, 'ckaId': None, 'serial': None})
        return keys

    # archive and content

    def chunks(self, name, counts=True):
        """`counts`: whether a wrong CRC is one for ZIP-CRC, which looks at the first reading of a file alone."""
        crc, size, start = self.files[name]
        seen, at = 0, start
        while at < start + size:
            self.file.seek(at)
            chunk = self.file.read(min(1 << 20, start + size - at))
            seen, at = zlib.crc32(chunk, seen), at + len(chunk)
            yield chunk
        if counts and seen != crc:
            self.crc_faults.append(name)

    def blob(self, name, most=16 << 20):
        path = f'blobs/{name}'
        need(path in self.files, f'{name} is not in the bundle')
        need(self.files[path][1] <= most, f'{name} is too long')
        return b''.join(self.chunks(path, False))

    def check_zip_profile(self):
        self.files = read_zip(self.file)

    def check_manifest(self):
        need(self.files['manifest.dsse.json'][1] <= 48 << 20, 'the manifest is too long')
        envelope = parse(b''.join(self.chunks('manifest.dsse.json')), envelope_shape, 33 << 20)
        payload, sigs = unbase64(envelope['payload']), []
        for one in envelope['signatures']:
            sig = parse(unbase64(one['sig']), signature, 8192)
            need(sig['signer'] == one['keyid'], 'keyid is not the signer')
            sigs.append(sig)
        statement = parse(payload, statement_shape, 24 << 20)
        kind = PAYLOAD_TYPE.encode()
        encoding = b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(payload), payload)
        self.digest = sha(payload).hex()
        self.manifest = {'encoding': encoding, 'signatures': sigs, 'subject': statement['subject']}
        self.p = statement['predicate']
        try:
            self.opening = parse(self.blob(self.p['opening']), opening_shape, 524288)
        except FAULTS as fault:
            self.opening_fault = said_of(fault)

    def check_manifest_entries(self):
        names = list(self.files)[1:]
        need(names == [one['name'] for one in self.manifest['subject']], 'other files than in the manifest')
        for one in self.manifest['subject'][1:]:
            need(one['name'] == 'blobs/' + one['digest']['sha256'], 'a blob is listed with another digest than its name')
        self.read_content()

    def read_content(self):
        envelopes = {holder['envelope'] for holder in (self.p['fhe'] or {'holders': []})['holders']}
        marker = b'high_level_api::ClientKey'
        for one in self.manifest['subject']:
            name, hash_, first, tail, found = one['name'], hashlib.sha256(), None, b'', False
            for chunk in self.chunks(name):
                hash_.update(chunk)
                first = chunk if first is None else first
                found = found or marker in tail + chunk
                tail = (tail + chunk)[-len(marker) + 1:]
            fits = hash_.hexdigest() == one['digest']['sha256'] and str(self.files[name][1]) == one['annotations']['size']
            if name == 'transcript.jsonl':
                self.bad_transcript = not fits
                continue
            if not fits:
                self.bad_blobs.append(name)
            held = 'a share envelope' if one['digest']['sha256'] in envelopes else secret_in(first or b'', found)
            self.secret = self.secret or (held and f'{name} is {held}')
        try:
            self.run = fold(self.lines(), sizes_of(self.p))
        except FAULTS as fault:
            self.run_fault = said_of(fault)

    def lines(self):
        rest = b''
        for chunk in self.chunks('transcript.jsonl'):
            *whole, rest = (rest + chunk).split(b'\n')
            for one in whole:
                yield one + b'\n'
            need(len(rest) <= 2 ** 20, 'a line is too long')
        if rest:
            yield rest

    def check_transcript_digest(self):
        need(not self.bad_transcript, 'size or digest is another')

    def check_blob_digest(self):
        need(not self.bad_blobs, f'{self.bad_blobs[:1]}: size or digest is another')

    def check_blob_references(self):
        p = self.p
        named = {p['planHash'], p['lock'], p['opening'], *p['cards'], *(one['blob'] for one in p['checkpoints'] + p['exceptions'])}
        for one in p['wrapTree']:
            named |= {one['blob'], one['publicKey']}
        for one in p['transports']:
            named |= {one['document'], *(root['sealed'] for root in one['roots'])}
        for one in p.get('attestations', []):
            named |= {one['root'], one['chain'], one['statement'] and one['statement']['document']}
        if p['fhe']:
            named |= {p['fhe'][name] for name in ('public', 'compactPublicKey', 'serverKey')} | {p['fhe'].get('crs')}
            for holder in p['fhe']['holders']:
                named |= {holder['card'], holder['acknowledgement']}
        named |= {p['existing'] and p['existing']['public']}
        for one in p['decryptions']:
            named |= {one['package'], one['result'], *(answer['document'] for answer in one['answers'])}
        if p['next']:
            named |= {p['next']['public'], p['next']['live'], *p['next']['approvals']}
            named |= {one[name] for one in p['next']['redeals'] for name in ('document', 'correction')}
            named |= {one[name] for one in p['next']['holders'] for name in ('card', 'acknowledgement')}
        for one in p.get('backups', []):
            named |= {one['publicKey']} | {share[name] for share in one['shares'] for name in ('card', 'acknowledgement')}
        named |= {p.get('recovery', {}).get('request'), *(one['document'] for one in p.get('recovery', {}).get('statements', []))}
        named |= {p.get('nextPolicy'), *(one['document'] for one in p.get('heartbeats', []))}
        there = {name[6:] for name in self.files if name.startswith('blobs/')}
        need(named - {None} == there, 'a blob is missing, or nothing names it')

    def check_fhe_whole_key(self):
        need(self.secret is None, self.secret)

    # the run

    def check_transcript_chain(self):
        need(self.run is not None, self.run_fault)
        need(self.run['header']['ceremonyId'] == self.p['ceremonyId'], 'of another ceremony than the manifest')

    def check_transcript_root(self):
        need(self.run['head'] == self.p['transcript'], 'another size, chain head or Merkle root')

    def check_plan_hash(self):
        need(self.run['header']['planHash'] == self.p['planHash'], 'the transcript is of another plan')

    def check_plan_content(self):
        p, header = self.p, self.run['header']
        plan = read_plan(self.blob(p['planHash'], 1 << 20))
        need(plan['v'] == header['v'] == p['v'], 'plan, transcript and bundle are of several versions')
        need(('nextPolicy' in plan) == ('nextPolicy' in p), 'a next policy stands in only one of plan and bundle')
        need(plan.get('revokes', []) == p.get('revokes', []), 'other keys are revoked than the plan says')
        need(plan['policy'] == header['planPolicy'], 'the plan names another policy than the transcript')
        need(p['domain'] == 'rehearsal' or plan['tool'] == header['tool']['build'], 'another build than the plan names')
        need([(one['role'], one['name']) for one in plan['people']] == [(one['role'], one['name']) for one in header['roster']],
             'other people were in the room')
        need(p['domain'] == 'rehearsal' or [one['card'] for one in plan['people']] == [one['card'] for one in header['roster']],
             'another card than the plan names')
        told = ('role', 'profile', 'library', 'serial', 'shim') if p['domain'] == 'production' else ('role', 'profile')
        need([[one.get(name) for name in told] for one in plan['tokens']] == [[one.get(name) for name in told] for one in header['tokens']],
             'other tokens were used')
        need(p['domain'] == 'rehearsal' or not other_devices(plan, header), 'a token of another make or model')
        need(len(plan['keys']) == len(p['wrapTree']), 'another number of keys')
        for key, node in zip(plan['keys'], p['wrapTree']):
            for name in ('id', 'level', 'name', 'algorithm'):
                need(key[name] == node[name], f"{key['id']}: {name} is not that of the plan")
            need(key.get('parent') == node['parent'], f"{key['id']}: another parent")
            need(p['v'] == 1 or key.get('version', 1) == node['version'], f"{key['id']}: another version")
            need(key.get('replaces') == node.get('replaces'), f"{key['id']}: replaces another key than planned")
            if node['root'] is not None:
                birth = key.get('existing') or {'rootId': node['root']['rootId'], 'ceremonyId': p['ceremonyId']}
                need((birth['rootId'], birth['ceremonyId']) == (node['root']['rootId'], node['root']['born']), 'another birth')
                proof = birth.get('possession')
                need(proof is None or p['domain'] == 'rehearsal' or any(one['id'] == key['id'] and all(one[name] == proof[name] for name in proof)
                                                                        for one in p['possession']), 'another possession proof than of its birth')
        fhe, planned, before, following = p['fhe'], plan.get('fhe'), p['existing'], p['next']
        named = planned and planned.get('existing')
        need((before is None) == (named is None) and (before is None or fhe is None), 'a key of before stands in only one')
        need(before is None or p['domain'] == 'rehearsal' or before == named, 'another epoch of before')
        reshare = plan.get('reshare')
        need((following is None) == (reshare is None), 'a next epoch stands in only one of plan and bundle')
        if following is not None:
            need((following['t'], following['n'], [one['name'] for one in following['holders']])
                 == (reshare['t'], reshare['n'], reshare['holders']), 'the next epoch is not that of the plan')
        need((fhe is None and before is None) == (planned is None), 'an FHE key stands in only one of plan and bundle')
        if fhe is not None:
            need(all(fhe[name] == planned[name] for name in ('id', 'type', 'mode', 't', 'n')), 'another FHE key')
            need(('crs' in fhe) == ('proofBits' in planned), 'a reference string stands in only one of plan and bundle')
            need(self.run['dealing'] in (None, (fhe.get('crs'),)), 'another reference string than was made with the key')
            need([holder['name'] for holder in fhe['holders']] == planned['holders'], 'other holders')
        self.need_recovery(p.get('recovery'), plan.get('recovery'))
        if p['domain'] == 'production':
            self.need_destinations(plan['destinations'])
        self.plan = plan

    def need_recovery(self, used, planned):
        need((used is None) == (planned is None), 'the use of a backup stands in only one of plan and bundle')
        if used is not None:
            one, other = used['backup'], planned['backup']
            need(used['use'] == planned['use'], 'the backup is used for something else than planned')
            need(one == other or self.p['domain'] == 'rehearsal' and (one['key'], one['t'], len(one['shares']))
                 == (other['key'], other['t'], len(other['shares'])), 'another backup than planned')

    def need_destinations(self, planned):
        """The servers that officers approved, each with its transport key where it has one, in order."""
        need([one['audience'] for one in self.addresses()] == [one['card'] for one in planned], 'another server than the plan names')
        sent = [parse(self.blob(one['document']), transport_shape, 32768)['payload'] for one in self.p['transports']]
        need([(one['audience'], sha(jcs(one)).hex()) for one in sent]
             == [(one['card'], one['transport']) for one in planned if 'transport' in one], 'other destinations than the plan names')

    def addresses(self):
        """Where the bundle stands in the line of each server that may import it, in the plan's order."""
        own = {name: self.p[name] for name in ('audience', 'sequence', 'previous', 'supersedes')}
        return ([] if own['audience'] is None else [own]) + self.p.get('alsoFor', [])

    def check_opening_certificate(self):
        need(self.opening is not None, getattr(self, 'opening_fault', ''))
        certificate, header = self.opening['payload'], self.run['header']
        need(certificate['ceremonyId'] == header['ceremonyId'] and certificate['planHash'] == header['planHash']
             and certificate['node0'] == self.run['node0'] and certificate['domain'] == self.p['domain']
             and certificate['policyDigest'] == self.p['policyDigest'], 'the certificate is of another run')
        tokens, serials = header['tokens'], certificate['tokenSerials']
        need(len(tokens) == len(serials) and all(token['serial'] in ('new', serial) for token, serial in zip(tokens, serials)),
             'other tokens were opened than the header has')

    def ceremony_keys(self):
        need(self.opening is not None, 'no certificate names the ceremony key')
        return self.opening['payload']['ceremonyKeys']

    def check_checkpoints(self):
        opening = sha(jcs(self.opening['payload'])).hex()
        ceremony, previous, size = self.ceremony_keys(), None, -1
        for listed in self.p['checkpoints']:
            document = parse(self.blob(listed['blob']), checkpoint_shape, 524288)
            payload = document['payload']
            need(payload['size'] == listed['size'] and int(payload['size']) > size, 'sizes do not grow')
            need(payload['ceremonyId'] == self.p['ceremonyId'] and payload['planHash'] == self.p['planHash'], 'of another run')
            need(payload['opening'] == opening and payload['previous'] == previous, 'not linked')
            need(self.run['heads'].get(payload['size']) == {k: payload[k] for k in ('size', 'node', 'root')}, 'not true of the transcript')
            own = [sig for sig in document['signatures'] if sig['signer'] == identity(ceremony)]
            need(len(own) == 1, 'not signed once by the ceremony key')
            verify_signature(ceremony, 'checkpoint', self.p['domain'], jcs(payload), own[0])
            size, previous = int(payload['size']), sha(jcs(payload)).hex()
            self.checkpoints.append(document)
        need(str(size) == self.p['transcript']['size'], 'the last one does not cover the transcript')

    def check_exceptions(self):
        p, run = self.p, self.run
        need(run['opened'] == len(run['decided']) == len(p['exceptions']), 'opened, decided and signed are of different numbers')
        for number, (listed, (seq, step, document)) in enumerate(zip(p['exceptions'], run['decided']), 1):
            signed_ = parse(self.blob(listed['blob']), exception_shape, 524288)
            payload = signed_['payload']
            need(listed['id'] == payload['exception'] == number, 'out of order')
            need(all(payload[name] == p[name] for name in ('ceremonyId', 'planHash', 'domain')), 'of another run')
            need(payload['stepId'] == step, 'of another step than in the transcript')
            need(document is None or document == sha(jcs(payload)).hex(), 'the transcript names another document')
            need(payload['head']['size'] == listed['size'] and run['heads'].get(listed['size']) == payload['head']
                 and int(listed['size']) < seq, 'the head is not of this transcript')
            self.exceptions.append(signed_)

    def check_ceremony_signature(self):
        ceremony = self.ceremony_keys()
        own = [sig for sig in self.manifest['signatures'] if sig['signer'] == identity(ceremony)]
        need(own, 'the ceremony key has not signed')
        verify_signature(ceremony, 'bundle', self.p['domain'], self.manifest['encoding'], own[0])

    # cards and keys

    def check_cards(self):
        p = self.p
        need(all(a < b for a, b in zip(p['cards'], p['cards'][1:])), 'not in ascending order')
        for name in p['cards']:
            data = self.blob(name)
            try:
                card = self.people[name] = parse(data, card_shape, 32768)
            except Refused:
                card = self.servers[name] = parse(data, server_shape, 32768)
            need(card['domain'] == p['domain'], 'a card of the other domain')
        for seat in self.run['header']['roster']:
            card = self.people.get(seat['card'])
            need(card and card['name'] == seat['name'], f"no card for {seat['name']}")
            need(card['kind'] == seat['role'] or {card['kind'], seat['role']} in JOINED, 'a seat with a card of another kind')
            self.check_renewal(seat)
        self.need_single_seats()
        seated = {seat['card'] for seat in self.run['header']['roster']}
        need(set(self.people) <= seated, 'a card belongs to nobody in the room')
        need(set(self.servers) <= {one['audience'] for one in self.addresses()}, 'a server card is not that of an audience')

    def need_single_seats(self):
        """Nobody sits twice in a set, nor in two roles that may not join, by name or by any single key."""
        seats = [(seat, self.people[seat['card']]) for seat in self.run['header']['roster']]
        for (one, card), (other, held) in itertools.combinations(seats, 2):
            distinct_cards, roles = one['card'] != other['card'], {one['role'], other['role']}
            need('recipient' not in card or not distinct_cards or card['recipient'] != held.get('recipient'), 'two seats with one envelope key')
            if one['name'] != other['name'] and not set(card['keys'].values()) & set(held['keys'].values()):
                continue
            # Of a holder who stays for the next epoch both seats have the same keys, and the second card renews the first.
            stays = roles == {'holder'} and one['name'] == other['name'] and distinct_cards
            need(stays or roles in JOINED, f"{one['name']} and {other['name']}: one name or key in two seats")

    def check_renewal(self, seat):
        """A holder's second seat is for the next epoch: the same person, signed by the same keys, with another envelope key."""
        card, seats = self.people[seat['card']], self.seats_of_holder(seat['name'])
        if seat['role'] == 'holder' and seats[0]['card'] != seat['card']:
            need(len(seats) == 2, f"{seat['name']} sits more than twice as holder")
            before = self.people.get(seats[0]['card'])
            need(before and 'renews' in card and card['renews']['card'] == seats[0]['card'], 'a second card that renews another, or none')
            need(all(card[name] == before[name] for name in ('name', 'kind', 'domain', 'keys')), 'a renewed card of somebody else')
            need(card['recipient'] != before['recipient'], 'a renewed card with the envelope key of the one before')
        if 'renews' in card:
            bare = {name: value for name, value in card.items() if name != 'renews'}
            said = {'v': 1, 'kind': 'card-renewal', 'domain': card['domain'], 'card': card['renews']['card'],
                    'renewed': sha(jcs(bare)).hex()}
            check_signatures('card-renewal', card['domain'], jcs(said), [card['renews']['signature']], [([card['keys']], 1)])

    def check_transports(self):
        nodes, roots = set(), {one['id'] for one in self.p['wrapTree'] if one['level'] == 'root'}
        audiences = {one['audience'] for one in self.addresses()}
        for one in self.p['transports']:
            document = parse(self.blob(one['document']), transport_shape, 32768)
            payload = document['payload']
            need(payload['audience'] in audiences and payload['domain'] == self.p['domain'], 'of another server or domain')
            need(payload['node'] not in nodes, 'a node is there twice')
            nodes.add(payload['node'])
            need(payload['audience'] in self.servers, 'the server card is not in the bundle')
            receipt_key = self.servers[payload['audience']]['receiptKey']
            check_signatures('transport', self.p['domain'], jcs(payload), document['signatures'], [([receipt_key], 1)])
            need(all(root['id'] in roots for root in one['roots']), 'a root that the tree does not have')
            need(all(root['mechanism'] in TRANSPORT_MECHANISMS for root in one['roots']), 'a root that is wrapped otherwise')
            self.transport_serials.append(payload['serial'])
            self.transport_keys.append(sha(unbase64(payload['transportKey'])).hex())

    def check_wrap_tree(self):
        seen = {}
        for node in self.p['wrapTree']:
            root = node['level'] == 'root'
            need(node['id'] not in seen, 'a key is there twice')
            absent = [node[name] is None for name in ('parent', 'blob', 'mechanism')]
            need(absent == [root] * 3, 'exactly a root has no parent, blob and mechanism')
            need(root or node['mechanism'] in WRAP_MECHANISMS, 'a key that is wrapped otherwise')
            need((node['root'] is not None) == root, 'exactly a root has a root id')
            if not root:
                parent = seen.get(node['parent'])
                need(parent and LEVELS.index(parent['level']) + 1 == LEVELS.index(node['level']), 'no such parent one level up')
            need(node['publicKey'] is None or node['level'] == 'data', 'only a data key has a public half')
            seen[node['id']] = node
        need(distinct(n['blob'] for n in self.p['wrapTree'] if n['blob']), 'two keys share one wrapped blob')

    def check_possession(self):
        nodes, seen = {node['id']: node for node in self.p['wrapTree']}, set()
        for proof in self.p['possession']:
            node = nodes.get(proof['id'])
            need(node and node['level'] != 'data' and proof['id'] not in seen, 'a proof of no key encryption key, or there twice')
            seen.add(proof['id'])
            need(proof['mechanism'] in WRAP_MECHANISMS, 'proved by another mechanism')
            while node['level'] != 'root':
                node = nodes[node['parent']]
            born, root_id = bytes.fromhex(node['root']['born']), bytes.fromhex(node['root']['rootId'])
            need(proof['challenge'] == sha(b'lux-custody/possession/v1', lp(born), root_id).hex(), 'another challenge')
        need({node['id'] for node in nodes.values() if node['level'] == 'root'} <= seen, 'a root has no proof')

    def serial_of(self, role):
        """The opening certificate lists serials in the order of the header's tokens; of two of one role the first counts."""
        pairs = zip(self.run['header']['tokens'], self.opening['payload']['tokenSerials'])
        return next((serial for token, serial in pairs if token['role'] == role), None)

    def check_replicas(self):
        p, plan, replicas = self.p, self.plan, self.p.get('replicas', [])
        steps = [step for part in plan['parts'] for step in part['steps'] if step['do'] == 'replicate-root']
        need(len(steps) == len(replicas), f"{len(replicas)} replicas, the plan has {len(steps)}")
        proofs, keys = {one['id']: one for one in p['possession']}, {key['id']: key for key in plan['keys']}
        home = [one['serial'] for one in p['keyEvidence'] if one['level'] == 'ceremony']
        for step, one in zip(steps, replicas):
            need((step['key'], step['token']) == (one['id'], one['token']), 'another key or token than the plan')
            key = keys.get(one['id'], {})
            way = 'trusted-window' if one['token'] in key.get('spares', []) else key.get('replication')
            need(one['way'] == way, 'another way than the plan')
            need(self.serial_of(one['token']) == one['serial'] and one['serial'] not in home[:1], 'another serial, or the root\'s own')
            proof = proofs.get(one['id'])
            need(proof and all(proof[name] == one[name] for name in ('mechanism', 'challenge', 'digest')), 'another key')
            need(one['attributes'].get('EXTRACTABLE') is False and one['attributes'].get('SENSITIVE') is True, 'it may leave that token')

    def check_attestations(self):
        p, found = self.p, self.p.get('attestations', [])
        steps = [step for part in self.plan['parts'] for step in part['steps'] if step['do'] == 'attest']
        need(len(steps) == len(found), f'{len(found)} attestations, the plan has {len(steps)}')
        self.attested = [self.check_attested(step, one) for step, one in zip(steps, found)]

    def evidence_of(self, one):
        records = [record_ for record_ in self.p['keyEvidence'] if (record_['id'], record_['level']) == (one['id'], one['level'])]
        need(records, 'nothing was read of this key')
        return records[0]

    def check_attested(self, step, one):
        """The point of the key that the vendor's chain has to be of."""
        p, certificate = self.p, self.opening['payload']
        need((step['key'] or 'ceremony', 'vendor' if step['by'] == 'vendor' else 'companion') == (one['id'], one['by']), 'another key, or another voucher')
        level = next((key['level'] for key in self.plan['keys'] if key['id'] == step['key']), 'ceremony')
        need(one['level'] == level, 'a key of another level')
        planned = next((token['attestation'] for token in self.plan['tokens'] if token['role'] == step['token']), None)
        need(planned is not None, 'the plan names no attestation of this token')
        read, companion, production = self.evidence_of(one), planned.get('companion'), p['domain'] == 'production'
        need(self.serial_of(step['token']) == read['serial'], 'another token')
        need(not production or one['root'] == planned['root'], 'another root certificate than the plan\'s')
        if one['by'] == 'vendor':
            need(one['level'] == 'ceremony' and 'p256' in certificate['ceremonyKeys'], 'a vendor attests a P-256 ceremony key alone')
            need(one['statement'] is None, 'a statement that nobody asked for')
            return certificate['ceremonyKeys']['p256']
        need(one['statement'] is not None and companion is not None, 'the companion signed nothing')
        need(not production or one['chain'] == companion['chain'], 'another attestation than the plan\'s')
        document = parse(self.blob(one['statement']['document']), statement_of_key_shape, 262144)
        said, size = document['payload'], one['statement']['size']
        need(said['companion']['ckaId'] == companion['ckaId'], 'signed by another key than the plan\'s companion')
        need(all(said[name] == p[name] for name in ('domain', 'ceremonyId', 'planHash')) and said['stepId'] == step['id'],
             'a statement of another run or step')
        need((said['key'], said['level'], said['serial'], said['ckaId'], said['identity'])
             == (one['id'], one['level'], read['serial'], read['ckaId'], self.identity_of(one)), 'a statement of another key')
        need(jcs(said['attributes']) == jcs(read['attributes']), 'a statement of other attributes')
        need(said['head']['size'] == size and self.run['heads'].get(size) == said['head'], 'the head is not of this transcript')
        seq, named, _ = self.run['performed'].get(step['id'], (None, None, None))
        need(seq == size, 'the head is not that of its step')
        need(named is None or named == one['statement']['document'], 'the transcript names another statement')
        check_signatures('key-statement', p['domain'], jcs(said), document['signatures'], [([said['companion']['keys']], 1)])
        return said['companion']['keys']['p256']

    def identity_of(self, one):
        if one['level'] == 'ceremony':
            return identity(self.opening['payload']['ceremonyKeys'])
        if one['level'] == 'root':
            return next((proof['digest'] for proof in self.p['possession'] if proof['id'] == one['id']), None)
        return next((node['blob'] for node in self.p['wrapTree'] if node['id'] == one['id']), None)

    # FHE

    def check_fhe_commitments(self):
        fhe = self.p['fhe']
        if fhe is None:
            return
        need([holder['index'] for holder in fhe['holders']] == list(range(1, fhe['n'] + 1)), 'holders are not 1 to n')
        for field in ('name', 'card', 'envelope', 'acknowledgement'):
            need(distinct(holder[field] for holder in fhe['holders']), f'two holders have the same {field}')
        if 'crs' in fhe:
            data = self.blob(fhe['crs'])
            need(data[:-1].startswith(REFERENCE_STRING), 'the reference string is a file of another kind')
        check_fhe_public(self.blob(fhe['public']), fhe, self.p['domain'])

    def check_fhe_envelopes(self):
        for holder in (self.p['fhe'] or {'holders': []})['holders']:
            verify_signature(self.ceremony_keys(), 'share-envelope', self.p['domain'], bytes.fromhex(holder['envelope']), holder['signature'])

    def check_fhe_acknowledgements(self):
        fhe = self.p['fhe'] or {'holders': []}
        for holder in fhe['holders']:
            card = self.people.get(holder['card'])
            need(card and 'recipient' in card and card['name'] == holder['name'], 'no such card of a holder')
            need([seat['card'] for seat in self.seats_of_holder(holder['name'])][:1] == [holder['card']], 'another seat')
            document = parse(self.blob(holder['acknowledgement']), acknowledgement_shape, 32768)
            expected = {'domain': self.p['domain'], 'ceremonyId': self.p['ceremonyId'], 'keyId': fhe['keyId'],
                        'epochId': fhe['epochId'], 'holder': holder['index'], 'name': holder['name'],
                        'envelopeDigest': holder['envelope']}
            need(all(document['payload'][name] == value for name, value in expected.items()), 'acknowledges something else')
            check_signatures('acknowledgement', self.p['domain'], jcs(document['payload']), document['signatures'], [([card['keys']], 1)])

    # the next epoch, and decryptions

    def old_epoch(self):
        fhe = self.p['fhe']
        return self.p['existing'] or (fhe and {name: fhe[name] for name in ('keyId', 'epochId', 'epoch', 'public')})

    def seats_of_holder(self, name):
        return [seat for seat in self.run['header']['roster'] if (seat['role'], seat['name']) == ('holder', name)]

    def card_of_holder(self, name):
        seats = self.seats_of_holder(name)
        need(seats and seats[0]['card'] in self.people, f'{name} has no card of a holder')
        return self.people[seats[0]['card']]

    def of_this_run(self, said):
        old = self.old_epoch()
        need((said['domain'], said['ceremonyId'], said['planHash'], said['keyId'], said['oldEpochId'])
             == (self.p['domain'], self.p['ceremonyId'], self.p['planHash'], old['keyId'], old['epochId']), 'of another run')

    def check_fhe_epoch(self):
        following, p = self.p['next'], self.p
        if following is None:
            return
        old, planned = self.old_epoch(), self.plan['fhe']
        need(old is not None, 'there is no epoch before it')
        before, roster = planned['holders'], [{k: h[k] for k in ('index', 'name', 'card')} for h in following['holders']]
        dealers = [before.index(name) + 1 for name in self.plan['reshare']['dealers']]
        need(dealers == [one['dealer'] for one in following['redeals']], 'others re-dealt')
        corrections, envelopes = [], []
        for one in following['redeals']:
            correction = self.blob(one['correction'], 4 << 20)
            document = parse(self.blob(one['document']), redeal_shape, 32768)
            said = document['payload']
            self.of_this_run(said)
            need((said['dealer'], said['name'], said['correction'], said['t'], said['n'], len(said['envelopes']))
                 == (one['dealer'], one['name'], one['correction'], following['t'], following['n'], following['n']), 'another re-deal')
            need(said['commitments'] == sha(parse_correction(correction)['commitments']).hex(), 'other commitments')
            self.by_holder('redeal', document, one['name'])
            corrections.append(correction)
            envelopes.append(said['envelopes'])
        cards = {seat['name']: seat['card'] for seat in reversed(self.run['header']['roster']) if seat['role'] == 'holder'}
        was = [{'index': at + 1, 'name': name, 'card': cards.get(name, '')} for at, name in enumerate(before)]
        need(self.blob(old['public'], 4 << 20)[83:115] == sha(jcs(was)), 'the old public file is of other holders or cards')
        epoch_id, data = next_public(self.blob(old['public'], 4 << 20), corrections, dealers, following['t'], following['n'],
                                     bytes.fromhex(p['planHash']), roster, p['domain'])
        need(epoch_id.hex() == following['epochId'] and sha(data).hex() == following['public'], 'not the sum')
        need(following['epoch'] == old['epoch'] + 1, 'another number')
        approved = set()
        for name in following['approvals']:
            document = parse(self.blob(name), approval_shape, 32768)
            said = document['payload']
            self.of_this_run(said)
            need((said['epoch'], said['t'], said['n'], said['roster'], said['dealerMask'])
                 == (following['epoch'], following['t'], following['n'], sha(jcs(roster)).hex(), sum(1 << q - 1 for q in dealers)),
                 'another epoch was approved')
            need(before[said['holder'] - 1:said['holder']] == [said['name']] and said['name'] not in approved, 'another holder')
            self.by_holder('epoch-approval', document, said['name'])
            approved.add(said['name'])
        need(len(approved) >= planned['t'], 'too few approved')
        proofs = []
        need([one['index'] for one in following['holders']] == list(range(1, following['n'] + 1)), 'holders are not 1 to n')
        for holder in following['holders']:
            card = self.people.get(holder['card'])
            need(card and 'recipient' in card and card['name'] == holder['name'], 'no such card of a holder')
            need([seat['card'] for seat in self.seats_of_holder(holder['name'])][-1:] == [holder['card']], 'another seat')
            document = parse(self.blob(holder['acknowledgement']), acknowledgement_shape, 32768)
            said, at = document['payload'], holder['index'] - 1
            expected = {'domain': p['domain'], 'ceremonyId': p['ceremonyId'], 'keyId': old['keyId'], 'holder': at + 1,
                        'epochId': following['epochId'], 'name': holder['name'],
                        'envelopeDigest': sha(jcs([of[at] for of in envelopes])).hex()}
            need(all(said[name] == value for name, value in expected.items()), 'acknowledges something else')
            check_signatures('acknowledgement', p['domain'], jcs(said), document['signatures'], [([card['keys']], 1)])
            proofs.append(sha(jcs(said)).hex())
        document = parse(self.blob(following['live']), live_shape, 32768)
        said = document['payload']
        self.of_this_run(said)
        need((said['epochId'], said['epoch'], said['t'], said['n'], said['acknowledgements'])
             == (following['epochId'], following['epoch'], following['t'], following['n'], proofs), 'another epoch was declared live')
        need(len(document['signatures']) == 1, 'the ceremony key alone declares an epoch live')
        verify_signature(self.ceremony_keys(), 'epoch-live', p['domain'], jcs(said), document['signatures'][0])

    def by_holder(self, what, document, name):
        check_signatures(what, self.p['domain'], jcs(document['payload']), document['signatures'],
                         [([self.card_of_holder(name)['keys']], 1)])

    def check_heartbeats(self):
        taken, last, times = self.p.get('heartbeats', []), 0, {}
        need('heartbeat' in self.plan or not taken, 'the plan asks no holder')
        if 'heartbeat' not in self.plan:
            return 'no heartbeats'
        for one in taken:
            need(one['index'] > last, 'the statements are not in the order of the holders')
            last = one['index']
            document, old = parse(self.blob(one['document']), heartbeat_shape, 32768), self.old_epoch()
            said = document['payload']
            need(old is not None and (said['domain'], said['ceremonyId'], said['keyId'], said['epochId'], said['holder'], said['name'])
                 == (self.p['domain'], self.p['ceremonyId'], old['keyId'], old['epochId'], one['index'], one['name'])
                 and self.plan['fhe']['holders'][last - 1:last] == [one['name']], 'another statement')
            self.by_holder('heartbeat', document, one['name'])
            times[one['name']] = said['time']
        holders, end = self.plan.get('fhe', {}).get('holders', []), self.checkpoints[-1]['payload']['time']
        drawn = [self.run['performed'][step['id']][2] for step in self.steps_of('ask-heartbeats') if step['id'] in self.run['performed']]
        asked, oldest = (drawn + [self.run['header']['created']])[0], seconds_of(end) - self.plan['heartbeat']['dueDays'] * 86400
        overdue = [name for name in holders if name not in times or seconds_of(times[name]) < oldest]
        odd = [name for name, at in times.items() if not asked <= at <= end]
        return '; '.join([f'{len(taken)} of {len(holders)} holders', *(['overdue: ' + ', '.join(overdue)] if overdue else []),
                          *(['a time outside the run: ' + ', '.join(odd)] if odd else [])])

    def check_backups(self):
        planned = [key for key in self.plan['keys'] if 'backup' in key]
        backups = self.p.get('backups', [])
        need([key['id'] for key in planned] == [one['id'] for one in backups], 'other backups than the plan has')
        for key, one in zip(planned, backups):
            wanted, shares = key['backup'], one['shares']
            need((one['t'], one['n'], [share['name'] for share in shares]) == (wanted['t'], wanted['n'], wanted['custodians']),
                 'other custodians, or another quorum')
            need([share['index'] for share in shares] == list(range(1, one['n'] + 1)), 'shares are not 1 to n')
            for name in ('card', 'share', 'envelope', 'acknowledgement'):
                need(len({share[name] for share in shares}) == one['n'], f'two custodians have the same {name}')
            spki = self.blob(one['publicKey'], 4096)
            need(len(spki) == 550 and spki[:33] == BACKUP_KEY and spki[33] >= 0x80 and spki[-5:] == b'\x02\x03\x01\x00\x01',
                 'not an RSA-4096 key')
            for share in shares:
                self.check_backup_share(one, share)

    def check_backup_share(self, backup, share):
        card, domain_ = self.people.get(share['card']), self.p['domain']
        seats = [seat['card'] for seat in self.run['header']['roster'] if (seat['role'], seat['name']) == ('custodian', share['name'])]
        need(seats[:1] == [share['card']] and card and 'recipient' in card, 'no such card of a custodian')
        verify_signature(self.ceremony_keys(), 'share-envelope', domain_, bytes.fromhex(share['envelope']), share['signature'])
        document = parse(self.blob(share['acknowledgement']), custodian_shape, 32768)
        expected = {'domain': domain_, 'ceremonyId': self.p['ceremonyId'], 'key': backup['id'], 'set': backup['set'],
                    **{name: share[name] for name in ('index', 'name', 'share', 'envelope')}}
        need(all(document['payload'][name] == value for name, value in expected.items()), 'proves something else')
        check_signatures('custodian-acknowledgement', domain_, jcs(document['payload']), document['signatures'], [([card['keys']], 1)])

    def check_recovery(self):
        used, names, last, given = self.p.get('recovery'), self.plan.get('recovery', {}).get('custodians', []), 0, set()
        if used is None:
            return 'no backup is used'
        need(not any('backup' in key for key in self.plan['keys']), 'the run uses a backup and makes one')
        for one in used['statements']:
            need(one['index'] > last, 'the statements are not in the order of the shares')
            last = one['index']
            need(names[last - 1:last] == [one['name']], 'another custodian')
            given.add(self.check_custodian_statement(used, one))
        self.check_opened(used, given)
        heard = [one['name'] for one in used['statements']]
        seated = [one['name'] for one in self.plan['people'] if one['role'] == 'custodian']
        silent = [name for name in names if name in seated and name not in heard and used['use'] == 'check']
        return '; '.join([f'{len(heard)} of {len(names)} custodians', *(['asked in vain: ' + ', '.join(silent)] if silent else []),
                          *(['burnt: the set ' + used['backup']['set']] if used['use'] != 'check' else [])])

    def check_decommission(self):
        steps, gone = self.steps_of('decommission-root'), self.p.get('decommissioned', [])
        need(len(steps) == len(gone), 'another number of tokens is cleared than planned')
        for step, one in zip(steps, gone):
            need((step['key'], step['token']) == (one['id'], one['token']), 'another root, or from another token')
            key = [key for key in self.plan['keys'] if key['id'] == one['id']]
            need(key and key[0].get('existing', {}).get('ckaId') == one['ckaId'], 'another CKA_ID than its birth gave it')
            need('possession' in key[0]['existing'], 'the plan does not name the proof of its birth')
            self.need_place(step, {**one, 'evidence': 'E0'})
        for one in gone:
            for token in self.plan['tokens']:
                need(sum((step['key'], step['token']) == (one['id'], token['role']) for step in steps) == 1, f"it may still be in the token {token['role']}")
        return '; '.join(f"{one['id']} is gone from {one['token']}" for one in gone) or 'nothing is decommissioned'

    def check_custodian_statement(self, used, one):
        seats = [seat['card'] for seat in self.run['header']['roster'] if (seat['role'], seat['name']) == ('custodian', one['name'])]
        card, backup = self.people.get((seats + [None])[0]), used['backup']
        need(card, 'no card of a custodian')
        document = parse(self.blob(one['document']), statement_of_custodian_shape, 32768)
        expected = {'domain': self.p['domain'], 'ceremonyId': self.p['ceremonyId'], 'use': used['use'], 'key': backup['key'],
                    'set': backup['set'], 'index': one['index'], 'name': one['name'], 'share': (backup['shares'][one['index'] - 1:] + [''])[0]}
        need(all(document['payload'][name] == value for name, value in expected.items()), 'states something else')
        need((document['payload']['envelope'] is None) == (used['use'] == 'check'), 'a check takes no share, and all else takes one')
        check_signatures('custodian-statement', self.p['domain'], jcs(document['payload']), document['signatures'], [([card['keys']], 1)])
        return document['payload']['envelope']

    def check_opened(self, used, given):
        """What is there of an opened backup, and of no other."""
        backup, restored = used['backup'], used.get('restored')
        if used['use'] == 'check':
            need(not {'request', 'restored', 'zeroised'} & set(used), 'a check opens nothing')
            return
        need('request' in used and restored, 'nothing asked for shares, or no root came of them')
        indices = [one['index'] for one in used['statements']]
        need(len(indices) >= backup['t'] and len(given) == len(indices), 'too few shares, or two custodians gave the same')
        need(restored['shares'] == indices, 'other shares were combined than were given')
        document = parse(self.blob(used['request']), share_request_shape, 32768)
        expected = {'domain': self.p['domain'], 'ceremonyId': self.p['ceremonyId'], 'use': used['use'],
                    'custodians': self.plan['recovery']['custodians'], **{name: backup[name] for name in ('key', 'set', 'identifier', 't', 'shares')}}
        need(all(document['payload'][name] == value for name, value in expected.items()), 'shares were asked for otherwise')
        check_signatures('share-request', self.p['domain'], jcs(document['payload']), document['signatures'], [([self.ceremony_keys()], 1)])
        challenge = sha(b'lux-custody/possession/v1', lp(bytes.fromhex(backup['ceremonyId'])), bytes.fromhex(backup['rootId'])).hex()
        need((restored['ckaId'], restored['challenge'], restored['mechanism'], restored['digest'])
             == (backup['ckaId'], challenge, backup['mechanism'], backup['possession']), 'another key came of it')
        need(restored['attributes'].get('EXTRACTABLE') is False and restored['attributes'].get('SENSITIVE') is True, 'it may leave that token')
        steps = [step for part in self.plan['parts'] for step in part['steps'] if step['do'] == 'restore-root']
        need(steps and steps[0]['token'] == restored['token'], 'the plan brings it into another token')
        need(('zeroised' in used) == (used['use'] == 'drill'), 'a drill zeroises the root, and nothing else does')
        need(used.get('zeroised') in (None, {name: restored[name] for name in ('token', 'serial')}), 'it was zeroised in another token')

    def check_decryptions(self):
        planned = self.plan['decryptions']
        need([one['id'] for one in self.p['decryptions']] == [one['id'] for one in planned], 'other decryptions')
        need(distinct(one['id'] for one in planned), 'the plan names a decryption twice')
        taken, budgets = set(), {}
        for one, wanted in zip(self.p['decryptions'], planned):
            package = parse(self.blob(one['package']), package_shape, 16 << 20)
            holders = self.check_asked(package, wanted, taken)
            taken.add(package['request']['payload']['requestId'])
            self.check_answers(one, package['request']['payload'], wanted, holders, budgets)

    def requesters(self):
        return [one['keys'] for one in self.policy['requesters']] + [one['requesterKey'] for one in self.policy['audiences']]

    def check_asked(self, package, wanted, taken):
        request, old, following, policy = package['request']['payload'], self.old_epoch(), self.p['next'], self.policy
        canary = wanted.get('canary') is True
        need(old is not None, 'there is no key')
        if following is not None and request['epochId'] == following['epochId']:
            holders = self.plan['reshare']['holders']
        else:
            need(not canary and request['epochId'] == old['epochId'], 'of an epoch in which nobody answers')
            holders = self.plan['fhe']['holders']
        need(request['domain'] == self.p['domain'] and request['keyId'] == old['keyId'], 'of another domain or key')
        need(request['mode'] == self.plan['fhe']['mode'] and request['requestId'] not in taken, 'another mode, or a replay')
        need(request['combiner'] in [one['recipient'] for one in policy['combiners']], 'to another combiner')
        check_signatures('decryption-request', self.p['domain'], jcs(request), package['request']['signatures'],
                         [(self.requesters(), 1)])
        for document in package['provenance']:
            said = document['payload']
            need(said['domain'] == self.p['domain'] and said['keyId'] == old['keyId'] and said['mode'] == request['mode'],
                 'a provenance of another domain, key or mode')
            need(said['mode'] == 'S' or all(one['admitted'] != 'proof' for one in said['inputs']), 'an admission that mode F forbids')
            members_ = policy['encryptors' if said['mode'] == 'F' else 'evaluators']
            check_signatures('provenance', said['domain'], jcs(said), document['signatures'], [([one['keys'] for one in members_], 1)])
        by_digest = {sha(jcs(document['payload'])).hex(): document['payload'] for document in package['provenance']}
        for one in request['ciphertexts'] if request['v'] == 1 else request['batches']:
            said = by_digest[one['provenance']]
            vouched = (one['digest'] in said['ciphertexts'] if said['v'] == 1
                       else said['batch'] == {'count': one['count'], 'digest': one['digest']})
            need(said['v'] == request['v'] and vouched and said['type'] == one['type'], 'nobody vouches for a ciphertext')
        check_signatures('decryption-approval', self.p['domain'], jcs(request), package['approvals'],
                         [([one['keys'] for one in policy['approvers']], 0 if canary else policy['approverThreshold'])])
        least = 128 if request['mode'] == 'F' else 64
        need(not canary or least <= request['budget'] <= 256, 'no size for a canary')
        if canary:
            cards = [seat['card'] for name in self.plan['reshare']['dealers'] for seat in self.seats_of_holder(name)[:1]]
            dealers = {identity(self.people[card]['keys']) for card in cards if card in self.people}
            need(not any(sig['signer'] in dealers for one in package['provenance'] for sig in one['signatures']),
                 'a dealer vouches for the canary')
        need(request['what'] == wanted['what'], 'it asks for something else than the plan')
        return holders

    def check_answers(self, decryption, request, wanted, holders, budgets):
        canary, digest_ = wanted.get('canary') is True, sha(jcs(request)).hex()
        heard, approved = set(), []
        for one in decryption['answers']:
            document = parse(self.blob(one['document']), answer_shape, 32768)
            said = document['payload']
            need((said['domain'], said['request'], said['keyId'], said['epochId'], said['holder'], said['name'])
                 == (self.p['domain'], digest_, request['keyId'], request['epochId'], one['holder'], one['name'])
                 and holders[said['holder'] - 1:said['holder']] == [said['name']] and said['holder'] not in heard, 'another answer')
            heard.add(said['holder'])
            self.by_holder('holder-answer', document, said['name'])
            need(said['spent'] <= (0 if canary else request['budget']), 'too much was spent')
            key = (said['epochId'], said['name'])
            at64, at128 = (said['spent'], 0) if request['mode'] == 'F' else (0, said['spent'])
            if not canary:
                before = budgets.get(key)
                need(before is None or said['left'] == {'at64': before['at64'] - at64, 'at128': before['at128'] - at128},
                     'a budget does not add up')
                budgets[key] = said['left']
            if said['decision'] == 'approved':
                need(said['time'] < request['expiry'], 'answered after the expiry')
                approved.append((said['holder'], sha(jcs(said)).hex()))
        need(len(approved) >= wanted['answers'], 'too few answered')
        document = parse(self.blob(decryption['result']), result_shape, 32768)
        said = document['payload']
        need(said['domain'] == self.p['domain'] and said['request'] == digest_, 'a result of another request')
        need(said['answers'] == [name for _, name in sorted(approved)], 'a result of other answers')
        need(not canary or (said['outcome'] == 'combined' and not said['cheaters']), 'the canary failed')
        check_signatures('decryption-result', self.p['domain'], jcs(said), document['signatures'], [(self.requesters(), 1)])

    # the manifest beside the transcript that witnesses cosigned

    def steps_of(self, *kinds):
        return [step for part in self.plan['parts'] for step in part['steps'] if step['do'] in kinds]

    def recorded(self, step):
        """(what the transcript says of a step,): (None,) where its facts are redacted, None where nothing was done in it."""
        result = self.run['results'].get((step['id'], STEPS[step['do']].effect))
        if result is not None:
            return (result,)
        return (None,) if step['id'] in self.run['redacted'] else None

    def check_transcript_content(self):
        steps = self.steps_of(*COMPARED)
        need(all(self.recorded(step) for step in steps), 'the transcript has nothing of a step')

        def of(*kinds):
            return [(step, self.recorded(step)[0]) for step in steps if step['do'] in kinds]
        self.need_course([step for part in self.plan['parts'] for step in part['steps']])
        need(self.run['ill_text'] is None, f"a name or a text breaks the text rule: {self.run['ill_text']}")
        self.need_room()
        self.hearings()
        self.need_recorded_evidence(of(*MAKING_ONE), of('attest'))
        self.need_marks(of('generate-root'))
        self.need_recorded_tree(of(*MAKING_ONE))
        for proof in self.p['possession']:
            proofs = [result for step, result in of('prove-possession') if step['key'] == proof['id']]
            need(proofs and all(result is None or fits(result, mechanism=proof['mechanism'], digest=proof['digest'])
                                for result in proofs), f"{proof['id']}: the transcript has another proof, or none")
        self.need_recorded_replicas(of('replicate-root'))
        attested = self.p.get('attestations', [])
        need(len(attested) <= len(of('attest')), 'the transcript has nothing of an attestation')
        for one, (_, result) in zip(attested, of('attest')):
            said = one['statement'] and {'document': one['statement']['document'], 'size': int(one['statement']['size'])}
            need(result is None or fits(result, by=one['by'], root=one['root'], chain=one['chain'], statement=said),
                 f"{one['id']}: the transcript has another attestation")
        for one in self.p.get('backups', []):
            made = [result for step, result in of('generate-root') if step['key'] == one['id']]
            need(made, f"{one['id']}: no step of the plan makes it with a backup")
            if made[0] is None:
                continue
            said = member(made[0], 'backup')
            shares = [{name: share[name] for name in ('index', 'name', 'share', 'envelope')} for share in one['shares']]
            need(fits(said, shares=shares, **{name: one[name] for name in ('set', 'identifier', 'publicKey', 'wrapped', 'medium')}),
                 f"{one['id']}: the transcript has another backup")
            proofs = [{'mechanism': proof['mechanism'], 'digest': proof['digest']} for proof in self.p['possession']
                      if proof['id'] == one['id']]
            need(proofs and same(member(said, 'possession'), proofs[0]), f"{one['id']}: its backup holds another key")
        for step, result in of('check-medium'):
            need(result is None or 'recovery' not in self.p or fits(result, medium=self.p['recovery']['backup']['medium']),
                 'another medium was read')
        self.need_recorded_recovery(of('ask-shares'), of('restore-root'), of('zeroise-root'))
        self.need_recorded_deal(of('fhe-deal'))
        self.need_recorded_epoch(of('assemble-epoch'), of('epoch-live'))
        for one in self.p.get('heartbeats', []):
            need(of('ask-heartbeats'), 'no step of the plan asks for a heartbeat')
            asked, said = of('ask-heartbeats')[0][1], parse(self.blob(one['document']), heartbeat_shape, 32768)['payload']
            need(asked is None or said['challenge'] == member(asked, 'challenge'), 'another challenge')
        for one, (_, result) in zip(self.p.get('decommissioned', []), of('decommission-root')):
            need(result is None or fits(result, serial=one['serial'], ckaId=one['ckaId'], absent=True), 'it is not absent')
            proofs = [proof for proof in self.p['possession'] if proof['id'] == one['id']]
            need(result is None or proofs and fits(result, mechanism=proofs[0]['mechanism'], digest=proofs[0]['digest']),
                 'what was destroyed did not give the proof of the root')
        need(len(self.p.get('decommissioned', [])) <= len(of('decommission-root')), 'no step of the plan destroys it')
        revoking = self.steps_of('revoke-keys')
        need('revokes' not in self.p or revoking, 'no step of the plan revokes keys')
        # A note names a step too, and is nobody's consent.
        need('revokes' not in self.p or all(step['id'] in self.run['course'] for step in revoking), 'nobody confirmed the revocation')
        if 'nextPolicy' in self.p:
            need(of('sign-policy'), 'no step of the plan signs a next policy')
            read, said = of('sign-policy')[0][1], parse(self.blob(self.p['nextPolicy']), policy_file_shape, 1 << 20)['policy']
            need(read is None or fits(read, policy=sha(jcs(said)).hex(), version=said['version'], quorum=said['officerQuorum']), 'another policy was signed')

    def need_recorded_evidence(self, made, attested):
        for one in self.p['keyEvidence']:
            key = None if one['level'] == 'ceremony' else one['id']
            mine = [(step, result) for step, result in made if step['key'] == key]
            need(mine, f"{one['id']}: no step of the plan makes it")
            step, result = mine[0]
            self.need_place(step, one)
            need(result is None or same(member(member(result, 'evidence'), 'ckaId'), one['ckaId']), f"{one['id']}: another CKA_ID")
            # What was read when somebody vouched for the key counts, not what was read when it was made.
            read = next((told for step, told in attested if step['key'] == key), result)
            own = {'ckaId': one['ckaId'], 'label': one['label'], 'level': one['evidence'], 'attributes': one['attributes']}
            need(read is None or same(member(read, 'evidence'), own), f"{one['id']}: the transcript has other evidence")
            need(key is not None or result is None or same(member(result, 'keys'), self.ceremony_keys()), 'another ceremony key')

    def need_marks(self, roots):
        """A window is as good as its marks: whether the security officer can make a key that reads back as trusted."""
        for step in [] if self.p['v'] == 1 else self.steps_of('initialise-token'):
            if step['id'] not in self.run['performed'] or step['id'] in self.run['redacted']:
                continue
            marks = member(self.run['results'].get((step['id'], 'initialise-token')), 'marksTrusted')
            token = next((one for one in self.plan['tokens'] if one['role'] == step['token']), {})
            need(marks is True or 'trusted-window' not in token.get('needs', []), f"{step['id']}: its security officer did not mark a key as trusted")
            opened_ = [one['id'] for one, result in roots if one['token'] == step['token'] and isinstance(member(result, 'trusted'), list)
                       and member(result, 'trusted')]
            need(marks is not False or not opened_, 'a trusted window in a token whose security officer cannot mark a key as trusted')

    def need_place(self, step, one):
        need(self.serial_of(step['token']) == one['serial'], f"{one['id']}: read in another token than the officers opened")
        need(one['evidence'] == 'E0' or self.is_probed(step, 'E1'), f"{one['id']}: of a token that passed no probe")

    def is_probed(self, step, least):
        """Whether the token of a step passed a probe before it."""
        serial = self.serial_of(step['token'])
        for one in itertools.takewhile(lambda other: other['id'] != step['id'], self.steps_of('probe-token', step['do'])):
            told = self.recorded(one) if one['do'] == 'probe-token' and one['token'] == step['token'] else None
            if told == (None,):
                return True
            # A rehearsal's token may be one that no profile knows.
            known = told is not None and (least == 'E0' or self.p['domain'] == 'rehearsal' or member(told[0], 'level') == 'E1')
            if known and member(told[0], 'passed') is True and member(told[0], 'serial') == serial is not None \
                    and member(told[0], 'wrapMechanism') in WRAP_MECHANISMS and self.shows_needs(step['token'], told[0]) \
                    and member(self.capability_in(told[0], step), 'able') is not False:
                return True
        return False

    def capability_in(self, told, step):
        """Since version 3: what a probe says of keys such as the step makes or brings."""
        listed = member(told, 'capabilities')
        role = STEPS[step['do']].role
        if self.p['v'] != 3 or role is None or not isinstance(listed, list):
            return None
        return next((one for one in listed if member(one, 'role') == role), None)

    def lacked_by(self, step):
        """What the last probe of the token before the step says that it lacks."""
        probe = None
        for one in itertools.takewhile(lambda other: other['id'] != step['id'], self.steps_of('probe-token', step['do'])):
            if one['do'] == 'probe-token' and one['token'] == step['token']:
                probe = one
        told = self.run['results'].get((probe['id'], 'probe-token')) if probe else None
        lacks = member(self.capability_in(told, step), 'lacks')
        return lacks if isinstance(lacks, list) else []

    def wrapped_template(self, step, attributes):
        """COPYABLE and WRAP_WITH_TRUSTED need not be shown where the token lacks them: by default they are as they must be."""
        lacked = self.lacked_by(step) if step else []
        absent = [name for name in ('COPYABLE', 'WRAP_WITH_TRUSTED') if name in lacked and member(attributes, name) is None]
        return {name: value for name, value in READ_AS['generate-key'].items() if name not in absent}

    def names_itself(self, role, devices):
        """Whether the token was probed, and every probe showed one of these makers and models."""
        probes = [member(self.run['results'].get((one['id'], 'probe-token')), 'token') for one in self.steps_of('probe-token') if one['token'] == role]
        return bool(probes) and all((member(shown, 'maker'), member(shown, 'model')) in devices for shown in probes)

    def need_room(self):
        """What version 3 adds to results is of its form, and in steps of its kind."""
        for step in [step for part in self.plan['parts'] for step in part['steps']] if self.p['v'] == 3 else []:
            for effect, name, shape in (('measure-machine', 'machine', machine_shape), ('probe-token', 'capabilities', capabilities_shape)):
                result = self.run['results'].get((step['id'], effect))
                need(result is None or step['do'] == effect, f"{step['id']}: {effect} in a step of another kind")
                if isinstance(result, dict) and name in result:
                    shape(result[name])

    def hearings(self):
        """(State, who heard words read aloud, each with what was read): signed only where all of it is."""
        states, values, header = [], [], self.run['header']

        def add(state, value):
            states.append(state)
            values.extend([value] if value not in values else [])
        for kind, step, fact in self.run['readings'] if self.p['v'] == 3 else []:
            if fact is None:
                add('claimed', 'redacted')
                continue
            if kind == 'reading.heard':
                heard_shape(fact)
                need(all(name in [seat['name'] for seat in header['roster']] for name in fact['by']), f'{step}: somebody heard who sits nowhere')
                for name in fact['by']:
                    add('claimed', f"claimed {name}: {fact['what']}")
                continue
            signed_hearing_shape(fact)
            said = fact['payload']
            need((said['domain'], said['ceremonyId'], said['stepId']) == (header['domain'], header['ceremonyId'], step), f'{step}: a hearing of another step or run')
            seats = [seat for seat in header['roster'] if seat['name'] == said['name'] and seat['role'] in ('officer', 'witness')]
            need(seats, f"{step}: {said['name']} signed that they heard, and judges nothing")
            check_signatures('hearing', header['domain'], jcs(said), [fact['signature']], [([self.people[seats[0]['card']]['keys']], 1)])
            add('signed', f"signed {said['name']}: {said['what']}")
        return 'claimed' if 'claimed' in states else 'signed' if states else 'none', values

    def machine_shown(self):
        """What the last measuring of the machine says; None where that is redacted: an earlier one does not count in its place."""
        redacted, results = self.run['redacted'], self.run['results']
        last = next((step['id'] for step in reversed(self.steps_of('measure-machine'))
                     if step['id'] in redacted or (step['id'], 'measure-machine') in results), None)
        said = None if last in redacted else member(results.get((last, 'measure-machine')), 'machine')
        return said if fits_shape(machine_shape, said) else None

    def check_machine(self):
        image = self.run['header']['machine'].get('image')
        need(self.p['domain'] == 'rehearsal' or image == self.plan.get('image'), 'the workstation names another medium than the plan')
        asked = self.policy.get('machine')
        if asked is None:
            return
        shown = self.machine_shown() or {'level': 'M0'}
        need(asked['least'] != 'M3', 'the policy asks for a quote, which nobody here can check')
        need(shown['level'] >= asked['least'], 'the machine shows less than the policy asks for')
        need(all(one is None or one in asked.get('images', [one]) for one in (image, shown.get('image'))), 'an image that the policy does not list')

    def check_policy_oldest(self):
        oldest = self.policy.get('oldest')
        if oldest is not None:
            need(self.p['v'] >= oldest['run'], 'a run of an earlier version than the policy accepts')
            need(all(card['v'] >= oldest['card'] for card in self.people.values()), 'a card of an earlier version than the policy accepts')

    def notes(self):
        """What the bundle has of what no check asks for, and what its version has no place for: SPEC 13.6."""
        if self.p['v'] != 3:
            return [{'id': name, 'state': 'not-recorded', 'values': []} for name in NOTES]
        try:
            state, heard = self.hearings()
        except FAULTS:
            state, heard = 'none', []
        tokens, machine = self.run['header']['tokens'], self.machine_shown() or {}
        images = [one for one in (machine.get('image', self.run['header']['machine'].get('image')),) if one is not None]
        told = {
            'heard': heard,
            'capabilities': [step['token'] for step in self.steps_of('probe-token')
                             if member(self.run['results'].get((step['id'], 'probe-token')), 'capabilities') is not None],
            'shim': [one['role'] for one in tokens if 'shim' in one],
            'device': [f"{one['role']}: {one['device']['maker']} {one['device']['model']} {one['device']['firmware']}" for one in tokens if 'device' in one]
            + [f"{role}: planned {planned['maker']} {planned['model']}" for role, planned in other_devices(self.plan, self.run['header'])],
            'machine': [machine[name] for name in ('level',) if name in machine] + images,
        }
        states = {name: 'claimed' if values else 'none' for name, values in told.items()}
        states.update({'text': 'checked', 'heard': state})
        return [{'id': name, 'state': states[name], 'values': told.get(name, [])} for name in NOTES]

    def shows_needs(self, role, told):
        """A measured token is believed by what its probe showed, and by the library that the plan pins."""
        planned = next((one for one in self.plan['tokens'] if one['role'] == role), {})
        if planned.get('profile') != 'measured':
            return True
        measured, shown = member(told, 'measured'), member(told, 'token')
        library = next((one['library'] for one in self.run['header']['tokens'] if one['role'] == role), None)
        return isinstance(measured, list) and all(need in measured for need in planned.get('needs', [])) and member(shown, 'library') == library

    def is_program(self, token):
        """Of a measured token the policy says what is hardware, by the maker and model that every probe of it showed."""
        if token['profile'] != 'measured':
            return token['profile'] not in HARDWARE_PROFILES
        return not self.names_itself(token['role'], [(one['maker'], one['model']) for one in self.policy.get('hardware', [])])

    def need_course(self, steps):
        """What the transcript says can have been one run of the plan, ready to be sealed."""
        run, names, kinds = self.run, [step['id'] for step in steps], [step['do'] for step in steps]
        need(run['stopped'] is None, f"{run['stopped']}: the run was not at work when it was sealed")
        need(distinct(names) and 'seal' in kinds, 'two steps of one id, or none that seals')
        seal = kinds.index('seal')
        need(set(names[:seal + 1]) <= run['named'], 'the transcript has nothing of a step')
        places = {name: at for at, name in enumerate(names)}
        course = [places[name] for name in run['course'] if name in places]
        need(course == sorted(course) and course[-1:] == [seal], 'steps in another order than the plan, or after the one that seals')
        for step in steps:
            need(STEPS[step['do']].role is None or self.is_probed(step, 'E0'),
                 f"{step['id']}: in a token that passed no probe before")
        self.need_makers(steps)
        before = {}
        for seq, name, effect, cka_id_ in run['made']:
            need(name in places and kinds[places[name]] == effect, f'{name}: {effect} in a step that is for something else')
            if name in before:
                self.need_retry(name, *before[name], seq)
            before[name] = seq, cka_id_

    def need_makers(self, steps):
        """A key is made by one step, after the key above it, and is used in none before."""
        made_by = [(step, step['key'] if step['do'] in ('generate-root', 'generate-key') else (step['do'],))
                   for step in steps if step['do'] in MAKING]
        need(distinct(key for _, key in made_by), 'two steps make one key')
        parents, to_be_made = {key['id']: key.get('parent') for key in self.plan['keys']}, {key for _, key in made_by}
        for step in steps:
            used = parents.get(step['key']) if step['do'] in MAKING else step['key']
            need(used is None or used not in to_be_made, f"{step['id']}: comes before {used} is made")
            to_be_made -= {key for one, key in made_by if one is step}

    def need_retry(self, name, first, cka_id_, again):
        """Officers decided to make it again, and what was there before is gone."""
        need(any(step == name and first < seq < again and document['payload']['decided'] == 'retry'
                 for (seq, step, _), document in zip(self.run['decided'], self.exceptions)), f'{name}: made a second time, and nobody decided so')
        listed = [member(result, 'objects') for (_, effect), result in self.run['results'].items() if effect == 'inventory']
        need(not isinstance(cka_id_, str) or not any(member(one, 'ckaId') == cka_id_ for objects in listed if isinstance(objects, list) for one in objects),
             f'{name}: what was made before the retry is in the token still')

    def need_recorded_tree(self, made):
        sent = [one['roots'] for one in self.p['transports']]
        for node in self.p['wrapTree']:
            name, mine = node['id'], [result for step, result in made if step['key'] == node['id']]
            roots = [[root for root in one if root['id'] == name] for one in sent]
            if not mine:
                need(node['root'] is not None and node['root']['born'] != self.p['ceremonyId'], f'{name}: no step of the plan makes it')
                need(not any(roots), f'{name}: the transcript wraps it to no server')
            elif mine[0] is not None and node['level'] == 'root':
                need(member(mine[0], 'mechanism') in WRAP_MECHANISMS, f'{name}: made to wrap by another mechanism')
                blobs = member(mine[0], 'blobs')
                blobs = blobs if isinstance(blobs, list) else []
                need(all(member(blob, 'serial') in self.transport_serials for blob in blobs), f'{name}: wrapped for others')
                for serial, one in zip(self.transport_serials, roots):
                    own = [blob for blob in blobs if member(blob, 'serial') == serial]
                    need(same(own, [{'serial': serial, 'wrapped': root['wrapped'], 'sealed': root['sealed']} for root in one]),
                         f'{name}: the transcript has it wrapped otherwise')
                self.need_window(name, mine[0], blobs)
            elif mine[0] is not None:
                need(fits(mine[0], wrapped=node['blob'], mechanism=node['mechanism'], publicKey=node['publicKey']),
                     f'{name}: the transcript has another wrapped or public key')

    def need_window(self, name, result, blobs):
        """The spares that the plan names got it too, and nobody else's key was trusted."""
        if self.p['v'] == 1:
            return
        planned = next((key.get('spares', []) for key in self.plan['keys'] if key['id'] == name), [])
        spares, trusted = member(result, 'spares'), member(result, 'trusted')
        spares, trusted = (one if isinstance(one, list) else [] for one in (spares, trusted))
        need(same([[member(one, 'token'), member(one, 'serial')] for one in spares], [[role, self.serial_of(role)] for role in planned]),
             f'{name}: wrapped for other spares')
        opened = [member(blob, 'serial') for blob in blobs]
        keys = [key for serial, key in zip(self.transport_serials, self.transport_keys) if serial in opened]
        keys += [member(one, 'publicKey') for one in spares]
        keys += [one['publicKey'] for one in self.p.get('backups', []) if one['id'] == name]
        need(sorted(map(jcs, trusted)) == sorted(map(jcs, keys)), f'{name}: other keys were trusted than those of its destinations')

    def need_recorded_replicas(self, brought):
        replicas = self.p.get('replicas', [])
        need(len(replicas) <= len(brought), 'the transcript has nothing of a replica')
        for one, (step, result) in zip(replicas, brought):
            self.need_place(step, one)
            told = {name: one[name] for name in ('serial', 'way', 'mechanism', 'digest')}
            read = {'ckaId': one['ckaId'], 'level': one['evidence'], 'attributes': one['attributes']}
            need(result is None or (fits(result, **told) and fits(member(result, 'evidence'), **read)), 'another replica')

    def need_recorded_recovery(self, asked, brought, ended):
        used = self.p.get('recovery')
        if used is None:
            return
        for _, result in asked:
            payload = parse(self.blob(used['request']), share_request_shape, 32768)['payload'] if 'request' in used else None
            need(result is None or payload and fits(result, digest=sha(jcs(payload)).hex(), recipient=payload['recipient']), 'something else was asked')
        for step, result in brought:
            one = used.get('restored')
            need(one, 'no root came of it')
            self.need_place(step, {'id': used['backup']['key'], **one})
            read = {'ckaId': one['ckaId'], 'level': one['evidence'], 'attributes': one['attributes']}
            need(result is None or fits(result, **{name: one[name] for name in ('serial', 'shares', 'mechanism', 'digest')})
                 and fits(member(result, 'evidence'), **read), 'another root came of it')
        for _, result in ended:
            need('zeroised' in used, 'nothing was zeroised')
            need(result is None or fits(result, serial=used['zeroised']['serial'], ckaId=used['backup']['ckaId'], absent=True), 'it is not zeroised')

    def need_recorded_deal(self, dealt):
        fhe = self.p['fhe']
        if fhe is None:
            return
        need(dealt, 'no step of the plan deals the key')
        result = dealt[0][1]
        if result is None:
            return
        files = [member(member(result, name), 'sha256') for name in ('public', 'publicKey', 'serverKey')]
        need(same([*files, member(result, 'keyId'), member(result, 'epochId')],
                  [fhe[name] for name in ('public', 'compactPublicKey', 'serverKey', 'keyId', 'epochId')]), 'another key was dealt')
        shares, held = member(result, 'shares'), []
        given = [[member(one, name) for name in ('index', 'holder', 'shareDigest', 'envelopeDigest')]
                 for one in (shares if isinstance(shares, list) else [])]
        for one in fhe['holders']:
            said = parse(self.blob(one['acknowledgement']), acknowledgement_shape, 32768)['payload']
            held.append([one['index'], one['name'], said['shareDigest'], one['envelope']])
        need(same(given, held), 'other shares were dealt')

    def need_recorded_epoch(self, assembled, declared):
        following = self.p['next']
        if following is None:
            return
        need(assembled and declared, 'no step of the plan assembles the next epoch, or declares it live')
        total, live = assembled[0][1], declared[0][1]
        corrections = [one['correction'] for one in following['redeals']]
        need(total is None or (fits(total, epochId=following['epochId'], epoch=following['epoch'], corrections=corrections)
                               and same(member(member(total, 'public'), 'sha256'), following['public'])), 'another epoch was assembled')
        document = parse(self.blob(following['live']), live_shape, 32768)
        need(live is None or fits(live, digest=sha(jcs(document['payload'])).hex(), signature=document['signatures'][0]),
             'another statement that the epoch is live')

    # trust

    def check_policy_missing(self):
        need(self.policy is not None, 'consistent, signers unknown')

    def officers(self):
        return [one['keys'] for one in self.policy['officers']], self.policy['officerQuorum']

    def check_policy_quorum(self):
        policy = self.policy
        own = self.need_sense(policy)
        sigs = self.policy_file['signatures']
        sigs = sigs if policy['version'] == 1 else [sig for sig in sigs if sig['signer'] in own]
        check_signatures('policy', policy['domain'], jcs(policy), sigs, [self.officers()])

    def need_sense(self, policy):
        """Whether a policy can mean anything; the identities of its officers."""
        for name, number in (('officers', 'officerQuorum'), ('approvers', 'approverThreshold'), ('witnesses', 'witnessQuorum')):
            need(policy[number] <= len(policy[name]), f'{number} cannot be reached')
        for name in ('officers', 'approvers', 'witnesses', 'requesters', 'evaluators', 'encryptors'):
            need(distinct(key for one in policy[name] for key in one['keys'].values()), 'two members of a set share a key')
            need(all(set(one['algorithms']) <= set(policy['algorithms']['signatures']) for one in policy[name]), 'an algorithm not listed')
        own = {identity(one['keys']) for one in policy['officers']}
        need(distinct(key for name in ('officers', 'witnesses') for one in policy[name] for key in one['keys'].values()), 'an officer is a witness')
        need((policy['version'] == 1) == (policy['previous'] is None), 'exactly the first version has no previous')
        need(policy['version'] > 1 or 'changes' not in policy, 'the first version follows none')
        for one in policy.get('changes', []):
            listed = {'officer': 'officers', 'approver': 'approvers', 'witness': 'witnesses'}[one['role']]
            need(any(member['card'] == one['card'] for member in policy[listed]) == (one['change'] == 'added'), 'a change that was not made')
        return own

    def check_next_policy(self):
        if 'nextPolicy' not in self.p:
            return 'the policy stays'
        file, before = parse(self.blob(self.p['nextPolicy']), policy_file_shape, 1 << 20), self.policy
        after, quorums = file['policy'], []
        self.need_sense(after)
        need(after['version'] == before['version'] + 1, 'another version does not follow')
        need(after['previous'] == sha(jcs(before)).hex(), 'names another previous version')
        need(after['domain'] == before['domain'] and after['organisation']['id'] == before['organisation']['id'], 'of another organisation or domain')
        if before['v'] == 3:
            need(after['v'] == 3 and all(after['oldest'][name] >= least for name, least in before['oldest'].items()), 'accepts an earlier version than before')
        if after['v'] != 1:
            cards = [{(role, one['card']) for role, listed in (('officer', 'officers'), ('approver', 'approvers'), ('witness', 'witnesses'))
                      for one in policy[listed]} for policy in (before, after)]
            moved = {(*one, 'added') for one in cards[1] - cards[0]} | {(*one, 'removed') for one in cards[0] - cards[1]}
            need({(one['role'], one['card'], one['change']) for one in after.get('changes', [])} == moved, 'not exactly who came and who left')
        everyone = {identity(one['keys']): one['keys'] for one in before['officers'] + after['officers']}
        check_signatures('policy', after['domain'], jcs(after), file['signatures'], [(list(everyone.values()), 0)])
        signers = {sig['signer'] for sig in file['signatures']}
        for policy in (before, after):
            need(sum(identity(one['keys']) in signers for one in policy['officers']) >= policy['officerQuorum'], 'too few have signed')
        need(self.p['domain'] == 'rehearsal' or self.plan['nextPolicy'] == sha(jcs(after)).hex(), 'another policy than the plan names')
        return f"version {after['version']}: {after['officerQuorum']} of {len(after['officers'])}"

    def check_policy_digest(self):
        need(sha(jcs(self.policy)).hex() == self.p['policyDigest'] == self.run['header']['policyDigest'], 'the ceremony ran under another policy')

    def check_domain(self):
        need(self.run['header']['domain'] == self.p['domain'], 'transcript and manifest are of different domains')
        need(self.policy is None or self.policy['domain'] == self.p['domain'], f"a {self.p['domain']} bundle")

    def check_policy_expiry(self):
        opened = self.checkpoints[0]['payload']['time']
        need(max(self.run['header']['created'], opened) <= self.policy['expiry'], 'the policy had expired')

    def check_policy_roster(self):
        for seat in self.run['header']['roster']:
            listed = {'officer': 'officers', 'witness': 'witnesses'}.get(seat['role'])
            need(not listed or any(one['card'] == seat['card'] for one in self.policy[listed]), f"{seat['name']} is not in the policy")
            # Who judges a run does nothing else in it, seated or not.
            for role, members in ('officer', self.policy['officers']), ('witness', self.policy['witnesses']):
                apart = seat['role'] != role and {seat['role'], role} not in JOINED
                keys = set(self.people[seat['card']]['keys'].values())
                need(not apart or all(not keys & set(one['keys'].values()) for one in members), f"{seat['name']} has a key of the {role}s")

    def check_tool(self):
        made_by = self.run['header']['tool']['build']
        need(not (self.p['domain'] == 'production' and made_by.startswith('dev:')), 'a checkout made a production bundle')
        need(made_by in self.policy['acceptedTools'], 'the build is not in the policy')

    def check_opening_quorum(self):
        check_signatures('opening', self.p['domain'], jcs(self.opening['payload']), self.opening['signatures'], [self.officers()])

    def check_lock(self):
        if self.p['domain'] == 'rehearsal':
            return need(self.p['lock'] is None, 'a rehearsal has a lock')
        need(self.p['lock'] is not None, 'the plan was not locked')
        lock = parse(self.blob(self.p['lock']), lock_shape, 262144)
        need(lock['planHash'] == self.p['planHash'] and lock['policyDigest'] == self.p['policyDigest'], 'of another plan or policy')
        approval = {'domain': 'production', **{name: lock[name] for name in ('planHash', 'rehearsalDigest', 'diffDigest')}}
        check_signatures('plan-approval', 'production', jcs(approval), lock['signatures'], [self.officers()])

    def check_cosignatures(self):
        witnesses, met = [one['keys'] for one in self.policy['witnesses']], set()
        for index, document in enumerate(self.checkpoints):
            wanted = self.policy['witnessQuorum'] if index == len(self.checkpoints) - 1 else 0
            groups = [([self.ceremony_keys()], 1), (witnesses, wanted)]
            check_signatures('checkpoint', self.p['domain'], jcs(document['payload']), document['signatures'], groups)
            if len(document['signatures']) - 1 >= self.policy['witnessQuorum']:
                met.add(self.run['made_at'].get(document['payload']['size']))
        steps = [step for part in self.plan['parts'] for step in part['steps'] if step['do'] != 'seal']
        live = {step['id'] for step in steps if step['do'] == 'checkpoint' or step['id'] in self.plan['checkpoints']['live']}
        need(live <= met, 'a checkpoint that the plan wants live lacks the quorum')

    def check_exception_signatures(self):
        for document in self.exceptions:
            check_signatures('exception', self.p['domain'], jcs(document['payload']), document['signatures'], [self.officers()])

    def check_manifest_signatures(self):
        groups = [([self.ceremony_keys()], 1), self.officers()]
        check_signatures('bundle', self.p['domain'], self.manifest['encoding'], self.manifest['signatures'], groups)

    def check_attestation_chains(self):
        pinned = {one['certificate']: one['format'] for one in self.policy.get('attestationRoots', [])}
        devices = {one['certificate']: one['device'] for one in self.policy.get('attestationRoots', []) if 'device' in one}
        for one, point in zip(self.p.get('attestations', []), self.attested):
            need(one['root'] in pinned, 'ATTESTATION-ROOT: the policy does not pin it')
            format_, serial = pinned[one['root']], self.evidence_of(one)['serial']
            token = self.run['header']['tokens'][self.opening['payload']['tokenSerials'].index(serial)]
            profile, device_ = token['profile'], devices.get(one['root'])
            measured = profile == 'measured' and device_ is not None and self.names_itself(token['role'], [(device_['maker'], device_['model'])])
            stands_in = self.policy['softTokens'] and (self.p['domain'] == 'rehearsal' or profile not in HARDWARE_PROFILES)
            need(format_ == profile or stands_in or measured, f'ATTESTATION-PROFILE: a root for {format_} does not speak for {profile}')
            spki = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d030107034200') + unbase64(point)
            verify_attestation(format_, self.blob(one['chain'], 1 << 18), self.blob(one['root'], 1 << 18), spki, serial,
                               self.run['header']['created'])

    def need_length(self, name, attributes, algorithm=None):
        algorithm = algorithm or next((node['algorithm'] for node in self.p['wrapTree'] if node['id'] == name), None)
        length = {'AES-128': 16, 'AES-256': 32}.get(algorithm)
        read = attributes.get('VALUE_LEN')
        same = isinstance(read, int) and not isinstance(read, bool) and read in (0, length)
        need(length is None or read is None or same, f'{name}: a key of another length')

    def need_readings(self):
        """Every read-back step of the plan has read its key; a redacted entry says that it was done, and no more."""
        for step in [step for part in self.plan['parts'] for step in part['steps'] if step['do'] == 'read-back']:
            need(step['id'] in self.run['performed'], f"{step['id']}: the transcript has no reading of {step['key']}")
            read = self.run['keys_read'].get(step['id'])
            if read is None and self.run['performed'][step['id']][1] is None:
                continue
            need(read is not None and read[0] == 'read-back', f"{step['id']}: what was done there did not read {step['key']} back")
            known = [one['ckaId'] for one in self.p['keyEvidence'] if one['id'] == step['key']]
            if self.p['domain'] == 'production':
                known += [key['existing']['ckaId'] for key in self.plan['keys'] if key['id'] == step['key'] and key.get('existing')]
            need(not known or read[1] == known[0], f"{step['id']}: another key than {step['key']} was read")

    def root_template(self, name):
        """A root leaves by a trusted window or never was extractable."""
        key = next((one for one in self.plan['keys'] if one['id'] == name), None)
        targets = key and ('spares' in key or 'backup' in key or any('transport' in one for one in self.plan['destinations']))
        way = key and (key.get('replication') or ('trusted-window' if targets else 'none'))
        opened = key is None or (way == 'trusted-window' and (self.p['transports'] or 'spares' in key or 'backup' in key))
        return ROOT if opened else BORN_CLOSED

    def check_evidence(self):
        wanted = [('ceremony', 'ceremony')] + [
            (node['id'], node['level']) for node in self.p['wrapTree']
            if node['root'] is None or node['root']['born'] == self.p['ceremonyId']]
        for name, level in wanted:
            found = [one for one in self.p['keyEvidence'] if (one['id'], one['level']) == (name, level)]
            need(len(found) == 1, f'{name}: expected one evidence record')
            proved = next((VOUCHED[one['by']] for one in self.p.get('attestations', []) if (one['id'], one['level']) == (name, level)), 'E1')
            need(found[0]['evidence'] <= proved, f'{name}: claims more evidence than was proved')
            need(proved == 'E1' or found[0]['evidence'] == proved, f'{name}: its attestation is of another level')
            need(found[0]['evidence'] >= self.policy['leastEvidence'][level], f'{name}: too little evidence')
            self.need_length(name, found[0]['attributes'])
            # What was read at an attestation is all that it shows of a closed root: its past is the making's.
            maker = next((step for step in self.steps_of('generate-key') if step['key'] == name), None)
            template = ROOT if level == 'root' and proved != 'E1' else self.root_template(name) if level == 'root' else \
                READ_AS['make-ceremony-key'] if level == 'ceremony' else self.wrapped_template(maker, found[0]['attributes'])
            need(reads_as(found[0]['attributes'], template), f'{name}: reads otherwise than it must')
        for one in self.p.get('replicas', []):
            self.need_length(one['id'], one['attributes'])
            need(reads_as(one['attributes'], REPLICA), 'a replica: reads otherwise than it must')
        need(all(one['evidence'] <= 'E1' for one in self.p.get('replicas', [])), 'a replica: claims more evidence than a bundle can prove')
        need(all(one['evidence'] >= self.policy['leastEvidence']['root'] for one in self.p.get('replicas', [])), 'a replica: too little evidence')
        restored = self.p.get('recovery', {}).get('restored')
        if restored:
            self.need_length('the restored root', restored['attributes'], 'AES-256')
            need(reads_as(restored['attributes'], REPLICA), 'the restored root: reads otherwise than it must')
            need(self.policy['leastEvidence']['root'] <= restored['evidence'] <= 'E1', 'the restored root: more evidence than was proved, or too little')
        self.need_readings()
        for step, (effect, _, attributes) in self.run['keys_read'].items():
            place = next((one for part in self.plan['parts'] for one in part['steps'] if one['id'] == step), None)
            made = place and place['key']
            need(effect in READ_AS, f'{step}: {effect} reads a key, and nothing says what it must read as')
            template = self.root_template(made) if effect == 'generate-root' else \
                self.wrapped_template(place, attributes) if effect == 'generate-key' else READ_AS[effect]
            need(effect == 'attest' or reads_as(attributes, template), f'{step}: a key reads otherwise than it must')
        need(len(self.p['keyEvidence']) == len(wanted), 'evidence for a key that the tree does not have')

    def check_token_soft(self):
        soft = any(self.is_program(token) for token in self.run['header']['tokens'])
        need(not soft or self.policy['softTokens'], 'a software token was used')

    def check_algorithms(self):
        used = {node['algorithm'] for node in self.p['wrapTree']} | ({self.p['fhe']['type']} if self.p['fhe'] else set())
        need(used <= set(self.policy['algorithms']['keys']), 'an algorithm is not in the policy')

    def check_audience(self):
        audiences = [one['audience'] for one in self.addresses()]
        need(distinct(audiences) and (self.p['audience'] is not None or not audiences), 'a server is named twice, or none before the others')
        need(self.audience is None or self.audience in audiences,
             'the bundle is for another server' if audiences else 'the bundle is for no server')
        for audience in [] if self.policy is None else audiences:
            listed = [one for one in self.policy['audiences'] if one['audience'] == audience]
            need(listed, 'the server is not in the policy')
            card = self.servers.get(audience)
            need(card is None or card['receiptKey'] == listed[0]['receiptKey'], 'another receipt key')

    def check_sequence(self):
        number, p = int(self.p['sequence']), self.p
        if p['audience'] is None:
            return need(number == 0, 'a bundle for no server has sequence 0')
        for one in self.addresses():
            number = int(one['sequence'])
            need(one['previous'] is not None or number == 1 + len(one['supersedes']), 'without a previous bundle')
            need(number > 0, 'sequence is 0')

    def check_previous(self):
        p = self.p
        if p['audience'] is None:
            return need(p['previous'] is None and not p['supersedes'], 'a bundle for no server follows none')
        for one in self.addresses():
            need(distinct([one['previous'], *one['supersedes']]), 'a superseded bundle is named twice')

    def check_zip_crc(self):
        need(not self.crc_faults, f'{self.crc_faults[:1]}: the CRC is another')


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.000Z')


class WrongUse(Exception):
    """An argument that names no file, or the wrong one: (code, detail)."""


def opened(path):
    """A file for reading. A pipe or a device is refused, not waited for."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise WrongUse('FILE-WRONG-KIND', f'{path} is a folder, a pipe or a device')
    return open(path, 'rb')


def audience_of(text_):
    """A server's digest as it is given, or that of the card in a file."""
    if re.fullmatch('[0-9a-f]{64}', text_):
        return text_
    with opened(text_) as file:
        data = file.read(32769)
    try:
        parse(data, server_shape, 32768)
    except FAULTS as fault:
        raise WrongUse('SERVER-CARD-MALFORMED', f'{text_}: {said_of(fault)}') from None
    return sha(data).hex()


def examine(options):
    """The verdict; where there is none, the code of why, and the exit code."""
    try:
        policy = None
        if options.policy is not None:
            with opened(options.policy) as file:
                policy = parse(file.read((1 << 20) + 1), policy_file_shape, 1 << 20)
        audience = None if options.audience is None else audience_of(options.audience)
        with opened(options.bundle) as file:
            result = Verifier(file, policy, audience).verify()
        return result, 0 if result['verdict'] == 'accepted' else 1
    except WrongUse as fault:
        code, detail, exit_ = *fault.args, 2
    except (FileNotFoundError, NotADirectoryError) as fault:
        code, detail, exit_ = 'FILE-MISSING', str(fault), 2
    except IsADirectoryError as fault:
        code, detail, exit_ = 'FILE-WRONG-KIND', str(fault), 2
    except PermissionError as fault:
        code, detail, exit_ = 'FILE-UNREADABLE', str(fault), 1
    except OSError as fault:
        code, detail, exit_ = 'INTERNAL', str(fault), 3
    except FAULTS as fault:
        code, detail, exit_ = 'POLICY-MALFORMED', said_of(fault), 1
    return {'verdict': 'refused', 'failed': [code], 'checks': [{'id': code, 'ok': False, 'detail': detail}]}, exit_


# What no file can show, in the order in which people read it.
UNPROVED = {
    'anything': 'Anything at all: the file could not be read as a bundle.',
    'signers': 'Who signed: you gave no policy.',
    'rehearsal': 'That any key here counts: it is a rehearsal.',
    'hardware': 'That a token is genuine hardware, unless its maker attests it. Without that, it rests on the workstation’s word.',
    'room': 'That the room was as the witnesses say.',
    'clock': 'That the clock on the wall was right.',
    'shares': 'That the holders still have their shares today.',
    'signed-here': 'What these people saw before they signed: the workstation itself showed it, and nothing else did. {}',
    'signed-before': 'What officers saw before they signed the policy and approved the plan: that was before the run, and no file says '
                     'where they read it.',
}


def unproved_of(result):
    if result.get('digest') is None:
        return ['anything']
    ids = ['hardware', 'room', 'clock', 'signed-before']
    if result['signedHere']:
        ids.append('signed-here')
    if result['hasThresholdKey']:
        ids.append('shares')
    if result['domain'] == 'rehearsal':
        ids.append('rehearsal')
    if result['verdict'] == 'signers-unknown':
        ids.append('signers')
    return sorted(ids, key=list(UNPROVED).index)


# What no verifier of one bundle can know, whatever its verdict.
UNKNOWN = [
    'Whether this policy is the right one. Compare its words with the sheet that each officer signed by hand.',
    'Whether a later policy, bundle or revocation took the place of these. Ask the officers for the newest.',
    'What came after the bundle was sealed: its export, its receipt, and whether the ceremony key was destroyed.',
    'Whether this file, its table of characters and this Python are as they were published. Compare their digests.',
]


def key_line(key):
    told = [key['algorithm'], key['evidence'], key['ckaId'] and f"CKA_ID {key['ckaId']}", key['serial'] and f"token {key['serial']}",
            key['under'] and f"wrapped under {key['under']}"]
    return f"key     {key['id']} ({key['level']}): {', '.join(one for one in told if one)}"


def main(arguments):
    parser = argparse.ArgumentParser(prog='verify.py', description='Verify a Lux Custody bundle.', allow_abbrev=False)
    parser.add_argument('bundle')
    parser.add_argument('--policy', metavar='FILE', help='the policy that you took by hand; without it nothing is accepted')
    parser.add_argument('--audience', metavar='WHO', help='the server that shall import it: its card.json, or the digest of that card')
    parser.add_argument('--json', action='store_true', help='one JSON document instead of text')
    options = parser.parse_args(arguments)
    # A name that the terminal cannot show ends no verdict.
    sys.stdout.reconfigure(errors='backslashreplace')
    result, exit_ = examine(options)
    if options.json:
        print(json.dumps(result))
        return exit_
    for check in sorted(result['checks'], key=lambda one: [True, None, False].index(one['ok'])):
        state = {True: 'ok', False: 'REFUSED', None: '-'}[check['ok']]
        print(f"{state:8}{check['id']:22}{check['detail']}")
    for name, digest in [('policy', result.get('policyDigest')), ('digest', result.get('digest'))]:
        if digest is not None:
            print(f'{name}  {digest}', *words_of(digest), sep='\n')
    about = result.get('run')
    if about:
        print(f"run     {about['domain']}, begun {about['begun']}, {about['entries']} entries, ceremony {about['ceremony']}")
    for one in result.get('signed', []):
        print(f"signed  {one['name']} ({one['role']}): {', '.join(one['what']) or 'none of policy, plan, opening, checkpoints, decisions, bundle'}")
    for one in result.get('recorded', []):
        print(f"record  {ascii(one['name'])[1:-1] if not one['name'].isprintable() else one['name']}: {one['what']}" + (f", {one['times']} times" if one['times'] > 1 else ''))
    for key in result.get('keys', []):
        print(key_line(key))
    if result.get('policyEnded'):
        print(f"note    policy: ended {result['policyEnded']}; nothing new may begin under it")
    for note in result.get('notes', []):
        print(f"note    {note['id']}: {', '.join([note['state'].replace('-', ' '), *note['values']])}")
    for one in unproved_of(result):
        print('not proved:', UNPROVED[one].format(', '.join(result.get('signedHere', []))))
    for one in UNKNOWN:
        print('not known:', one)
    rehearsal = ' (a rehearsal: nothing in it is for use)' if result.get('domain') == 'rehearsal' else ''
    print({'accepted': f'accepted{rehearsal}', 'refused': f"refused by {', '.join(result['failed'])}",
           'signers-unknown': 'consistent, signers unknown: POLICY-MISSING (give --policy)'}[result['verdict']])
    return exit_


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
