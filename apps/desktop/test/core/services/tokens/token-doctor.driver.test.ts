import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenExamination } from '@lux/ceremony/wire'
import { softTokenEnvironment, startHsm, type Token } from '@lux/hsm'
import { describe, expect, it } from 'vitest'
import { startStandIn } from '../../../../../../packages/hsm/test/stand-in/stand-ins.ts'
import { examinationLines } from '../../../../src/cli/token/doctor.ts'
import { examineToken } from '../../../../src/core/services/tokens/token-doctor.ts'

const pin = () => new TextEncoder().encode('15926374')
const of = { library: '0'.repeat(64), made: '2026-12-02T10:00:00.000Z' }

/** Identifiers and SoftHSM's serial numbers differ from run to run. */
const steady = (lines: readonly string[], serial: string) =>
  `${lines
    .join('\n')
    .replaceAll(serial, 'SERIAL')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
    .replaceAll(/firmware [\d.]+/g, 'firmware VERSION')}\n`

const page = (name: string) => new URL(`../../../../../../results/doctor/${name}.txt`, import.meta.url)

/** A page that is kept says the same. `LUX_DOCTOR_PAGES=1` writes them anew. */
function expectKept(name: string, text: string): void {
  if (process.env.LUX_DOCTOR_PAGES === '1') writeFileSync(page(name), text)
  expect(text).toBe(readFileSync(page(name), 'utf8'))
}

async function onSoftToken(use: (token: Token) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'lux-doctor-'))
  const hsm = await startHsm(softTokenEnvironment(dir))
  try {
    const { serial } = await hsm.token('new').initialise({
      label: 'desk',
      soPin: new TextEncoder().encode('48372615'),
      userPin: pin(),
    })
    await use(hsm.token(serial))
  } finally {
    await hsm.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

describe('the token doctor', () => {
  it('says what SoftHSM is: without a declared scratch token it logs nobody in and makes nothing', () =>
    onSoftToken(async (token) => {
      const read = await examineToken(token, of, null)
      expect(read).toMatchObject({ inventory: null, helps: [] })
      expect(new Set(read.findings.map(({ able }) => able))).toEqual(new Set(['unproved']))
      await token.logIn({ user: 'user', pin: pin() })
      const tried = await examineToken(token, of, { pins: null })
      expect(tried.inventory?.after).toBe(tried.inventory?.before)
      expectKept('softhsm', steady(examinationLines(tried), token.serial))
    }))

  it('makes no key beside one whose identifier is shorter than ours: it may name its place', () =>
    onSoftToken(async (token) => {
      await token.logIn({ user: 'user', pin: pin() })
      await token.importPublicKey({ id: '9a', label: 'slot', token: true, spki: spki() })
      const { tried, findings, inventory } = await examineToken(token, of, { pins: null })
      expect(tried).toEqual({ id: 'untried-short', values: { id: '9a' } })
      expect(findings.filter(({ able }) => able === 'yes')).toEqual([])
      expect(inventory?.after).toBe(inventory?.before)
    }))

  it.each([
    ['yubihsm', 'as-read'],
    ['smartcard-hsm', 'as-read'],
    ['nethsm', 'as-read'],
    ['luna', 'network'],
    ['luna', 'cloud'],
  ])('says what the stand-in of %s (%s) can be, as its row has it, and leaves nothing', async (make, one) => {
    const { token, pin: own, serial, close } = await startStandIn(make, one)
    try {
      const read = await examineToken(token, of, null)
      await token.logIn({ user: 'user', pin: own() })
      const found = await examineToken(token, of, { pins: { user: own, so: own } })
      expect(found.inventory?.after).toBe(found.inventory?.before)
      const unable = ({ findings }: TokenExamination) =>
        findings.flatMap(({ role, able }) => (able === 'no' ? [role] : []))
      // What planning and the token's own list refuse, no key shows to be able.
      expect(unable(found)).toEqual(expect.arrayContaining(unable(read)))
      expectKept(one === 'cloud' ? `${make}-${one}` : make, steady(examinationLines(found), serial))
    } finally {
      await close()
    }
  })
})

function spki(): Uint8Array {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return publicKey.export({ format: 'der', type: 'spki' })
}
