import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, line, remark, time } from '../format/fields.ts'

/** What a phone can write down. */
const done = [
  'enrolled',
  'policy',
  'received',
  'proved',
  'approved',
  'refused',
  'put-aside',
  'signed',
  'sheet',
  'restored',
  'renewed',
  'epoch-approved',
  'redealt',
  'live',
  'kept',
  'stated',
] as const

/** In the file for whoever opens it with nothing at hand. */
export const phoneLogSays =
  'What was done on this phone, the oldest first, as the phone itself wrote it down by its own clock. Its person signed the list: it is ' +
  'their word, complete as far as they say so. about repeats the words of what was read; digest is of the key, document or request. ' +
  'Check the signature with: custody phone verify-log.'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('phone-log'),
  says: v.literal(phoneLogSays),
  domain,
  name: line,
  made: time,
  entries: v.pipe(
    v.array(v.strictObject({ at: time, what: v.picklist(done), about: remark, digest })),
    v.maxLength(20_000),
  ),
})

/** What a person did on a phone, by that phone's own word: its log as a file. */
export type PhoneLog = v.InferOutput<typeof schema>

export const phoneLogCodec = documentCodec<PhoneLog>('phone-log', 'LOG-FILE', schema, 8 << 20)

/** Of a file on its origin: neither absolute, nor upwards, nor with anything that an address could say in two ways. */
const path = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, 'expected a plain path'),
)

/** Scheme, host and port, as a browser tells one origin from another. */
const origin = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/, 'expected an origin such as https://shares.example'),
)

const releaseSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('phone-release'),
  domain,
  version: line,
  origin,
  created: time,
  /** Every file of the app, by path in the order of their characters; this document is none of them. */
  files: v.pipe(
    v.array(
      v.strictObject({
        path,
        size: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(16 << 20)),
        sha256: digest,
      }),
    ),
    v.minLength(1),
    v.maxLength(500),
    v.check(
      (all) => all.every(({ path: one }, at) => at === 0 || one > (all[at - 1]?.path ?? '')),
      'the files are not in order, or one is listed twice',
    ),
  ),
})

/** What the app on people's phones is made of, and where it is served: release.json. */
export type PhoneRelease = v.InferOutput<typeof releaseSchema>

export const phoneReleaseCodec = documentCodec<PhoneRelease>(
  'phone-release',
  'APP-RELEASE',
  releaseSchema,
  1 << 20,
)

/**
 * What a browser is told with each file of the app, by its path. The page has the rest of its policy in itself; a worker has none but what
 * comes with its script. The device's and the codes' workers load nothing, and the service worker asks its own origin alone.
 */
export function contentPolicyOf(path: string): string {
  if (path === 'sw.js') return "default-src 'none'; connect-src 'self'"
  if (path.endsWith('.js')) return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
  return "frame-ancestors 'none'"
}
