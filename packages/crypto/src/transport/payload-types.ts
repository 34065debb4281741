/**
 * What is carried, SPEC.md 11.1. A number keeps its meaning for ever. Types of several files are packages (`package.ts`), the others are
 * the bytes of one document.
 */
export const payloadTypes = {
  card: 1,
  policy: 2,
  'share-package': 3,
  acknowledgement: 4,
  'request-package': 5,
  'holder-answer': 6,
  'signature-request': 7,
  signature: 8,
  'heartbeat-request': 9,
  heartbeat: 10,
  'card-renewal': 11,
  'epoch-package': 12,
  'redeal-package': 13,
  'epoch-live': 14,
  'backup-sheet': 15,
  'epoch-approval': 16,
} as const

export type PayloadType = keyof typeof payloadTypes

// Object.keys gives strings: these are the names of the table above.
const names = new Map<number, PayloadType>(
  (Object.keys(payloadTypes) as PayloadType[]).map((name) => [payloadTypes[name], name]),
)

/** The name of a type's number; null for one that a newer program has. */
export function payloadTypeOf(code: number): PayloadType | null {
  return names.get(code) ?? null
}
