import {
  ecSpkiFromSec1,
  fromBase64,
  generateIdentity,
  identityId,
  type SigningIdentity,
  sha256Hex,
} from '@lux/crypto'
import type { Predicate } from '../../src/exports/bundle.ts'
import { type KeyStatement, keyStatementCodec } from '../../src/exports/documents.ts'
import type { TokenAttestation } from '../../src/exports/plan.ts'
import type { FullEntry, Head, Header } from '../../src/exports/transcript.ts'
import { entropyOf } from './people.ts'
import { sampleEvidence } from './sample-keys.ts'
import type { Alterations, SampleVendor } from './sample-options.ts'

type Attestation = NonNullable<Predicate['attestations']>[number]

export const companionCkaId = '0c'.repeat(16)

const spkiOf = ({ keys }: { keys: { p256?: string } }) => ecSpkiFromSec1('P-256', fromBase64(keys.p256 ?? ''))

export function sampleCompanion(domain: string): SigningIdentity {
  return generateIdentity(entropyOf(`${domain}/companion`), ['p256'])
}

/** What the plan says of the token. */
export function plannedAttestation(vendor: SampleVendor, domain: string): TokenAttestation {
  const chain = sha256Hex(vendor.attest(spkiOf(sampleCompanion(domain))))
  return { root: sha256Hex(vendor.root), companion: { ckaId: companionCkaId, chain } }
}

/** Attests ceremony key and root as their entries are made. */
export class SampleAttestations {
  readonly made: Attestation[] = []
  readonly #of: { vendor: SampleVendor; header: Header; ceremony: SigningIdentity; possession: string }
  readonly #alter: Alterations
  readonly #put: (bytes: Uint8Array) => string

  constructor(
    of: { vendor: SampleVendor; header: Header; ceremony: SigningIdentity; possession: string },
    alter: Alterations,
    put: (bytes: Uint8Array) => string,
  ) {
    this.#of = of
    this.#alter = alter
    this.#put = put
  }

  /** Fact of the entry after `head`. */
  attest(stepId: string, head: Head): FullEntry['fact'] {
    const { vendor, header, ceremony, possession } = this.#of
    const id = stepId === 'attest-root' ? 'root' : 'ceremony'
    const by = id === 'ceremony' ? (vendor.ceremony ?? 'companion') : 'companion'
    const companion = sampleCompanion(header.domain)
    const root = this.#put(vendor.root)
    const chain = this.#put(vendor.attest(spkiOf(by === 'vendor' ? ceremony : companion)))
    const evidence = sampleEvidence(id, id)
    let statement: Attestation['statement'] = null
    if (by === 'companion') {
      const plain: KeyStatement = {
        v: 1,
        kind: 'key-statement',
        domain: header.domain,
        ceremonyId: header.ceremonyId,
        planHash: header.planHash,
        stepId,
        key: id,
        level: id,
        serial: evidence.serial,
        ckaId: evidence.ckaId,
        identity: id === 'root' ? possession : identityId(ceremony.keys),
        attributes: evidence.attributes,
        companion: { ckaId: companionCkaId, keys: { p256: companion.keys.p256 ?? '' } },
        head,
      }
      const payload = this.#alter.statement?.(plain) ?? plain
      const signer = this.#alter.companionSigner?.() ?? companion
      const signatures = [keyStatementCodec.sign(signer, payload, header.domain)]
      const document = this.#put(keyStatementCodec.file.encode({ payload, signatures }))
      statement = { document, size: head.size }
    }
    this.made.push({ id, level: id, by, root, chain, statement })
    const size = Number(head.size)
    return {
      attempt: 1,
      effect: 'attest',
      again: false,
      result: {
        by,
        root,
        chain,
        statement: statement && { document: statement.document, size },
        evidence: {
          ckaId: evidence.ckaId,
          label: evidence.label,
          level: by === 'vendor' ? 'E3' : 'E2',
          attributes: evidence.attributes,
        },
      },
    }
  }
}
