import type { Policy } from '@lux/ceremony/policy'
import { isSealRecipient, sha256Hex } from '@lux/crypto'
import { rootCertificate } from '@lux/hsm'
import { readBounded } from '@lux/node-files'
import { WrongUse } from '../shell/wrong-use.ts'

type LeastEvidence = Policy['leastEvidence']
type AttestationRoot = NonNullable<Policy['attestationRoots']>[number]

const classes = ['ceremony', 'root', 'organisation', 'project', 'data'] as const
const maxCertificate = 1 << 18

export function expiryOption(text: string): string {
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text)
  if (Number.isNaN(time.getTime()) || !/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text))
    throw new WrongUse('OPTION-EXPIRY', `--expiry ${text}: expected 2027-12-31 or 2027-12-31T12:00:00.000Z`)
  return time.toISOString()
}

/** One level for every class of key, or `root=E2,ceremony=E3`; a class that is not named asks for E1. */
export function evidenceOption(text: string): LeastEvidence {
  const wrong = new WrongUse(
    'OPTION-EVIDENCE',
    `--least-evidence ${text}: expected E0, E1, E2 or E3, or a list such as root=E2,ceremony=E3`,
  )
  const least: LeastEvidence = { ceremony: 'E1', root: 'E1', organisation: 'E1', project: 'E1', data: 'E1' }
  const pairs = /^E[0-3]$/.test(text) ? classes.map((name) => `${name}=${text}`) : text.split(',')
  const named = new Set<string>()
  for (const pair of pairs) {
    const [name, level] = pair.split('=')
    const known = classes.find((one) => one === name)
    if (known === undefined || named.has(known) || !isLevel(level)) throw wrong
    named.add(known)
    least[known] = level
  }
  return least
}

function isLevel(text: string | undefined): text is LeastEvidence['root'] {
  return text !== undefined && /^E[0-3]$/.test(text)
}

/** NAME=FORMAT:FILE. The policy holds the fingerprint alone; compare it with the one that the vendor publishes. */
export function attestationRootOf(text: string): AttestationRoot {
  const [, name, format, file] = /^([^=]+)=([a-z]+):(.+)$/.exec(text) ?? []
  if (name === undefined || (format !== 'yubihsm' && format !== 'luna') || file === undefined)
    throw new WrongUse(
      'OPTION-ATTESTATION-ROOT',
      `--attestation-root ${text}: expected NAME=yubihsm:FILE or NAME=luna:FILE`,
    )
  const der = rootCertificate(readBounded(file, maxCertificate))
  if (der === null)
    throw new WrongUse(
      'OPTION-ATTESTATION-ROOT',
      `${file}: expected one certificate, PEM or DER, as the vendor’s own site has it, with its SHA-256 compared`,
    )
  return { name, certificate: sha256Hex(der), format }
}

/** `--combiner NAME=age1pq1…`: who may open holders’ answers, besides the servers. Errors: OPTION-COMBINER. */
export async function combinersOf(pairs: readonly string[] = []): Promise<Policy['combiners']> {
  const combiners: Policy['combiners'] = []
  for (const pair of pairs) {
    const [, name = '', recipient = ''] = /^([^=]+)=(.+)$/.exec(pair) ?? []
    if (!(await isSealRecipient(recipient)))
      throw new WrongUse('OPTION-COMBINER', `--combiner ${pair}: expected NAME=age1pq1…`)
    combiners.push({ name, recipient })
  }
  return combiners
}
