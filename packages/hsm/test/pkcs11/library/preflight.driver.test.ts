import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'koffi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HsmError, preflightLibrary, softTokenEnvironment, startHsm } from '../../../src/index.ts'
import { refusal } from '../../soft-token-bench.ts'

describe('a library is looked at before anything of it runs', () => {
  let dir: string
  let softhsm: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-preflight-'))
    softhsm = softTokenEnvironment(join(dir, 'soft')).library
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const build = (name: string, needs: readonly string[], ...extra: string[]) => {
    const source = join(dir, `${name}.c`)
    const out = join(dir, `lib${name}.so`)
    writeFileSync(source, `int ${name}(void) { return 0; }`)
    const wanted = needs.map((need) => `-l${need}`)
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-o',
      out,
      source,
      `-L${dir}`,
      '-Wl,--no-as-needed',
      ...wanted,
      ...extra,
    ])
    return out
  }
  const said = (path: string, pinned?: string) => {
    try {
      return preflightLibrary(path, pinned)
    } catch (error) {
      if (error instanceof HsmError) return `${error.code} ${error.detail}`
      throw error
    }
  }

  it('SoftHSM passes, and its libraries are named', () => {
    const found = preflightLibrary(softhsm)
    expect(found.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(found.needs).toContain('libc.so.6')
    expect(found.needs.some((name) => name.startsWith('libcrypto.so'))).toBe(true)
  })

  it('a library that it needs and that is missing is HSM-LIBRARY-DEPENDENCY, by name', async () => {
    build('gone', [])
    const first = build('first', ['gone'])
    expect(said(first)).toBe(`HSM-LIBRARY-DEPENDENCY ${first} needs libgone.so, which is not installed`)
    const second = build('second', ['first'], '-Wl,-rpath,$ORIGIN', `-Wl,-rpath-link,${dir}`)
    expect(said(second)).toBe(
      `HSM-LIBRARY-DEPENDENCY ${second} needs ${first}, which needs libgone.so; that is not installed`,
    )
    expect(await refusal(startHsm({ library: first }))).toBe('HSM-LIBRARY-DEPENDENCY')
  })

  it('a library beside it counts when RUNPATH says so', () => {
    build('near', [])
    expect(said(build('user', ['near'], '-Wl,-rpath,$ORIGIN'))).toMatchObject({
      needs: expect.arrayContaining(['libnear.so']),
    })
  })

  /** Both say that it can be loaded. */
  const loads = (path: string) => {
    load(path)
    return typeof said(path) === 'object'
  }

  it('what was found for one library is there for those that it needs, as the loader has it', () => {
    build('leaf', [])
    build('branch', ['leaf'])
    expect(loads(build('tree', ['branch', 'leaf'], '-Wl,-rpath,$ORIGIN'))).toBe(true)
    build('twig', ['leaf'])
    const alone = build('shrub', ['twig'], '-Wl,-rpath,$ORIGIN', `-Wl,-rpath-link,${dir}`)
    expect(said(alone)).toContain('needs libleaf.so; that is not installed')
  })

  it('a library is known by the name that it gives itself, too', () => {
    const soname = '-Wl,-soname,libknown.so.7'
    build('alias', [], soname)
    build('asks', ['alias'])
    build('alias', [])
    const path = build('names', ['alias', 'asks'], '-Wl,-rpath,$ORIGIN')
    build('alias', [], soname)
    expect(loads(path)).toBe(true)
  })

  it('RPATH serves the libraries of libraries, RUNPATH does not and hides it', () => {
    const old = '-Wl,--disable-new-dtags,-rpath,$ORIGIN'
    const link = `-Wl,-rpath-link,${dir}`
    build('third', [])
    build('middle', ['third'])
    expect(loads(build('inherits', ['middle'], old, link))).toBe(true)
    build('fourth', [])
    build('closed', ['fourth'], '-Wl,-rpath,/nowhere')
    expect(said(build('hidden', ['closed'], old, link))).toContain(
      'needs libfourth.so; that is not installed',
    )
  })

  it('another file than the plan pins is HSM-LIBRARY-CHANGED, the pinned one starts', async () => {
    const { sha256 } = preflightLibrary(softhsm)
    const environment = softTokenEnvironment(join(dir, 'pinned')).environment
    const hsm = await startHsm({ library: softhsm, environment, librarySha256: sha256 })
    expect(hsm.library.sha256).toBe(sha256)
    await hsm.close()
    const copy = join(dir, 'copy.so')
    copyFileSync(softhsm, copy)
    writeFileSync(copy, Buffer.concat([readFileSync(softhsm), Buffer.from([0])]))
    expect(await refusal(startHsm({ library: copy, environment, librarySha256: sha256 }))).toBe(
      'HSM-LIBRARY-CHANGED',
    )
  })

  it('a file with a lie anywhere in its tables is refused by name or looked at, never a crash', () => {
    const honest = readFileSync(build('small', []))
    const at = join(dir, 'lie.so')
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: honest.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (i, x) => {
          writeFileSync(at, Buffer.from(honest).fill(honest[i]! ^ x, i, i + 1))
          const outcome = said(at)
          expect(typeof outcome === 'object' || outcome.startsWith('HSM-LIBRARY-')).toBe(true)
        },
      ),
      { numRuns: 80 },
    )
  }, 60_000)
})
