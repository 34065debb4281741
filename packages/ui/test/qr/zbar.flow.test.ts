import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createReceiver,
  createSender,
  type PayloadType,
  type ProfileName,
  profiles,
} from '@lux/crypto/transport'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { qrCode } from '../../src/qr/qr-code.ts'
import { loadErasureCode, picture } from './transport.ts'

let erasure: Awaited<ReturnType<typeof loadErasureCode>>
let folder = ''
beforeAll(async () => {
  erasure = await loadErasureCode()
  folder = mkdtempSync(join(tmpdir(), 'zbar-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What ZBar, which is no part of this program, reads in the picture of a code. */
function readByZbar(text: string): string {
  const { data, width, height } = picture([qrCode(text)])
  const grey = Buffer.alloc(width * height)
  for (let at = 0; at < grey.length; at++) grey[at] = data[at * 4] ?? 0
  const path = join(folder, 'code.pgm')
  writeFileSync(path, Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), grey]))
  const { error, status, stdout, stderr } = spawnSync(
    'zbarimg',
    ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', path],
    {
      encoding: 'utf8',
    },
  )
  if (error !== undefined) throw error
  expect([status, stderr]).toEqual([0, ''])
  return stdout.replace(/\n$/, '')
}

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 37 + 11) % 256)

test.each<[PayloadType, number, ProfileName]>([
  ['heartbeat-request', 40, 'gentle'],
  ['signature', 300, 'gentle'],
  ['backup-sheet', 500, 'default'],
  ['card', 1000, 'fast'],
])(
  'QR-ZBAR one code that holds all of a %s of %i bytes is read by ZBar, and is what was sent',
  (type, length, profile) => {
    const payload = bytes(length)
    const sent = createSender({ type, payload }, profiles[profile], erasure)
    if (!sent.ok) throw new Error(sent.rule)
    expect(sent.value.single).toBe(true)
    const text = sent.value.textAt(0)
    expect(readByZbar(text)).toBe(text)
    const taken = createReceiver([type], erasure).take(readByZbar(text))
    expect(taken).toMatchObject({ ok: true, value: { state: 'received', carried: { type, payload } } })
  },
)
