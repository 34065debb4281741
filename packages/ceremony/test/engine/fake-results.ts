import {
  deterministicEntropy,
  encodeCanonical,
  fromBase64,
  generateIdentity,
  type Json,
  sha256,
  sha256Hex,
  signWith,
  utf8,
} from '@lux/crypto'
import {
  type EffectOf,
  isWindow,
  type OwnEffect,
  possessionChallenge,
  type Template,
  templates,
} from '../../src/exports/engine.ts'
import { namesOf, tokenNeeds } from '../../src/exports/plan.ts'
import type { FakeCore } from './fake-core.ts'
import { checkpointBytes, signedBytes } from './fake-papers.ts'

const hash = (text: string) => sha256Hex(utf8(text))
const ceremonyIdentity = generateIdentity(deterministicEntropy(sha256(utf8('ceremony key'))), [
  'p256',
  'mlDsa65',
])
const ceremonySignature = signWith(ceremonyIdentity, 'lux-custody/test/v1/rehearsal', utf8('anything'))

/** The pair that a spare makes for a window, which lies in its token until the root is unwrapped. */
function spareOf({ ckaId }: EffectOf<'generate-root'>, { token, serial }: { token: string; serial: string }) {
  const transport = sha256Hex(utf8(`${ckaId} ${token}`)).slice(0, 32)
  return {
    token,
    serial,
    transport,
    publicKey: hash(`transport of ${serial}`),
    wrapped: hash(`${ckaId} for ${token}`),
  }
}

function someBackup({ backup, key, mechanism, ceremonyId, rootId }: EffectOf<'generate-root'>): Json {
  const challenge = possessionChallenge(ceremonyId, rootId)
  return {
    set: '5e'.repeat(16),
    identifier: 4711,
    publicKey: hash('backup pair'),
    wrapped: hash('root wrapped to the backup'),
    medium: hash('sealed medium'),
    possession: { mechanism, digest: hash(`possession ${key.id} ${challenge}`) },
    shares: (backup?.custodians ?? []).map(({ index, name }) => ({
      index,
      name,
      share: hash(`share of ${name}`),
      envelope: hash(`envelope of ${name}`),
    })),
  }
}

/** What an effect answers, and does to the token in memory. */
export function resultOf(core: FakeCore, effect: OwnEffect): Json {
  if ('serial' in effect && !['initialise-token', 'log-in'].includes(effect.kind) && !core.loggedIn)
    throw new Error(`${effect.kind} without a log-in`)
  switch (effect.kind) {
    case 'measure-machine':
      return {
        tool: core.plan.tool,
        kernel: 'Linux 6.1',
        library: hash('library'),
        tpmQuote: 'none',
        files: hash('files'),
      }
    case 'initialise-token':
      core.disk.initialised = true
      return {
        serial: 'feedbeef',
        label: effect.label,
        model: 'SoftHSM v2',
        firmware: '2.6',
        ...(core.plan.v === 1 ? {} : { marksTrusted: true }),
      }
    case 'log-in':
      core.loggedIn = true
      return { serial: effect.serial, pinState: 'ok' }
    case 'probe-token':
      return {
        serial: effect.serial,
        passed: true,
        attacks: [{ name: 'wrap-then-decrypt', hardened: 'held', default: 'broke' }],
        wrapMechanism: 'KWP-RFC5649',
        level: 'E1',
        ...(core.plan.v === 1 ? {} : { measured: [...tokenNeeds] }),
      }
    case 'inventory': {
      const objects =
        effect.token === 'ceremony' ? [...core.disk.token] : (core.disk.others[effect.serial] ?? [])
      return { serial: effect.serial, objects, unreadable: 0, digest: sha256Hex(encodeCanonical(objects)) }
    }
    case 'make-ceremony-key':
      make(core, effect.ckaId, 'private', 'ceremony')
      make(core, effect.sealCkaId, 'secret', 'seal')
      return {
        keys: ceremonyIdentity.keys,
        evidence: evidence(effect.ckaId, templates.ceremonyKey),
        mlDsaSealed: hash('seed'),
      }
    case 'sign-opening':
      return { digest: sha256Hex(signedBytes(core, 'opening')), signature: ceremonySignature }
    case 'make-checkpoint':
      return {
        size: effect.size,
        node: hash(`node ${effect.size}`),
        root: hash(`root ${effect.size}`),
        digest: sha256Hex(checkpointBytes(effect.size)),
        signature: ceremonySignature,
      }
    case 'generate-root':
      make(core, effect.ckaId, 'secret', effect.key.id)
      return {
        evidence: evidence(effect.ckaId, isWindow(effect) ? templates.root : templates.bornClosed),
        mechanism: effect.mechanism,
        blobs: effect.destinations.map(({ serial }) => ({
          serial,
          wrapped: hash(`${serial} ${effect.ckaId}`),
          sealed: hash(`sealed ${serial}`),
        })),
        trusted: [
          ...effect.destinations.map(({ transportKey }) => sha256Hex(fromBase64(transportKey))),
          ...effect.spares.map(({ serial }) => hash(`transport of ${serial}`)),
          ...(effect.backup === null ? [] : [hash('backup pair')]),
        ],
        ...(effect.backup === null ? {} : { backup: someBackup(effect) }),
        ...(effect.spares.length === 0
          ? {}
          : { spares: effect.spares.map(({ token, serial }) => spareOf(effect, { token, serial })) }),
      }
    case 'read-back':
      return { evidence: evidence(effect.ckaId, templates.root) }
    case 'generate-key':
      core.disk.generated.push(effect.key.id)
      return {
        evidence: evidence(
          effect.ckaId,
          effect.key.algorithm.startsWith('AES-') ? templates.wrappedSecret : templates.wrappedOnce,
        ),
        mechanism: effect.mechanism,
        wrapped: hash(`${effect.key.id} ${effect.ckaId}`),
      }
    case 'prove-possession':
      return {
        mechanism: effect.mechanism,
        digest: hash(`possession ${effect.key.id} ${effect.challenge}`),
      }
    case 'prove-replica':
      if ((effect.way === 'trusted-window') !== (effect.transport !== null))
        throw new Error(`${effect.token}: a window’s spare has a transport pair, and nobody else`)
      core.disk.others[effect.serial] = [{ ckaId: effect.ckaId, class: 'secret', label: effect.key.id }]
      return {
        serial: effect.serial,
        way: effect.way,
        procedure: ['clone it'],
        evidence: evidence(effect.ckaId, templates.replica),
        mechanism: effect.mechanism,
        digest: hash(`possession ${effect.key.id} ${effect.challenge}`),
        objects: core.disk.others[effect.serial] ?? [],
        unreadable: 0,
      }
    case 'attest': {
      const vendor = effect.by === 'vendor'
      const template = effect.level === 'ceremony' ? templates.ceremonyKey : templates.bornClosed
      const attributes = effect.recorded?.attributes ?? template
      return {
        by: effect.by,
        root: effect.attestation.root,
        chain: vendor ? hash('vendor chain') : (effect.attestation.companion?.chain ?? ''),
        statement: vendor ? null : { document: hash(`statement ${effect.id}`), size: effect.size },
        evidence: { ...evidence(effect.ckaId, attributes), level: vendor ? 'E3' : 'E2' },
      }
    }
    case 'fhe-deal':
      core.disk.generated.push(effect.fhe.id)
      return {
        keyId: hash('fhe key'),
        epochId: hash('epoch'),
        public: { sha256: hash('pub'), size: 16384 },
        publicKey: { sha256: hash('pk'), size: 1 },
        serverKey: null,
        ...(effect.fhe.proofBits === undefined ? {} : { crs: { sha256: hash('crs'), size: 1 } }),
        shares: effect.holders.map(({ index, name }) => ({
          holder: name,
          index,
          shareDigest: hash(`share ${index} ${effect.attempt}`),
          envelopeDigest: hash(`envelope ${index} ${effect.attempt}`),
        })),
      }
    case 'assemble-epoch':
      return {
        epochId: hash(`epoch ${effect.old.epoch + 1}`),
        epoch: effect.old.epoch + 1,
        public: { sha256: hash('next pub'), size: 16384 },
        commitments: hash('next commitments'),
        corrections: effect.dealers.map(({ correction }) => correction),
      }
    case 'ask-shares':
      return {
        digest: hash('share request'),
        recipient: `age1pq1${'q'.repeat(60)}`,
        signature: ceremonySignature,
      }
    case 'restore-root': {
      const root = { ckaId: effect.ckaId, class: 'secret', label: effect.backup.key }
      core.disk.others[effect.serial] = [...(core.disk.others[effect.serial] ?? []), root]
      return {
        serial: effect.serial,
        shares: effect.releases.map(({ index }) => index),
        evidence: evidence(effect.ckaId, templates.replica),
        mechanism: effect.backup.mechanism,
        digest: effect.backup.possession,
        objects: core.disk.others[effect.serial] ?? [],
        unreadable: 0,
      }
    }
    case 'zeroise-root': {
      const { serial, ckaId: gone, proof } = effect
      const held = effect.token === 'ceremony' ? core.disk.token : (core.disk.others[serial] ?? [])
      const left = held.filter(({ ckaId }) => ckaId !== gone)
      if (effect.token === 'ceremony') core.disk.token = left
      else core.disk.others[serial] = left
      const given = proof === null ? {} : { mechanism: proof.mechanism, digest: proof.digest }
      return { serial, ckaId: gone, absent: true, ...given, objects: [...left], unreadable: 0 }
    }
    case 'read-policy': {
      // The last officer leaves; whoever comes in that place has signed beforehand.
      const staying = namesOf(core.plan, 'officer').slice(0, -1)
      const policy = sha256Hex(signedBytes(core, 'policy'))
      return { policy, version: 2, quorum: 2, staying, ahead: ['Newcomer'] }
    }
    case 'check-medium':
      return { medium: effect.medium }
    case 'ask-heartbeats':
      return { challenge: effect.challenge }
    case 'sign-epoch-live':
      return { digest: hash(`live ${effect.epochId}`), signature: ceremonySignature }
    case 'build-bundle':
      return { digest: hash('bundle'), subject: sha256Hex(signedBytes(core, 'bundle')), size: 4096 }
    case 'sign-bundle':
      return { digest: effect.digest, signature: ceremonySignature }
    case 'write-bundle':
      return { digest: effect.digest, sha256: hash('bundle.zip'), size: 123456 }
    case 'write-medium':
      return { medium: 'USB stick 7', sha256: effect.sha256, readBack: effect.sha256 }
    case 'close-out':
      return { digest: hash('closeout'), signature: ceremonySignature }
    case 'destroy-ceremony-key':
      core.disk.token = core.disk.token.filter(
        ({ ckaId }) => ckaId !== effect.ckaId && ckaId !== effect.sealCkaId,
      )
      return { ckaId: effect.ckaId, absent: true }
  }
}

function make(core: FakeCore, ckaId: string, kind: string, label: string): void {
  if (!/^[0-9a-f]{32}$/.test(ckaId)) throw new Error(`no CKA_ID for ${label}`)
  core.disk.generated.push(label)
  core.disk.token.push({ ckaId, class: kind, label })
}

function evidence(ckaId: string, template: Template | Record<string, boolean | number | string>) {
  const attributes = Object.fromEntries(
    Object.entries(template).map(([name, value]) => [
      name,
      value instanceof RegExp ? 'CKM_AES_KEY_WRAP_PAD' : value,
    ]),
  )
  return { ckaId, label: 'label', level: 'E1', attributes }
}
