import { randomBytes } from 'node:crypto'
import {
  childKekTemplate,
  HsmError,
  hmacTemplate,
  type KeyPairKind,
  type KeyRef,
  sealingTemplate,
  signingTemplate,
  type Token,
} from '@lux/hsm'
import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
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
import { tokenUri } from './uri.ts'

type BenchOptions = LibraryOptions & PinOptions & { seconds?: string; inFlight?: string }

/** One mechanism: how often a second, or the code with which the token refused it. */
type Line =
  | { work: string; perSecond: number; calls: number }
  | { work: string; code: string; detail: string }

export function registerTokenBench(group: Command, { act }: CommandLine): void {
  withPin(
    withLibrary(group.command('bench').argument('[uri]', 'pkcs11:serial=…?module-path=…&pin-source=file:…')),
  )
    .option('--seconds <n>', 'how long each mechanism is measured', '1')
    .option('--in-flight <n>', 'calls on their way at once', '8')
    .description('Log in and measure operations per second, on scratch keys that are gone afterwards.')
    .action((uri: string | undefined, options: BenchOptions) => act(() => bench(uri, options)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody token bench --soft training-token --pin-file pin.txt
  $ custody token bench 'pkcs11:serial=1a2b3c?module-path=/opt/vendor/libpkcs11.so&pin-source=file:/root/pin' --seconds 5`,
    )
}

/** Errors: TOKEN-URI, BENCH-OPTION, HSM-…. */
function bench(uri: string | undefined, options: BenchOptions): Promise<Outcome> {
  const seconds = between(options.seconds, 'seconds', 0.05, 60)
  const inFlight = between(options.inFlight, 'in-flight', 1, 64)
  const where = uri === undefined ? options : { ...options, ...fromUri(uri) }
  return withHsm(where, (hsm) =>
    withLogin(hsm, where, async (token, info) => {
      const { serial, model } = info
      const works: Line[] = []
      for (const work of worksOf(token)) {
        say(`· ${work.name}`)
        works.push(await measured(token, work, { seconds, inFlight }))
      }
      const lines = [
        `${nameOf(info)}, ${escapeForTerminal(model)}: ${inFlight} calls in flight, ${seconds} s each`,
        ...works.map((line) =>
          'code' in line
            ? `  ${line.work.padEnd(28)} ${line.code}: ${escapeForTerminal(line.detail)}`
            : `  ${line.work.padEnd(28)} ${line.perSecond.toFixed(1).padStart(10)} /s`,
        ),
      ]
      return { exit: 0, json: { ok: true, serial, seconds, inFlight, works }, text: lines.join('\n') }
    }),
  )
}

function fromUri(text: string): LibraryOptions & PinOptions {
  const { serial, label: name, modulePath, pinFile } = tokenUri(text)
  return {
    ...(serial === null ? {} : { serial }),
    ...(name === null ? {} : { tokenLabel: name }),
    ...(modulePath === null ? {} : { library: modulePath }),
    ...(pinFile === null ? {} : { pinFile }),
  }
}

function between(text: string | undefined, name: string, least: number, most: number): number {
  const value = Number(text)
  if (value >= least && value <= most) return value
  throw new WrongUse('BENCH-OPTION', `--${name} ${text}: expected ${least} to ${most}`)
}

/** `make` gives the call that is measured; the keys that it makes are destroyed after, and are session objects where the token has any. */
type Work = { name: string; make(keep: (ref: KeyRef) => KeyRef): Promise<() => Promise<unknown>> }

async function measured(
  token: Token,
  { name, make }: Work,
  { seconds, inFlight }: { seconds: number; inFlight: number },
): Promise<Line> {
  const made: KeyRef[] = []
  try {
    const call = await make((ref) => {
      made.push(ref)
      return ref
    })
    await call()
    let calls = 0
    const began = performance.now()
    const end = began + seconds * 1000
    const lane = async () => {
      for (; performance.now() < end; calls++) await call()
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    const perSecond = (calls * 1000) / (performance.now() - began)
    return { work: name, perSecond: Math.round(perSecond * 10) / 10, calls }
  } catch (error) {
    // What a token does not do is a line of the table; that it is gone or locked is the end of it.
    if (!(error instanceof HsmError) || !refusals.has(error.code)) throw error
    return { work: name, code: error.code, detail: error.detail }
  } finally {
    for (const ref of made) await token.destroy(ref).catch(() => undefined)
  }
}

const refusals: ReadonlySet<string> = new Set([
  'HSM-ATTRIBUTE-MISMATCH',
  'HSM-ATTRIBUTE-REFUSED',
  'HSM-DEVICE-ERROR',
  'HSM-FUNCTION-MISSING',
  'HSM-KEY-FORBIDDEN',
  'HSM-MECHANISM-MISSING',
  'HSM-UNSUPPORTED',
])

const kib = new Uint8Array(1024)
const digest = new Uint8Array(32)
const newId = () => randomBytes(16).toString('hex')
const label = 'bench'

function worksOf(token: Token): Work[] {
  const aes = async (keep: (ref: KeyRef) => KeyRef, template = sealingTemplate): Promise<KeyRef> =>
    keep(
      (await token.generateAes({ id: newId(), label, bits: 256, template: { ...template, token: false } }))
        .ref,
    )
  const pair = async (keep: (ref: KeyRef) => KeyRef, kind: KeyPairKind) => {
    const make = (stays: boolean) =>
      token.generateKeyPair({
        id: newId(),
        label,
        sameLabel: true,
        kind,
        template: { ...signingTemplate, token: stays },
      })
    // A TPM has no session objects: there the pair lies on the token until it is destroyed after the measurement, beside
    // those of calls that are on their way.
    const { publicKey, privateKey } = await make(false).catch((error: unknown) => {
      if (error instanceof HsmError && error.code === 'HSM-ATTRIBUTE-REFUSED') return make(true)
      throw error
    })
    keep(publicKey)
    return { publicKey, privateKey: keep(privateKey) }
  }
  const kek = { ...childKekTemplate, allowedMechanisms: ['wrap'] as const }
  return [
    { name: 'random, 32 bytes', make: async () => () => token.random(32) },
    {
      name: 'ECDSA P-256 sign',
      make: async (keep) => {
        const { privateKey } = await pair(keep, 'p-256')
        return () => token.signEcdsa({ key: privateKey, digest })
      },
    },
    {
      name: 'ECDSA P-256 verify',
      make: async (keep) => {
        const { privateKey, publicKey } = await pair(keep, 'p-256')
        const signature = await token.signEcdsa({ key: privateKey, digest })
        const mechanism = { kind: 'ecdsa', hash: 'sha256' } as const
        return () => token.verify({ key: publicKey, mechanism, input: { digest }, signature })
      },
    },
    {
      name: 'ECDSA P-384 sign',
      make: async (keep) => {
        const { privateKey } = await pair(keep, 'p-384')
        return () => token.signEcdsa({ key: privateKey, digest: new Uint8Array(48) })
      },
    },
    {
      name: 'Ed25519 sign',
      make: async (keep) => {
        const { privateKey } = await pair(keep, 'ed25519')
        return () => token.sign({ key: privateKey, mechanism: { kind: 'eddsa' }, input: { message: digest } })
      },
    },
    ...(['rsa-2048', 'rsa-4096'] as const).map((kind) => ({
      name: `RSA-${kind.slice(4)} sign, PKCS#1`,
      make: async (keep: (ref: KeyRef) => KeyRef) => {
        const { privateKey } = await pair(keep, kind)
        const mechanism = { kind: 'rsa-pkcs1', hash: 'sha256' } as const
        return () => token.sign({ key: privateKey, mechanism, input: { digest } })
      },
    })),
    {
      name: 'AES-256-GCM encrypt, 1 KiB',
      make: async (keep) => {
        const key = await aes(keep)
        return () => token.encryptGcm({ key, nonce: randomBytes(12), aad: new Uint8Array(), plaintext: kib })
      },
    },
    {
      name: 'AES-256-GCM decrypt, 1 KiB',
      make: async (keep) => {
        const key = await aes(keep)
        const of = { key, nonce: randomBytes(12), aad: new Uint8Array() }
        const ciphertext = await token.encryptGcm({ ...of, plaintext: kib })
        return () => token.decryptGcm({ ...of, ciphertext })
      },
    },
    {
      name: 'wrap an AES-256 key',
      make: async (keep) => {
        const key = await aes(keep, { ...childKekTemplate, extractable: true })
        const { id } = await aes(keep, kek)
        return () => token.wrap({ kek: { id }, key })
      },
    },
    {
      name: 'make and wrap an AES-256 key',
      make: async (keep) => {
        const { id } = await aes(keep, kek)
        return () => token.generateWrapped({ parent: { id }, algorithm: 'aes-256' })
      },
    },
    {
      name: 'HMAC-SHA-256, 1 KiB',
      make: async (keep) => {
        const template = { ...hmacTemplate, token: false }
        const key = keep((await token.generateHmac({ id: newId(), label, template })).ref)
        return () => token.hmac({ key, message: kib })
      },
    },
    {
      name: 'make an ECDSA P-256 pair',
      make: async () => async () => {
        const { id } = (await pair((ref) => ref, 'p-256')).privateKey
        await token.destroy({ id, class: 'private' })
        await token.destroy({ id, class: 'public' })
      },
    },
  ]
}
