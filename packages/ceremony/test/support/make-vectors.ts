import {
  encodeCanonical,
  fromUtf8,
  identityId,
  type Json,
  parseCanonical,
  sha256Hex,
  signedMessage,
  toHex,
  utf8,
} from '@lux/crypto'
import { possessionChallengeOf, preAuthentication } from '../../src/exports/bundle.ts'
import {
  type ApprovalOverride,
  approvalOverrideCodec,
  type Card,
  type CardRenewal,
  cardCodec,
  cardRenewalCodec,
  decryptionRequestCodec,
  digestOfBatch,
  type Hearing,
  hearingCodec,
  heartbeatCodec,
  type KeyStatement,
  keyStatementCodec,
  provenanceCodec,
  renewCard,
  requestDigest,
  requestPackageCodec,
  serverCardCodec,
  signatureContext,
} from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { encodePolicyFile, policyDigest, policyDocument } from '../../src/exports/policy.ts'
import {
  type Checkpoint,
  checkpointCodec,
  encodeEntryLine,
  encodeHeaderLine,
  factHash,
  leafHash,
  redact,
  Transcript,
} from '../../src/exports/transcript.ts'
import { makePerson, sampleRecipient } from './people.ts'
import { sampleCompanion } from './sample-attestation.ts'
import { sampleBundle } from './sample-bundle.ts'
import { planBytes, samplePlan } from './sample-plan.ts'
import { batchRequest } from './sample-request.ts'
import { asked, custodianCard, formatsOf, sampleHeartbeat, wholeOf } from './version2.ts'

/** Known answers by file name, all from fixed seeds; the files hold them as indented JSON. */
export async function makeVectors(): Promise<{
  json: Record<string, Json>
  bundle: Uint8Array
  policy: Uint8Array
}> {
  const sample = await sampleBundle({ fhe: true, life: true })
  const { header, entries, ceremony, server } = sample
  const transcript = new Transcript(header)
  for (const entry of entries) transcript.append(entry)
  const checkpoint: Checkpoint = {
    ceremonyId: header.ceremonyId,
    ...transcript.headAt(5),
    planHash: header.planHash,
    opening: '00'.repeat(32),
    previous: null,
    time: '2026-01-15T10:00:00.000Z',
  }
  const context = signatureContext('checkpoint', 'production')
  const signedBytes = checkpointCodec.signedBytes(checkpoint)
  const companion = sampleCompanion('production')
  const statement: KeyStatement = {
    v: 1,
    kind: 'key-statement',
    domain: 'production',
    ceremonyId: header.ceremonyId,
    planHash: header.planHash,
    stepId: 'attest-ceremony-key',
    key: 'ceremony',
    level: 'ceremony',
    serial: '20783176',
    ckaId: 'c1'.repeat(16),
    identity: identityId(ceremony.keys),
    attributes: { EXTRACTABLE: false, KEY_TYPE: 3, LABEL: 'ceremony-key', SENSITIVE: true },
    companion: { ckaId: '0024', keys: { p256: companion.keys.p256 ?? '' } },
    head: transcript.headAt(9),
  }
  const officer = makePerson('officer', 'Ada', 'production')
  const { policy, signatures } = sample.policy
  const holder = makePerson('holder', 'Hana', 'production')
  const renewed = renewCard(holder.identity, holder.card, sampleRecipient('Hana next'), 1)
  const { renews, ...bare } = renewed
  const renewal: CardRenewal = {
    v: 1,
    kind: 'card-renewal',
    domain: 'production',
    card: renews?.card ?? '',
    renewed: cardCodec.digest(bare),
  }
  const override: ApprovalOverride = {
    v: 1,
    kind: 'approval-override',
    domain: 'production',
    audience: 'a0'.repeat(32),
    policy: policyDigest(policy),
    organisation: '0190a3d4-8b1e-4c7a-9d52-3f60b1c2d4e5',
    request: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    asker: 'b2f7c1de-4a53-4e9f-8c60-71d2e3f4a5b6',
    operation: 'role.take',
    asked: 'ends user in organisation 0190a3d4-8b1e-4c7a-9d52-3f60b1c2d4e5 of identity "ada"',
    until: '2026-12-09T09:00:00.000Z',
  }
  const root = { rootId: '70'.repeat(16), born: header.ceremonyId }
  const json: Record<string, Json> = {
    'transcript.json': {
      headerLine: fromUtf8(encodeHeaderLine(header)),
      node0: transcript.headAt(0).node,
      entries: entries.map((entry, index) => ({
        line: fromUtf8(encodeEntryLine(entry)),
        redactedLine: fromUtf8(encodeEntryLine(redact(entry))),
        factHash: toHex(factHash(entry.salt, entry.fact)),
        leaf: toHex(leafHash(entry)),
        ...transcript.headAt(index + 1),
      })),
      consistency5to12: transcript.consistency(5, 12),
      inclusion4of12: transcript.inclusion(4, 12),
    },
    'checkpoint.json': {
      payload: checkpoint,
      signedBytes: fromUtf8(signedBytes),
      digest: sha256Hex(signedBytes),
      context,
      message: toHex(signedMessage(context, signedBytes)),
      ceremonyKeys: { ...ceremony.keys },
      signer: identityId(ceremony.keys),
      signature: { ...checkpointCodec.sign(ceremony, checkpoint, 'production') },
    },
    'policy.json': {
      digest: policyDigest(policy),
      signedBytesDigest: sha256Hex(policyDocument.signedBytes(policy)),
      context: signatureContext('policy', 'production'),
      signers: signatures.map(({ signer }) => signer),
      card: { ...officer.card, keys: { ...officer.card.keys } },
      cardDigest: cardCodec.digest(officer.card),
      identity: identityId(officer.card.keys),
      audience: serverCardCodec.digest(server.card),
    },
    'key-statement.json': {
      payload: { ...statement, companion: { ...statement.companion }, head: { ...statement.head } },
      signedBytes: fromUtf8(keyStatementCodec.signedBytes(statement)),
      digest: keyStatementCodec.payload.digest(statement),
      message: toHex(
        signedMessage(
          signatureContext('key-statement', 'production'),
          keyStatementCodec.signedBytes(statement),
        ),
      ),
      signature: { ...keyStatementCodec.sign(companion, statement, 'production') },
    },
    'card-renewal.json': {
      before: asJson(holder.card),
      payload: { ...renewal },
      signedBytes: fromUtf8(cardRenewalCodec.signedBytes(renewal)),
      message: toHex(
        signedMessage(signatureContext('card-renewal', 'production'), cardRenewalCodec.signedBytes(renewal)),
      ),
      card: asJson(renewed),
      digest: cardCodec.digest(renewed),
    },
    'approval-override.json': {
      payload: { ...override },
      signedBytes: fromUtf8(approvalOverrideCodec.signedBytes(override)),
      digest: approvalOverrideCodec.payload.digest(override),
      message: toHex(
        signedMessage(
          signatureContext('approval-override', 'production'),
          approvalOverrideCodec.signedBytes(override),
        ),
      ),
      signature: { ...approvalOverrideCodec.sign(officer.identity, override, 'production') },
    },
    'possession.json': { ...root, challenge: possessionChallengeOf(root) },
    'bundle.json': {
      note: 'history/0.1.0/bundle.zip with history/0.1.0/policy.json',
      sha256: sha256Hex(sample.bytes),
      size: sample.bytes.length,
      bundleDigest: sample.digest,
      preAuthentication: toHex(preAuthentication(utf8('{}'))),
      predicateDigest: sha256Hex(encodeCanonical(sample.predicate)),
      verdict: 'accepted',
    },
  }
  json['batches.json'] = makeBatches()
  json['version2.json'] = await makeVersion2()
  json['version3.json'] = await makeVersion3()
  return { json, bundle: sample.bytes, policy: encodePolicyFile(sample.policy) }
}

/** A provenance and a request of version 2, as bytes and digest, the message under each signature, and the package. */
function makeBatches(): Json {
  const digests = ['1', '2', '3'].map((digit) => digit.repeat(64))
  const given = batchRequest([digests])
  const [vouched] = given.provenance
  if (vouched === undefined) throw new Error('no provenance')
  const { payload } = given.request
  const message = (what: 'provenance' | 'decryption-request' | 'decryption-approval', bytes: Uint8Array) =>
    toHex(signedMessage(signatureContext(what, 'production'), bytes))
  const bytes = decryptionRequestCodec.signedBytes(payload)
  const said = provenanceCodec.signedBytes(vouched.payload)
  return {
    batch: { digests, digest: digestOfBatch(digests) },
    provenance: {
      canonical: fromUtf8(said),
      digest: provenanceCodec.payload.digest(vouched.payload),
      message: message('provenance', said),
    },
    request: {
      canonical: fromUtf8(bytes),
      digest: requestDigest(payload),
      message: message('decryption-request', bytes),
      approval: message('decryption-approval', bytes),
    },
    package: sha256Hex(requestPackageCodec.encode(given)),
  }
}

/** Each format of version 2 with everything that it adds, as its bytes and their digest; and a whole bundle of it. */
async function makeVersion2(): Promise<Json> {
  const sample = await sampleBundle({ fhe: true, version: 2 })
  const written = (value: Json) => ({
    canonical: fromUtf8(encodeCanonical(value)),
    digest: sha256Hex(encodeCanonical(value)),
  })
  const formats = formatsOf(sample).map((format) => [format.name, written(wholeOf(format))] as const)
  const plan = planBytes(
    asked(samplePlan({ version: 2 }, [], { policy: sample.header.policyDigest, destinations: [] })),
  )
  const message = heartbeatCodec.signedBytes(sampleHeartbeat)
  return {
    ...Object.fromEntries(formats),
    custodianCard: written(custodianCard()),
    plan: { text: fromUtf8(plan), hash: sha256Hex(plan) },
    heartbeat: {
      ...written({ ...sampleHeartbeat }),
      message: toHex(signedMessage(signatureContext('heartbeat', 'production'), message)),
      signature: {
        ...heartbeatCodec.sign(
          makePerson('holder', 'Hana', 'production').identity,
          sampleHeartbeat,
          'production',
        ),
      },
    },
    bundle: {
      size: sample.bytes.length,
      sha256: sha256Hex(sample.bytes),
      bundleDigest: sample.digest,
      verdict: 'accepted',
    },
  }
}

/** As of version 2; and a hearing. */
async function makeVersion3(): Promise<Json> {
  const sample = await sampleBundle({ fhe: true, version: 3 })
  const written = (value: Json) => ({
    canonical: fromUtf8(encodeCanonical(value)),
    digest: sha256Hex(encodeCanonical(value)),
  })
  const formats = formatsOf(sample).map((format) => [format.name, written(wholeOf(format, 3))] as const)
  const asks: Plan = {
    ...asked(samplePlan({ version: 3 }, [], { policy: sample.header.policyDigest, destinations: [] })),
    v: 3,
    image: sha256Hex(utf8('image')),
  }
  Object.assign(asks.tokens[0] ?? {}, {
    shim: sha256Hex(utf8('shim')),
    device: { maker: 'Example', model: 'HSM 3000' },
  })
  const plan = planBytes(asks)
  const hearing: Hearing = {
    v: 1,
    kind: 'hearing',
    domain: 'production',
    ceremonyId: sample.header.ceremonyId,
    stepId: 'seal',
    what: 'plan',
    digest: sample.header.planHash,
    name: 'Wim',
  }
  const message = hearingCodec.signedBytes(hearing)
  return {
    ...Object.fromEntries(formats),
    plan: { text: fromUtf8(plan), hash: sha256Hex(plan) },
    hearing: {
      ...written({ ...hearing }),
      message: toHex(signedMessage(signatureContext('hearing', 'production'), message)),
      signature: {
        ...hearingCodec.sign(makePerson('witness', 'Wim', 'production').identity, hearing, 'production'),
      },
    },
    bundle: {
      size: sample.bytes.length,
      sha256: sha256Hex(sample.bytes),
      bundleDigest: sample.digest,
      verdict: 'accepted',
    },
  }
}

/** A card is JSON by its codec. */
function asJson(card: Card): Json {
  return parseCanonical(cardCodec.encode(card), { maxBytes: 32_768 })
}
