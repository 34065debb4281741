import { afterEach, expect, test, vi } from 'vitest'
import ar from '../../../../resources/locales/ar/errors.json' with { type: 'json' }
import en from '../../../../resources/locales/en/errors.json' with { type: 'json' }
import { cameraCode, controlsOf, openCamera, setTorch, setZoom } from '../../src/qr/camera.ts'

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

test('CAMERA a remembered camera that is gone is replaced by any other', async () => {
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

const streamOf = (track: object): MediaStream => ({ getVideoTracks: () => [track] }) as unknown as MediaStream

test.each([
  ['neither', { getSettings: () => ({}) }, { zoom: null, torch: false }],
  [
    'neither that it can do',
    { getCapabilities: () => ({ zoom: { min: 1, max: 1 } }) },
    { zoom: null, torch: false },
  ],
  [
    'both',
    {
      getCapabilities: () => ({ zoom: { min: 1, max: 8, step: 0.5 }, torch: true }),
      getSettings: () => ({ zoom: 2 }),
    },
    { zoom: { min: 1, max: 8, step: 0.5, value: 2 }, torch: true },
  ],
  ['a light as a list', { getCapabilities: () => ({ torch: [false, true] }) }, { zoom: null, torch: true }],
])('CAMERA zoom and light are offered where the camera has them: %s', (_what, track, offered) => {
  expect(controlsOf(streamOf({ getSettings: () => ({}), ...track }))).toEqual(offered)
})

test('CAMERA zoom and light are asked of the camera, and one that refuses ends nothing', async () => {
  const asked: object[] = []
  const stream = streamOf({
    applyConstraints: async (constraints: object) => {
      asked.push(constraints)
      if (asked.length > 2) throw named('OverconstrainedError')
    },
  })
  expect([await setZoom(stream, 3), await setTorch(stream, true), await setTorch(stream, false)]).toEqual([
    true,
    true,
    false,
  ])
  expect(asked).toEqual([
    { advanced: [{ zoom: 3 }] },
    { advanced: [{ torch: true }] },
    { advanced: [{ torch: false }] },
  ])
})
