import { randomBytes } from 'node:crypto'
import {
  type AttributeReport,
  type Check,
  createCompanion,
  evidenceOf,
  hmacTemplate,
  type KeyTemplate,
  type Profile,
  rootTemplate,
  type SignedStatement,
  sealingTemplate,
  signingTemplate,
  signStatement,
  type Token,
  type TokenInfo,
  verifyLunaAttestation,
  verifyStatement,
  verifyYubiHsmAttestation,
  windowRootTemplate,
} from '@lux/hsm'
import { readBounded } from '@lux/node-files'
import type { Command } from 'commander'

import { type CommandLine, severalOf } from '../shell/command-line.ts'

import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import {
  type LibraryOptions,
  nameOf,
  type PinOptions,
  withHsm,
  withLibrary,
  withLogin,
  withPin,
} from './session.ts'
import { evidenceLines, profileOfToken } from './words.ts'

type Options = LibraryOptions &
  PinOptions & {
    id: string
    private?: boolean
    companion?: string
    transcriptHead?: string
    rehearsal?: boolean
    attestation?: string
    root?: string[]
    template?: string
  }

type CompanionOptions = LibraryOptions & PinOptions & { label: string }

const maxFileBytes = 1 << 20

export function registerTokenEvidence(group: Command, { act }: CommandLine): void {
  withPin(withLibrary(group.command('companion')))
    .option('--label <label>', 'its label', 'companion')
    .description('Make a P-256 pair that vouches for other keys on its token; the vendor’s tool attests it.')
    .action((options: CompanionOptions) => act(() => companion(options)))
    .addHelpText('after', '\nExample:\n  $ custody token companion --soft training-token --pin-file pin.txt')
  withPin(withLibrary(group.command('evidence')))
    .requiredOption('--id <hex>', 'CKA_ID of the key')
    .option('--private', 'the key is a private key; without it, a secret one')
    .option(
      '--template <name>',
      `what it was asked to be: ${keyTemplateNames.join(', ')}; without it no attribute is compared, and the level is E0`,
    )
    .option('--companion <hex>', 'CKA_ID of a P-256 pair on the token that signs what is read')
    .option('--transcript-head <hex>', 'with --companion: the transcript’s head, 64 hex digits')
    .option('--rehearsal', 'with --companion: sign for the domain rehearsal')
    .option(
      '--attestation <file>',
      'the vendor’s attestation: YubiHSM chain (PEM) or Luna confirmation (PKCS #7)',
    )
    .option('--root <file>', 'with --attestation: the vendor’s root certificates that you trust', severalOf)
    .description('How well one key is evidenced, E0 to E3, and why not better.')
    .action((options: Options) => act(() => evidence(options)))
    .addHelpText(
      'after',
      `
The attestation is of the companion where there is one, else of the private key itself.
Above E0 the token must pass the attack probe, which attacks a KEK. A YubiHSM, a TPM and a SmartCard-HSM have no KEK of ours,
so their keys stay at E0: a YubiHSM's attestation is checked and told, and raises nothing.
Templates: root is a root KEK, window-root one whose trusted window was on this token, seal the key that seals the
ceremony key's second half, rows a server's row MAC key; pair, with --private, a signing pair such as the ceremony key.

Examples:
  $ custody token evidence --soft training-token --pin-file pin.txt --id 00112233445566778899aabbccddeeff --template root
  $ custody token evidence --library luna --id 0024 --private --template pair --attestation pair.p7b --root luna-root.pem`,
    )
}

/** Errors: HSM-…. */
function companion(options: CompanionOptions): Promise<Outcome> {
  return withHsm(options, (hsm) =>
    withLogin(hsm, options, async (token, info) => {
      const { serial } = info
      const id = randomBytes(16).toString('hex')
      const made = await createCompanion(token, { id, label: options.label })
      const spki = Buffer.from(made.spki).toString('base64')
      return {
        exit: 0,
        json: { ok: true, serial, id, spki, attributes: made.attributes },
        text: `companion     ${id} on ${nameOf(info)}\npublic key    ${spki}`,
      }
    }),
  )
}

/** Errors: TOKEN-EVIDENCE, FILE-…, HSM-…. */
async function evidence(options: Options): Promise<Outcome> {
  const { id, companion: voucher, transcriptHead } = options
  if (!/^([0-9a-f]{2}){1,64}$/.test(id)) throw wrong('--id is lower-case hex')
  if ((voucher === undefined) !== (transcriptHead === undefined))
    throw wrong('--companion and --transcript-head go together')
  if ((options.attestation === undefined) !== (options.root === undefined))
    throw wrong('--attestation and --root go together: without a root that you trust a chain says nothing')
  if (options.attestation !== undefined && voucher === undefined && options.private !== true)
    throw wrong('no vendor attests a secret key: name a --companion')
  const keyClass = options.private === true ? 'private' : 'secret'
  const template = options.template === undefined ? null : templateNamed(options.template, keyClass)
  const attestation =
    options.attestation === undefined ? null : readBounded(options.attestation, maxFileBytes)
  const roots = (options.root ?? []).map((file) => readBounded(file, maxFileBytes))
  return withHsm(options, (hsm) =>
    withLogin(hsm, options, async (token, info) => {
      const key = { id, class: keyClass } as const
      const attributes =
        template === null
          ? await token.readAttributes(key)
          : await readCompared(token, key, template, info.profile)
      const probe = await token.probe()
      const signed = await sign(token, key, options)
      const vouched = signed === null ? id : (voucher ?? id)
      const attested =
        attestation === null ? null : await checkAttestation(token, info, { id: vouched, attestation, roots })
      const profile = profileOfToken(info)
      const statement: Check = signed && {
        ok: verifyStatement(domainOf(options), signed),
        detail: `pair ${voucher} signed the attributes and the head`,
      }
      const found = evidenceOf({
        attributes,
        probe,
        profile,
        companion: { statement, attestation: signed === null ? null : attested },
        ...(signed === null ? { attestation: attested } : {}),
      })
      return {
        exit: 0,
        json: { ok: true, serial: info.serial, id, evidence: found, ...(signed ? { signed } : {}) },
        text: [`key           ${id} on ${nameOf(info)}`, ...evidenceLines(found)].join('\n'),
      }
    }),
  )
}

function templateNamed(name: string, keyClass: 'secret' | 'private'): KeyTemplateName {
  const known = keyTemplateNames.find((one) => one === name)
  if (known === undefined) throw wrong(`--template is one of ${keyTemplateNames.join(', ')}`)
  if (keyTemplates[known].keyClass === keyClass) return known
  throw wrong(`--template ${known} is for a ${keyTemplates[known].keyClass} key`)
}

const domainOf = ({ rehearsal }: Options) => (rehearsal === true ? 'rehearsal' : 'production')

async function sign(
  token: Token,
  key: { id: string; class: 'secret' | 'private' },
  options: Options,
): Promise<SignedStatement | null> {
  const { companion, transcriptHead } = options
  if (companion === undefined || transcriptHead === undefined) return null
  return signStatement(token, { domain: domainOf(options), companionId: companion, key, transcriptHead })
}

async function checkAttestation(
  token: Token,
  info: TokenInfo,
  { id, attestation, roots }: { id: string; attestation: Uint8Array; roots: readonly Uint8Array[] },
): Promise<Check> {
  const spki = await token.publicKeySpki({ id, class: 'public' })
  const result = verifyBy(profileOfToken(info), { attestation, roots, spki, serial: info.serial })
  if (result === null)
    return { ok: false, detail: `${profileOfToken(info).name}: attestations of this kind are not read` }
  return result.ok
    ? { ok: true, detail: `verified to root ${result.root}` }
    : { ok: false, detail: `${result.rule}: ${result.detail}` }
}

function verifyBy(
  { attestation: { format } }: Profile,
  facts: { attestation: Uint8Array; roots: readonly Uint8Array[]; spki: Uint8Array; serial: string },
) {
  const { attestation, ...common } = { ...facts, time: new Date() }
  if (format === 'yubihsm') return verifyYubiHsmAttestation({ ...common, chain: attestation })
  if (format === 'luna') return verifyLunaAttestation({ ...common, confirmation: attestation })
  return null
}

function wrong(detail: string): WrongUse {
  return new WrongUse('TOKEN-EVIDENCE', detail)
}

type Named = {
  readonly keyClass: 'secret' | 'private'
  /** Of a token with this profile. */
  readonly template: (profile: string) => KeyTemplate
  /** What a template does not say and its maker asks for. */
  readonly beside: Readonly<Record<string, string>>
}

/** The keys that stay on a token, as they are made. */
const keyTemplates = {
  root: secret('AES', () => rootTemplate),
  'window-root': secret('AES', windowRootTemplate),
  seal: secret('AES', () => ({ ...sealingTemplate, token: true })),
  rows: secret('GENERIC_SECRET', () => hmacTemplate),
  pair: { keyClass: 'private', template: () => signingTemplate, beside: { KEY_TYPE: 'EC' } },
} as const satisfies Record<string, Named>

type KeyTemplateName = keyof typeof keyTemplates

// Object.keys of a const object gives exactly its keys.
const keyTemplateNames = Object.keys(keyTemplates) as KeyTemplateName[]

function secret(keyType: string, template: Named['template']) {
  return { keyClass: 'secret', template, beside: { KEY_TYPE: keyType, VALUE_LEN: '32' } } as const
}

/**
 * Every attribute that can be read, and those that the template names compared with it. A length of 0 is none: SoftHSM keeps
 * no other of a key that came in wrapped. Errors: HSM-….
 */
async function readCompared(
  token: Pick<Token, 'readAttributes' | 'findById'>,
  key: { readonly id: string; readonly class: 'secret' | 'private' },
  name: KeyTemplateName,
  profile: string,
): Promise<AttributeReport[]> {
  const { template, beside }: Named = keyTemplates[name]
  // Refuses a key that is absent or there twice.
  const read = await token.readAttributes(key)
  const found = await token.findById(key.id, template(profile))
  const compared = found.find(({ ref }) => ref.class === key.class)?.attributes ?? []
  const done = new Set(compared.map(({ attribute }) => attribute))
  const rest = read.filter(({ attribute }) => !done.has(attribute))
  return [
    ...compared,
    ...rest.map((report): AttributeReport => {
      const expected = beside[report.attribute]
      if (expected === undefined || (report.attribute === 'VALUE_LEN' && report.actual === '0')) return report
      return { ...report, expected, ok: report.ok && report.actual === expected }
    }),
  ]
}
