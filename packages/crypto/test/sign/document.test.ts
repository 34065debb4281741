import { describe, expect, test } from 'vitest'
import {
  deterministicEntropy,
  encodeDocument,
  generateIdentity,
  parseDocument,
  type SignedDocument,
  signatureContext,
  signDocument,
  toDocument,
  utf8,
  verifyDocument,
  withSignature,
} from '../../src/index.ts'

const entropy = deterministicEntropy(new Uint8Array(32).fill(5))
const officers = [1, 2, 3].map(() => generateIdentity(entropy, ['ed25519']))
const keys = officers.map((officer) => officer.keys)
const context = signatureContext('policy', 'production')
const document = signDocument(officers.slice(0, 2), context, { version: 1 })

function rule(given: SignedDocument, threshold?: number): string {
  const verdict = verifyDocument(given, context, keys, threshold)
  return verdict.ok
    ? verdict.signers.map((id) => officers.findIndex((one) => one.id === id)).join()
    : verdict.rule
}

describe('signed documents', () => {
  test('two of three suffice when two are asked for, and are named', () => {
    expect(rule(document, 2)).toBe('0,1')
  })

  test('DOC-01 one signature short is refused', () => {
    expect(rule(document)).toBe('DOC-01')
    expect(rule({ payload: document.payload, signatures: [] }, 1)).toBe('DOC-01')
  })

  test('DOC-02 the same officer twice is refused', () => {
    expect(rule(withSignature(document, document.signatures[0]!), 2)).toBe('DOC-02')
  })

  test('DOC-03 an unknown signer refuses the document though enough have signed', () => {
    const stranger = generateIdentity(entropy, ['ed25519'])
    const extra = signDocument([stranger], context, document.payload).signatures[0]!
    expect(rule(withSignature(document, extra), 2)).toBe('DOC-03')
  })

  test('DOC-04 more than 64 signatures are refused unread', () => {
    expect(rule({ payload: 1, signatures: Array(65).fill(document.signatures[0]) }, 1)).toBe('DOC-04')
  })

  test('SIGN-06 one invalid signature refuses the document though enough are valid', () => {
    const other = signDocument([officers[2]!], context, { version: 2 }).signatures[0]!
    expect(rule(withSignature(document, other), 2)).toBe('SIGN-06')
  })

  test('a threshold of none or of more than all is misuse', () => {
    expect(() => rule(document, 0)).toThrow(RangeError)
    expect(() => rule(document, 4)).toThrow(RangeError)
    expect(() => verifyDocument(document, context, [])).toThrow(RangeError)
  })

  test('its bytes come back, and other shapes are refused', () => {
    const limits = { maxBytes: 10_000 }
    expect(parseDocument(encodeDocument(document), limits)).toEqual(document)
    const [signature] = document.signatures
    const { signer, ...parts } = signature!
    for (const bad of [
      null,
      [],
      {},
      { payload: 1 },
      { payload: 1, signatures: {} },
      { payload: 1, signatures: [], more: 1 },
      { payload: 1, signatures: [parts] },
      { payload: 1, signatures: [{ ...parts, signer: signer.toUpperCase() }] },
      { payload: 1, signatures: [{ signer, rsa: 'AAAA' }] },
      { payload: 1, signatures: [{ signer, ed25519: 1 }] },
    ]) {
      expect(() => toDocument(bad)).toThrow('DOC-SHAPE')
    }
    expect(() => parseDocument(utf8('{"signatures":[], "payload":1}'), limits)).toThrow('JSON-NOT-CANONICAL')
  })
})
