import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { CKM } from '../constants.ts'
import type { ReplicationStep } from '../device.ts'
import { cloudhsm } from './cloudhsm.ts'
import { luna } from './luna.ts'
import { nethsm } from './nethsm.ts'
import { nshield } from './nshield.ts'
import { type Profile, takesAll } from './profile.ts'
import { opencryptoki, softhsm } from './programs.ts'
import { smartcardHsm } from './smartcard-hsm.ts'
import { swtpm, tpm2 } from './tpm2.ts'
import { yubihsm } from './yubihsm.ts'

/** Any token that no profile knows: everything is tried and read back, nothing is assumed. */
const generic: Profile = {
  id: 'generic',
  name: 'Unknown token',
  kind: 'hsm',
  manufacturer: /.*/i,
  model: /.*/i,
  verifiedOn: null,
  sources: [],
  libraries: [],
  environment: [],
  soft: false,
  pin: { form: 'as its manual says', factorySoPin: null, userTries: null, showsState: true },
  initialise: { by: 'library', again: true, how: 'tried as the standard has it' },
  sharedSerial: false,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: true,
  replication: 'none',
  replicationBy: 'unknown',
  replicationSteps: [],
  attestation: { format: 'none', how: 'unknown' },
  plan: { initialise: true, keyWrapping: true, trustedWindow: true, sealing: true },
  notes: ['No profile knows this token. Only what the probe proves is relied on.'],
}

/** In order of asking: openCryptoki before the TPM, because both may say IBM. */
export const profiles: readonly Profile[] = [
  softhsm,
  opencryptoki,
  tpm2,
  swtpm,
  yubihsm,
  luna,
  nshield,
  cloudhsm,
  smartcardHsm,
  nethsm,
  generic,
]

/** The first profile whose manufacturer and model fit; `generic` fits all. */
export function profileOf(manufacturer: string, model: string): Profile {
  return profiles.find((p) => p.manufacturer.test(manufacturer) && p.model.test(model)) ?? generic
}

/** The profile of this id, or null. */
export function profileById(id: string): Profile | null {
  return profiles.find((p) => p.id === id) ?? null
}

const debianFolder: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  s390x: 's390x-linux-gnu',
}

/** Where the library of a profile may lie on this computer, in order. */
export function libraryPlaces(profile: Profile): readonly string[] {
  const folder = debianFolder[process.arch]
  return profile.libraries.flatMap((path) =>
    path.includes('*') ? (folder ? [path.replace('*', folder)] : []) : [path],
  )
}

/** The first of a profile's usual places that exists, or null. */
export function findLibrary(profile: Profile): string | null {
  return libraryPlaces(profile).find((path) => existsSync(path)) ?? null
}

const profileVariables = (): string[] => profiles.flatMap(({ environment }) => environment)

/** Names of the variables that the library of this file's name reads; null where nobody knows it. */
function variablesOf(library: string): readonly string[] | null {
  const profile = profileOfLibrary(library)
  if (profile !== null) return profile.environment
  const broker = brokers.find(({ libraries }) => hasName(libraries, library))
  if (broker === undefined) return null
  return broker.loadsOthers ? [...broker.environment, ...profileVariables()] : broker.environment
}

/** What a library reads of this process's environment, by its file's name, for `startHsm`. */
export function libraryEnvironment(library: string): Record<string, string> {
  return Object.fromEntries(
    (variablesOf(library) ?? []).flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/**
 * Names of variables that this process has and some known library reads. This library does not get them, because its file's name is
 * unknown. `passed`: those given by hand.
 */
export function withheldVariables(
  library: string,
  passed: Readonly<Record<string, string>> = {},
): readonly string[] {
  if (variablesOf(library) !== null) return []
  const names = new Set([...profileVariables(), ...brokers.flatMap(({ environment }) => environment)])
  return [...names].filter((name) => process.env[name] !== undefined && !(name in passed))
}

/** Where pcscd listens: https://pcsclite.apdu.fr, PCSCLITE_CSOCK_NAME. */
const pcscSocket = '/run/pcscd/pcscd.comm'

/** What of its settings a library does not have, each a clause that names a variable or a place. */
export function missingSettings(
  library: string,
  environment: Readonly<Record<string, string>>,
  isThere: (path: string) => boolean = existsSync,
): string[] {
  const { settings, byPcsc, needsNoVariable } = profileOfLibrary(library) ?? {}
  const [variable] = needsNoVariable ? [] : (variablesOf(library) ?? [])
  return [
    ...(variable === undefined || variable in environment ? [] : [`${variable} is not set`]),
    ...(settings === undefined || isThere(settings) ? [] : [`its settings are not in ${settings}`]),
    ...(byPcsc === undefined || isThere(pcscSocket) ? [] : [`pcscd is not running: no ${pcscSocket}`]),
  ]
}

/** Why a library shows no token, as far as this computer tells. */
export const whyNoToken = (
  library: string,
  environment: Readonly<Record<string, string>>,
  emptySlots: number,
): string[] => [
  emptySlots === 0 ? 'the library has no slot' : `the library has ${emptySlots} slots, and no token in any`,
  ...missingSettings(library, environment),
]

const hasName = (libraries: readonly string[], path: string): boolean =>
  libraries.some((place) => basename(place) === basename(path))

/** The profile of a library, by its file name, which is the same wherever the library is installed. */
export function profileOfLibrary(path: string): Profile | null {
  return profiles.find(({ libraries }) => hasName(libraries, path)) ?? null
}

/** The vendor's own procedure with the names of this key and these tokens put in. */
export function replicationProcedure(
  { replicationSteps }: Profile,
  names: { from: string; to: string; id: string; label: string },
): ReplicationStep[] {
  const filled = (text: string) =>
    Object.entries(names).reduce((made, [name, value]) => made.replaceAll(`{${name}}`, value), text)
  return replicationSteps.map((step) => ({
    ...step,
    command: step.command === null ? null : filled(step.command),
  }))
}

/** A library that forwards to others. Its tokens have their own profiles, so it has none. */
type Broker = {
  /** Usual places, as in a profile. */
  readonly libraries: readonly string[]
  readonly environment: readonly string[]
  /** It loads other libraries into its own process, which read their variables there. */
  readonly loadsOthers: boolean
  readonly source: string
}

/** p11-kit: `P11_KIT_SERVER_ADDRESS` names the server of its client; the proxy loads what p11-kit's settings name. */
const brokers: readonly Broker[] = [
  {
    libraries: ['/usr/lib/*/p11-kit-proxy.so', '/usr/lib64/p11-kit-proxy.so'],
    environment: [],
    loadsOthers: true,
    source: 'https://p11-glue.github.io/p11-glue/p11-kit/manual/sharing.html',
  },
  {
    libraries: ['/usr/lib/*/pkcs11/p11-kit-client.so', '/usr/lib64/pkcs11/p11-kit-client.so'],
    environment: ['P11_KIT_SERVER_ADDRESS'],
    loadsOthers: false,
    source: 'https://p11-glue.github.io/p11-glue/p11-kit/manual/remoting.html',
  },
]
