import { constants, randomBytes, verify } from 'node:crypto'
import { CKM, mechanismName } from '../../constants.ts'
import type { HashName, KeyPairKind, KeyTemplate, SignMechanism } from '../../device.ts'
import { closedTemplate } from '../../templates.ts'
import { generateAes, generateSecretKey } from '../objects/keys.ts'
import { random } from '../operations/random.ts'
import { sign } from '../operations/signing.ts'
import type { TokenSession } from '../session/session.ts'
import { agree, type ScratchPairs, scratchId, type Trial } from './trial.ts'

const message = Buffer.from('lux-custody/capability')
const rsaHashes = ['sha1', 'sha256', 'sha384', 'sha512'] as const
const curveHashes: Readonly<Partial<Record<KeyPairKind, HashName>>> = {
  'p-256': 'sha256',
  'p-384': 'sha384',
  'p-521': 'sha512',
}

/** What a pair of this kind signs with: the name, and how Node checks it. */
function signaturesOf(kind: KeyPairKind): { name: string; mechanism: SignMechanism; options: object }[] {
  if (kind === 'ed25519') return [{ name: 'ed25519', mechanism: { kind: 'eddsa' }, options: {} }]
  const hash = curveHashes[kind]
  if (hash)
    return [
      {
        name: `ecdsa-${kind}-${hash}`,
        mechanism: { kind: 'ecdsa', hash },
        options: { dsaEncoding: 'ieee-p1363' },
      },
    ]
  return rsaHashes.flatMap((h) => [
    { name: `rsa-pkcs1-${h}`, mechanism: { kind: 'rsa-pkcs1', hash: h }, options: {} },
    {
      name: `rsa-pss-${h}`,
      mechanism: { kind: 'rsa-pss', hash: h },
      options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    },
  ])
}

const signMechanism: Readonly<Record<SignMechanism['kind'], number>> = {
  'rsa-pkcs1': CKM.RSA_PKCS,
  'rsa-pss': CKM.RSA_PKCS_PSS,
  ecdsa: CKM.ECDSA,
  eddsa: CKM.EDDSA,
  hmac: CKM.SHA256_HMAC,
}

const pairMechanism = (kind: KeyPairKind) =>
  mechanismName(
    kind.startsWith('rsa')
      ? CKM.RSA_PKCS_KEY_PAIR_GEN
      : kind === 'ed25519'
        ? CKM.EC_EDWARDS_KEY_PAIR_GEN
        : CKM.EC_KEY_PAIR_GEN,
  )

async function signs(
  token: TokenSession,
  pairsOf: ScratchPairs,
  kind: KeyPairKind,
  { mechanism, options }: { mechanism: SignMechanism; options: object },
): Promise<string> {
  return pairsOf(kind, { sign: true }, async ({ privateKey }, key) => {
    const { signature, hashedBy } = await sign(token, { key: privateKey, mechanism, input: { message } })
    const hash = 'hash' in mechanism ? mechanism.hash : null
    return agree(
      verify(hash, message, { key, ...options }, signature),
      `a signature (hashed by the ${hashedBy})`,
    )
  })
}

/** The 2048-bit pair signs for all RSA sizes: making the large ones takes seconds. */
const signing: readonly KeyPairKind[] = ['rsa-2048', 'p-256', 'p-384', 'p-521', 'ed25519']
const pairs: readonly KeyPairKind[] = [
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'p-256',
  'p-384',
  'p-521',
  'ed25519',
]

export function keyTrials(token: TokenSession, pairsOf: ScratchPairs): Trial[] {
  const made =
    (bytes: string, run: (options: { id: string; label: string; template: KeyTemplate }) => unknown) =>
    () => {
      const id = scratchId()
      run({ id, label: 'trial', template: { ...closedTemplate, encrypt: true } })
      token.destroyHandle(token.find({ id, class: 'secret' }))
      return `${bytes} were made, every attribute as asked for`
    }
  return [
    ...([128, 256] as const).map(
      (bits): Trial => ({
        group: 'generate',
        name: `aes-${bits}`,
        mechanism: mechanismName(CKM.AES_KEY_GEN),
        run: made(`${bits} bits`, (options) => generateAes(token, { ...options, bits })),
      }),
    ),
    {
      group: 'generate',
      name: 'secret-32',
      mechanism: mechanismName(CKM.GENERIC_SECRET_KEY_GEN),
      run: made('32 bytes', (options) =>
        generateSecretKey(token, { ...options, template: { ...closedTemplate, sign: true }, bytes: 32 }),
      ),
    },
    ...pairs.map(
      (kind): Trial => ({
        group: 'generate',
        name: kind,
        mechanism: pairMechanism(kind),
        run: () =>
          pairsOf(kind, { sign: true }, (_, key) =>
            agree(key.asymmetricKeyType !== undefined, 'a pair whose public key'),
          ),
      }),
    ),
    ...signing.flatMap((kind) =>
      signaturesOf(kind).map(
        (way): Trial => ({
          group: 'sign',
          name: way.name,
          mechanism: mechanismName(signMechanism[way.mechanism.kind]),
          run: () => signs(token, pairsOf, kind, way),
        }),
      ),
    ),
    {
      group: 'random',
      name: 'random',
      mechanism: 'C_GenerateRandom',
      run: () => {
        const [a, b] = [random(token, 32), random(token, 32)]
        return agree(
          !Buffer.from(a).equals(b) && !Buffer.from(a).equals(randomBytes(32)),
          'two draws that differ',
        )
      },
    },
  ]
}
