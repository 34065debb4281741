import { describe, expect, test } from 'vitest'
import type { RunContext } from '../../../../../src/core/runs/effects/context.ts'
import { restoreRoot, zeroiseRoot } from '../../../../../src/core/runs/effects/recovery/restore.ts'

const ckaId = 'ab'.repeat(16)
// What the step looks at before it touches anything.
const effect = { step: 'restore', attempt: 2, serial: '4711', ckaId } as Parameters<typeof restoreRoot>[0]

function run(held: readonly string[], begun = false): [RunContext, string[]] {
  const done: string[] = []
  const token = new Proxy(
    {
      findById: async (id: string) => held.filter((one) => one === id).map(() => ({})),
    },
    {
      get(real, name) {
        if (name === 'then') return undefined
        if (name in real) return Reflect.get(real, name)
        return () => {
          done.push(String(name))
          throw new Error('stopped here')
        }
      },
    },
  )
  const context = { folder: { has: () => begun }, hsm: { token: () => token } }
  // Nothing else is asked of it up to there.
  return [context as unknown as RunContext, done]
}

test('RECOVERY-ROOT-THERE a token that already holds a key with the root’s identifier is refused before anything of it is touched', async () => {
  const [context, done] = run([ckaId])
  await expect(restoreRoot(effect, context)).rejects.toMatchObject({
    code: 'RECOVERY-ROOT-THERE',
    detail: expect.stringContaining(ckaId),
  })
  expect(done).toEqual([])
})

test('what an interrupted attempt of the same step unwrapped is its own, and is read back and proved', async () => {
  const [context, done] = run([ckaId], true)
  await expect(restoreRoot(effect, context)).rejects.toThrow('stopped here')
  expect(done).toEqual(['readAttributes'])
})

describe('a decommission', () => {
  const proof = { challenge: '0c'.repeat(32), mechanism: 'KWP-RFC5649', digest: 'd1'.repeat(32) }
  const gone = { kind: 'zeroise-root', step: 'gone', attempt: 2, serial: '4711', ckaId, proof } as Parameters<
    typeof zeroiseRoot
  >[0]
  type Given = { standard?: string; digest?: string }

  /** A token with these keys under the identifier, and the marks of the run. */
  function holding(
    keys: number,
    marks: string[] = [],
    { standard = proof.mechanism, digest = proof.digest }: Given = {},
  ) {
    const written: Record<string, object> = {}
    const left = { keys }
    const token = {
      findById: async () =>
        Array.from({ length: left.keys }, () => ({ ref: { id: ckaId, class: 'secret' } })),
      possessionDigest: async () => ({ mechanism: { standard }, digest }),
      destroy: async () => {
        left.keys -= 1
      },
      inventory: async () => ({ objects: [], damaged: [] }),
    }
    const folder = {
      has: (name: string) => marks.includes(name),
      writeDocument: (name: string, value: object) => {
        written[name] = { ...value, left: left.keys }
      },
    }
    // Nothing else is asked of it.
    const context = { folder, hsm: { token: () => token } } as unknown as RunContext
    return { context, left, written }
  }

  test('destroys the key that gives the root’s own proof, once that is written down', async () => {
    const { context, left, written } = holding(1)
    const { mechanism, digest } = proof
    expect(await zeroiseRoot(gone, context)).toMatchObject({ absent: true, mechanism, digest })
    expect(left.keys).toBe(0)
    expect(written).toEqual({
      'attempts/gone-2.json': { effect: 'zeroise-root', mechanism, digest, left: 1 },
    })
  })

  test.each([0, 2])(
    'DECOMMISSION-ABSENT where the token holds %i keys under the identifier',
    async (keys) => {
      const { context, left } = holding(keys)
      await expect(zeroiseRoot(gone, context)).rejects.toMatchObject({ code: 'DECOMMISSION-ABSENT' })
      expect(left.keys).toBe(keys)
    },
  )

  test.each<Given>([{ digest: 'd2'.repeat(32) }, { standard: 'KW-RFC3394' }])(
    'DECOMMISSION-OTHER where it is another key, which stays: %o',
    async (given) => {
      const { context, left, written } = holding(1, [], given)
      await expect(zeroiseRoot(gone, context)).rejects.toMatchObject({ code: 'DECOMMISSION-OTHER' })
      expect([left.keys, written]).toEqual([1, {}])
    },
  )

  test('an attempt after an interruption finds nothing, and says what the one before proved', async () => {
    const { context } = holding(0, ['attempts/gone-1.json'])
    expect(await zeroiseRoot(gone, context)).toMatchObject({ absent: true, digest: proof.digest })
    const stranger = holding(0, ['attempts/other-1.json', 'attempts/gone-3.json'])
    await expect(zeroiseRoot(gone, stranger.context)).rejects.toMatchObject({ code: 'DECOMMISSION-ABSENT' })
  })
})
