import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, line, time } from '../format/fields.ts'

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

const schema = v.strictObject({
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
export type PhoneRelease = v.InferOutput<typeof schema>

export const phoneReleaseCodec = documentCodec<PhoneRelease>('phone-release', 'APP-RELEASE', schema, 1 << 20)

/**
 * What a browser is told with each file of the app, by its path. The page has the rest of its policy in itself; a worker has none but what
 * comes with its script. The device's and the codes' workers load nothing, and the service worker asks its own origin alone.
 */
export function contentPolicyOf(path: string): string {
  if (path === 'sw.js') return "default-src 'none'; connect-src 'self'"
  if (path.endsWith('.js')) return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
  return "frame-ancestors 'none'"
}
