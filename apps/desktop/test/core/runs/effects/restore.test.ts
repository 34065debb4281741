import { expect, test } from 'vitest'
import type { RunContext } from '../../../../src/core/runs/effects/context.ts'
import { restoreRoot } from '../../../../src/core/runs/effects/restore.ts'

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
