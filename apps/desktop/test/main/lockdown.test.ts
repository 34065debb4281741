import { expect, test, vi } from 'vitest'

// The answers that nothing can be made to ask for on this machine: no such device, and no request that comes so far.
vi.mock('electron', () => ({ app: {} }))
// By a name that the type checker does not follow: Electron's types do not go with the other tests' here.
const lockdown: string = '../../src/main/lockdown.ts'
const {
  lockSession,
  mayUse,
}: {
  lockSession: (session: object, scanning: () => boolean) => void
  mayUse: (permission: string, url: string, mediaTypes: readonly string[], scanning: boolean) => boolean
} = await import(lockdown)

type Handler = (...given: unknown[]) => unknown

function lockedSession(): Map<string, Handler> {
  const handlers = new Map<string, Handler>()
  const keep = (name: string) => (handler: Handler) => void handlers.set(name, handler)
  lockSession(
    {
      setSpellCheckerEnabled: () => undefined,
      webRequest: { onBeforeRequest: keep('request') },
      setPermissionRequestHandler: keep('permission'),
      setPermissionCheckHandler: keep('check'),
      setDevicePermissionHandler: keep('device'),
      setDisplayMediaRequestHandler: keep('display'),
      setCertificateVerifyProc: keep('certificate'),
      on: () => undefined,
    },
    () => false,
  )
  return handlers
}

test('SHELL-DEVICES no device is allowed, no screen is handed out, and no certificate is believed', () => {
  const handlers = lockedSession()
  expect(handlers.get('device')?.({ deviceType: 'hid', origin: 'app://lux' })).toBe(false)
  const shared = vi.fn()
  handlers.get('display')?.({}, shared)
  expect(shared.mock.calls).toEqual([[{}]])
  const believed = vi.fn()
  handlers.get('certificate')?.({ hostname: 'example.org', errorCode: 0 }, believed)
  expect(believed.mock.calls).toEqual([[-2]])
})

test('SHELL-PERMISSIONS no other page, nothing but a camera, and that only while a panel scans', () => {
  expect(mayUse('media', 'app://lux/index.html', ['video'], true)).toBe(true)
  expect(mayUse('media', 'app://lux/index.html', ['video'], false)).toBe(false)
  expect(mayUse('media', 'app://lux.other/', ['video'], true)).toBe(false)
  expect(mayUse('media', '', ['video'], true)).toBe(false)
  expect(mayUse('media', 'app://lux', ['audio'], true)).toBe(false)
  expect(mayUse('media', 'app://lux', [], true)).toBe(false)
  expect(mayUse('geolocation', 'app://lux', ['video'], true)).toBe(false)
})
