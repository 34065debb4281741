import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, hex16, id, line, p256Key } from '../format/fields.ts'
import { head } from './exception.ts'

/** Attributes of a key read back from its token: PKCS#11 names without CKA_. */
export const keyAttributes = v.pipe(
  // A record takes an empty list for an empty map.
  v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  v.record(
    v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/)),
    v.union([v.boolean(), v.pipe(v.number(), v.safeInteger()), v.pipe(v.string(), v.maxLength(2048))]),
  ),
)

/** A CKA_ID that others chose: 1 to 64 bytes. */
export const anyCkaId = v.pipe(
  v.string(),
  v.regex(/^([0-9a-f]{2}){1,64}$/, 'Expected a CKA_ID: 2 to 128 lower-case hex characters in quotes'),
)

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('key-statement'),
  domain,
  ceremonyId: hex16,
  planHash: digest,
  stepId: id,
  /** The key's id, or `ceremony`. */
  key: id,
  level: v.picklist(['ceremony', 'root', 'organisation', 'project', 'data']),
  serial: line,
  ckaId: hex16,
  /** Ceremony key: its identity id. Root: digest of its possession proof. Below: SHA-256 of its wrapped blob. */
  identity: digest,
  attributes: keyAttributes,
  companion: v.strictObject({ ckaId: anyCkaId, keys: p256Key }),
  /** Where the transcript stood: the entry of this very step is the next one. */
  head,
})

/** What a token's companion key signs: a genuine token was present, and its host claimed this of a key in it (E2). */
export type KeyStatement = v.InferOutput<typeof schema>

export const keyStatementCodec = documentCodec<KeyStatement>(
  'key-statement',
  'KEY-STATEMENT',
  schema,
  262_144,
)
