import type { Policy } from '@lux/ceremony/policy'
import { contentPolicyOf, type PhoneRelease, phoneReleaseCodec } from '@lux/ceremony/wire'
import { sha256Hex, type VerificationKeys } from '@lux/crypto'
import { checked, need, no, type Outcome } from './outcome.ts'
import type { PersonKey } from './person-key.ts'

/** A file of the app, by its path on the origin. */
export type AppFile = { readonly path: string; readonly bytes: Uint8Array }

/**
 * Checks that a phone's app came from the policy's origin, because whoever serves the app owns the shares. Anybody may serve a rehearsal.
 * Refuses PHONE-ORIGIN.
 */
export function checkServedFrom(
  { phone, domain }: Pick<Policy, 'phone' | 'domain'>,
  origin: string,
): Outcome<null> {
  return checked(() =>
    domain === 'production' && phone !== undefined && phone.origin !== origin
      ? no(
          'PHONE-ORIGIN',
          `the policy has the app served by ${phone.origin}, this one came from ${origin}`,
          'policy',
        )
      : null,
  )
}

/** The files of the app as a release lists them. */
export function releasedFiles(files: readonly AppFile[]): PhoneRelease['files'] {
  return files
    .map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256Hex(bytes) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** release.json under one key's signature. Refuses APP-RELEASE-MALFORMED. */
export function signRelease(
  key: PersonKey,
  said: Omit<PhoneRelease, 'v' | 'kind' | 'domain'>,
): Outcome<Uint8Array> {
  return checked(() => {
    const { domain } = key.card
    const payload = need(phoneReleaseCodec.payload.check({ v: 1, kind: 'phone-release', domain, ...said }))
    const signatures = [phoneReleaseCodec.sign(key.identity, payload, domain)]
    return phoneReleaseCodec.file.encode({ payload, signatures })
  })
}

/**
 * Checks that a release is signed by these keys, for this origin, and is no older than `newest`, a release taken by hand. Refuses
 * APP-RELEASE-MALFORMED, SIGNATURE-…, QUORUM-SHORT, APP-RELEASE-ORIGIN, APP-RELEASE-OLD.
 */
export function checkRelease(
  bytes: Uint8Array,
  { keys, origin, newest }: { keys: VerificationKeys; origin: string; newest?: Uint8Array | undefined },
): Outcome<PhoneRelease> {
  return checked(() => {
    const document = need(phoneReleaseCodec.file.parse(bytes))
    const { payload } = document
    const members = [{ name: 'release', keys }]
    need(phoneReleaseCodec.verify(document, payload.domain, [{ role: 'release', members, quorum: 1 }]))
    if (payload.origin !== origin)
      no('APP-RELEASE-ORIGIN', `it is for ${payload.origin}, and ${origin} serves it`)
    const known = newest === undefined ? payload : need(checkRelease(newest, { keys, origin }))
    if (payload.created < known.created)
      no('APP-RELEASE-OLD', `${origin} serves the one of ${payload.created}, ${known.created} was released`)
    return payload
  })
}

/** An origin's reply for a path. `body`: null where there is none. */
export type ServedFile = { readonly bytes: Uint8Array | null; readonly contentPolicy: string | null }

/**
 * Checks that a file is the released one. Its headers must forbid framing it, and workers that connect elsewhere. Refuses APP-RELEASE-FILE,
 * APP-RELEASE-HEADER.
 */
export function checkReleased(
  { path, size, sha256 }: PhoneRelease['files'][number],
  { bytes, contentPolicy }: ServedFile,
): Outcome<null> {
  return checked(() => {
    if (bytes === null) no('APP-RELEASE-FILE', `${path} is not served`)
    else if (bytes.length !== size || sha256Hex(bytes) !== sha256)
      no('APP-RELEASE-FILE', `${path} is another one`)
    const wanted = contentPolicyOf(path)
    if (!hasPolicy(contentPolicy ?? '', wanted))
      no(
        'APP-RELEASE-HEADER',
        `${path}: Content-Security-Policy is ${contentPolicy === null ? 'absent' : `“${contentPolicy.slice(0, 200)}”`}, expected “${wanted}”`,
      )
    return null
  })
}

/**
 * Whether one of a header's policies is the wanted one. Browsers obey all of them, so further policies only forbid more. A further
 * directive inside one policy may allow more, so that is another policy.
 */
function hasPolicy(header: string, wanted: string): boolean {
  const directives = (policy: string): string =>
    policy
      .split(';')
      .map((one) => one.trim().toLowerCase().split(/\s+/).join(' '))
      .filter((one) => one !== '')
      .toSorted()
      .join(';')
  return header.split(',').some((policy) => directives(policy) === directives(wanted))
}

/**
 * Paths that a release does not have, to learn whether the origin serves more than the app. `random` is a name that no file has. A file
 * with an unguessable name stays unfound.
 */
export function strayPaths({ files }: Pick<PhoneRelease, 'files'>, random: string): string[] {
  const folders = new Set(
    files.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/') + 1)] : [])),
  )
  const guessed = [
    'service-worker.js',
    'worker.js',
    'app',
    'api',
    'console',
    'admin',
    '.git/HEAD',
    'server-status',
  ]
  const listed = new Set(files.map(({ path }) => path))
  return [
    random,
    `${random}.js`,
    `${random}.html`,
    ...folders,
    ...[...folders].map((folder) => `${folder}${random}.js`),
    ...guessed,
  ].filter((path) => !listed.has(path))
}

/** Checks that the origin serves nothing at such a path. Refuses APP-RELEASE-FILE. */
export function checkStray(path: string, { bytes }: ServedFile): Outcome<null> {
  return checked(() =>
    bytes === null ? null : no('APP-RELEASE-FILE', `${path} is served, and is no file of the release`),
  )
}
