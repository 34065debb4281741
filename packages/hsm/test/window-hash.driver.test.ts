import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OaepHash, WindowDestination } from '../src/index.ts'
import { Module } from '../src/pkcs11/library/module.ts'
import type { TokenSession } from '../src/pkcs11/session/session.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import { importDestinations } from '../src/pkcs11/trusted-window/destinations.ts'
import { createTransportPair, unwrapRoot } from '../src/pkcs11/trusted-window/transport-pair.ts'
import { abandon, open } from '../src/pkcs11/trusted-window/window.ts'
import type { Profile } from '../src/profiles/profile.ts'
import { softhsm } from '../src/profiles/programs.ts'
import { type Bench, newId, soPin, startBench, userPin } from './soft-token-bench.ts'

/** In this process, so that the source can be given the profile of a token that does more than SoftHSM. */
describe('the OAEP hash of a trusted window', () => {
  let bench: Bench
  let source: TokenSession
  let server: TokenSession
  let destination: WindowDestination
  const as = (profile: Profile) => Object.defineProperty(source, 'profile', { value: profile })
  beforeAll(async () => {
    bench = await startBench()
    const [a, b] = [await bench.newToken('source'), await bench.newToken('server')]
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    const tokens = new Tokens(new Module(bench.library))
    source = tokens.get(a.serial)
    server = tokens.get(b.serial)
    server.logIn({ user: 'user', pin: userPin(), keep: false })
    const id = newId()
    const { spki } = createTransportPair(server, { id, label: 'server' })
    destination = { id, label: 'server', spki }
    source.logIn({ user: 'so', pin: soPin(), keep: false })
    importDestinations(source, [destination])
    source.logOut()
    source.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    source.close()
    server.close()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  const window = (oaepHash?: OaepHash) => {
    const to = oaepHash === undefined ? destination : { ...destination, oaepHash }
    const [blob] = open(source, { ckaId: newId(), label: 'root', destinations: [to] }).blobs
    abandon(source)
    return blob!
  }

  it.each([
    { hash: undefined, what: 'does not say what it takes' },
    { hash: 'sha1' as const, what: 'takes SHA-1 only' },
  ])('a source that has SHA-256 wraps by SHA-1 to a destination that $what', ({ hash }) => {
    as({ ...softhsm, oaepHash: 'sha256' })
    const { wrapped, oaepHash } = window(hash)
    expect(oaepHash).toBe('sha1')
    const ref = { id: newId(), class: 'secret' } as const
    const root = { transportId: destination.id, ckaId: ref.id, label: `root ${ref.id}`, wrapped }
    expect(unwrapRoot(server, root).ref).toEqual(ref)
  })

  it('a source that has SHA-1 only wraps by it, whatever the destination takes', () => {
    as(softhsm)
    expect(window('sha256').oaepHash).toBe('sha1')
  })

  it('SHA-256 is what the token is asked for where both have it, and SoftHSM refuses that', () => {
    as({ ...softhsm, oaepHash: 'sha256' })
    expect(() => window('sha256')).toThrow(/^HSM-/)
    expect(source.window).toBeNull()
  })
})
