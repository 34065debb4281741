import { afterEach, expect, test, vi } from 'vitest'
import ar from '../../../../resources/locales/ar/errors.json' with { type: 'json' }
import en from '../../../../resources/locales/en/errors.json' with { type: 'json' }
import { cameraCode, openCamera } from '../../src/qr/camera.ts'

const named = (name: string): Error => Object.assign(new Error(), { name })

function devices(
  getUserMedia: (asked: { video: object }) => Promise<unknown>,
  remembered: string | null = null,
): void {
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } })
  vi.stubGlobal('localStorage', { getItem: () => remembered })
}
afterEach(() => vi.unstubAllGlobals())

test.each([
  ['NotAllowedError', 'CAMERA-DENIED'],
  ['SecurityError', 'CAMERA-DENIED'],
  ['NotFoundError', 'CAMERA-ABSENT'],
  ['OverconstrainedError', 'CAMERA-ABSENT'],
  ['NotReadableError', 'CAMERA-BUSY'],
  ['AbortError', 'CAMERA-BUSY'],
  ['TypeError', 'CAMERA-FAILED'],
] as const)('CAMERA a browser’s %s is said as %s, in both languages', async (name, code) => {
  expect(cameraCode(name)).toBe(code)
  devices(() => Promise.reject(named(name)))
  expect(await openCamera()).toEqual({ ok: false, code })
  for (const texts of [en, ar])
    expect(texts[code]).toMatchObject({
      what: expect.stringMatching(/./),
      why: expect.stringMatching(/./),
      do: expect.stringMatching(/./),
    })
})

test('CAMERA a page that gets no cameras at all says so', async () => {
  vi.stubGlobal('navigator', {})
  expect(await openCamera()).toEqual({ ok: false, code: 'CAMERA-UNSUPPORTED' })
})

test('CAMERA one that was remembered and is gone is no reason to have none', async () => {
  const asked: object[] = []
  const track = { getSettings: () => ({ deviceId: 'other' }), stop: vi.fn() }
  const stream = { getVideoTracks: () => [track], getTracks: () => [track] }
  devices(async ({ video }) => {
    asked.push(video)
    if ('deviceId' in video) throw named('OverconstrainedError')
    return stream
  }, 'gone')
  const opened = await openCamera()
  expect(asked).toMatchObject([{ deviceId: { exact: 'gone' } }, { facingMode: { ideal: 'environment' } }])
  expect(opened).toMatchObject({ ok: true, camera: { id: 'other' } })
  if (opened.ok) opened.camera.close()
  expect(track.stop).toHaveBeenCalledOnce()
})
