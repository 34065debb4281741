import { type Carried, createReceiver, createSender, profiles } from '@lux/crypto/transport'
import { beforeAll, expect, test } from 'vitest'
import { qrCode } from '../../src/qr/qr-code.ts'
import { prepareReader, readCodes, scanTexts } from '../../src/qr/read-codes.ts'
import { loadErasureCode, picture, readerWasm } from './transport.ts'

const erasure = await loadErasureCode()
beforeAll(() => prepareReader(readerWasm()))

const carried: Carried = {
  type: 'share-package',
  payload: Uint8Array.from({ length: 9000 }, (_, at) => (at * 7) & 0xff),
}

function senderOf(name: keyof typeof profiles, what = carried) {
  const sender = createSender(what, profiles[name], erasure)
  if (!sender.ok) throw new Error(sender.rule)
  return sender.value
}

test.each(['gentle', 'default', 'fast'] as const)(
  'a payload comes through the codes that %s draws and the reader that a camera feeds',
  async (name) => {
    const sender = senderOf(name)
    const receiver = createReceiver(['share-package'], erasure)
    let last = scanTexts(receiver, [])
    // Every third picture is lost, and the camera sees some codes twice.
    for (let shown = 0; last.state !== 'received' && shown < 4 * (sender.source + sender.repair); shown++) {
      if (shown % 3 === 1) continue
      const code = qrCode(sender.textAt(Math.floor(shown / 2)), sender.profile.version)
      last = scanTexts(receiver, await readCodes(picture([code], 3, 200)))
    }
    expect(last).toEqual({ state: 'received', carried })
  },
)

test('a foreign code beside ours takes nothing from it', async () => {
  const sender = senderOf('gentle')
  const receiver = createReceiver(['share-package'], erasure)
  const foreign = qrCode('HTTPS://EXAMPLE.ORG/MENU')
  const seen = await readCodes(picture([foreign, qrCode(sender.textAt(0), 15)]))
  expect(seen).toHaveLength(2)
  expect(scanTexts(receiver, seen)).toMatchObject({
    state: 'progress',
    fresh: true,
    progress: { received: 1 },
  })
  expect(scanTexts(receiver, await readCodes(picture([foreign])))).toMatchObject({
    state: 'refused',
    rule: 'TRANSFER-FOREIGN',
  })
})

test('a payload that this step does not take is named', async () => {
  const card = senderOf('default', { type: 'card', payload: new Uint8Array(100) })
  const receiver = createReceiver(['share-package', 'policy'], erasure)
  const seen = await readCodes(picture([qrCode(card.textAt(0))]))
  expect(scanTexts(receiver, seen)).toEqual({ state: 'refused', rule: 'TRANSFER-TYPE', detail: 'card' })
})

test('a picture without a code is nothing', async () => {
  const receiver = createReceiver(['card'], erasure)
  const blank = {
    data: new Uint8ClampedArray(4 * 64 * 64).fill(128),
    width: 64,
    height: 64,
    colorSpace: 'srgb',
  }
  expect(scanTexts(receiver, await readCodes(blank as ImageData))).toEqual({ state: 'nothing' })
})

test('every profile’s frames fill the version that they are said to fill', () => {
  for (const name of ['gentle', 'default', 'fast', 'reduced'] as const) {
    const sender = senderOf(name)
    const { size } = qrCode(sender.textAt(0), sender.profile.version)
    expect(size).toBe(17 + 4 * sender.profile.version)
    // One version less has no room for it.
    expect(() => qrCode(sender.textAt(0), sender.profile.version - 1)).toThrow()
  }
})
