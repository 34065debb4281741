import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HsmError, hsmErrorCodes } from '../../../src/index.ts'
import { ckrTable, describeCkr } from '../../../src/pkcs11/library/codes.ts'
import { ckrError, ckrOf } from '../../../src/pkcs11/library/errors.ts'
import { pinStates } from '../../../src/pkcs11/session/token-info.ts'

// Only a token answers this one, and its reason is the common one.
const common = 'FUNCTION-MISSING'

function sentences(language: string): Record<string, Record<string, string>> {
  const file = new URL(`../../../../../resources/locales/${language}/errors.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

describe('errors', () => {
  it('every return code has a name, a meaning and one of our codes', () => {
    expect(ckrTable.size).toBeGreaterThanOrEqual(97)
    expect(new Set([...ckrTable.values()].map(({ name }) => name)).size).toBe(ckrTable.size)
    for (const { name, meaning, code } of ckrTable.values()) {
      expect(name).toMatch(/^CKR_[A-Z0-9_]+$/)
      expect(meaning.length).toBeGreaterThan(8)
      expect(hsmErrorCodes).toContain(code)
    }
  })

  it('the table is exactly the list of PKCS#11 3.1, number for number', () => {
    const list = readFileSync(new URL('../../vectors/ckr-3.1.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    const ours = [...ckrTable.values()].map(({ number, name }) => `${number} ${name}`)
    expect(ours).toEqual(list.map((line) => line.replace(/^0x\w+/, (hex) => String(Number(hex)))))
  })

  it('each stands in the error that it becomes', () => {
    for (const { number, name } of ckrTable.values()) {
      const error = ckrError(number, 'trying')
      expect([error.ckr, error.detail.startsWith('trying: ')]).toEqual([{ name, number }, true])
    }
  })

  it('every code has its sentences in every language', () => {
    for (const language of ['en', 'ar']) {
      const texts = sentences(language)
      for (const code of hsmErrorCodes)
        for (const part of ['what', 'why', 'do'])
          expect([code, part, texts[code]?.[part] ?? '']).not.toContain('')
    }
  })

  it.each(['en', 'ar'])(
    'no reason in %s says that the token said so where no return code does',
    (language) => {
      const texts = sentences(language)
      const said = texts[`HSM-${common}`]?.why
      const ofTokens = new Set<string>([
        describeCkr(0x7fff).code,
        ...[...ckrTable.values()].map(({ code }) => code),
      ])
      const own = ['PIN-INVALID', 'PIN-WRONG', 'TOKEN-ABSENT'].map((name) => `HSM-${name}`)
      for (const code of hsmErrorCodes)
        if (!ofTokens.has(code) || own.includes(code)) expect([code, texts[code]?.why]).not.toContain(said)
    },
  )

  it('every code of ours is upper case with dashes, and the list is sorted', () => {
    for (const code of hsmErrorCodes) expect(code).toMatch(/^HSM(-[A-Z]+)+$/)
    expect([...hsmErrorCodes].sort()).toEqual(hsmErrorCodes)
  })

  it('unknown and vendor codes keep their number', () => {
    expect(describeCkr(0x8000_0a01)).toMatchObject({ number: 0x8000_0a01, code: 'HSM-UNKNOWN' })
    expect(describeCkr(0x7fff)).toMatchObject({ name: 'CKR_0x7FFF', code: 'HSM-UNKNOWN' })
  })

  it.each([
    [new Error('CKR_VENDOR_DEFINED:27\n at x'), 0x1b],
    [new Error('CKR_PIN_INCORRECT'), 0xa0],
    [Object.assign(new Error('CKR_VENDOR_DEFINED'), { code: 27 }), 27],
    [new Error('something else'), null],
    ['no error at all', null],
  ])('reads the return code out of what the addon throws: %s', (thrown, expected) => {
    expect(ckrOf(thrown)).toBe(expected)
  })

  it.each([
    [0x8, 'ok'],
    [0x8 | 0x1_0000, 'low'],
    [0x8 | 0x3_0000, 'final'],
    [0x8 | 0x7_0000, 'locked'],
    [0x8 | 0x8_0000, 'must-change'],
    [0, 'not-set'],
  ])('token flags %i mean that the user PIN is %s', (flags, state) => {
    expect(pinStates(flags).user).toBe(state)
    expect(pinStates(0x40_0000).so).toBe('locked')
  })

  it('an error prints its code, what happened and the token’s own answer', () => {
    const error = new HsmError({
      code: 'HSM-X',
      ckr: { name: 'CKR_Y', number: 1 },
      detail: 'it broke',
    })
    expect(String(error)).toBe('HsmError: HSM-X: it broke (CKR_Y)')
  })
})
