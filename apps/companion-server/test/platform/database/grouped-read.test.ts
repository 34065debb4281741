import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { openGroupedRead } from '../../../src/platform/database/grouped-read.ts'

/** Reads that are answered when the test says so. */
function reads(answer: (wanted: readonly string[]) => Promise<ReadonlyMap<string, string>>) {
  const asked: (readonly string[])[] = []
  const read = openGroupedRead({
    nameOf: (name: string) => name,
    read(wanted) {
      asked.push(wanted)
      return answer(wanted)
    },
  })
  return { asked, read }
}

const each = async (wanted: readonly string[]) => new Map(wanted.map((name) => [name, `of ${name}`]))
const refusal = (code: string) => Object.assign(new pg.DatabaseError('refused', 0, 'error'), { code })

describe('a grouped read', () => {
  it('asks once for what many want at once', async () => {
    const { asked, read } = reads(each)
    expect(await Promise.all([read('a'), read('b'), read('a')])).toEqual(['of a', 'of b', 'of a'])
    expect(asked).toEqual([['a', 'b']])
  })

  it('says nothing of what is not there', async () => {
    const { read } = reads(async () => new Map())
    expect(await read('a')).toBeUndefined()
  })

  it('asks anew for whoever comes once a query is under way: its answer is never older than the question', async () => {
    const first = Promise.withResolvers<ReadonlyMap<string, string>>()
    const begun = Promise.withResolvers<void>()
    let state = 'enabled'
    const { asked, read } = reads(async () => {
      if (asked.length > 1) return new Map([['a', state]])
      begun.resolve()
      return first.promise
    })
    const before = read('a')
    await begun.promise
    state = 'disabled'
    expect(await read('a')).toBe('disabled')
    first.resolve(new Map([['a', 'enabled']]))
    expect(await before).toBe('enabled')
  })

  it.each([new Error('away'), refusal('57014')])(
    'fails for all of them at once where the database is away or slow',
    async (fault) => {
      const { asked, read } = reads(async () => {
        throw fault
      })
      const both = await Promise.allSettled([read('a'), read('b')])
      expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      expect(asked).toHaveLength(1)
    },
  )

  it.each([
    ['no text', '22021'],
    ['a number out of its range', '22003'],
  ])('fails for that one alone whose name the database takes for %s', async (_, code) => {
    const { read } = reads(async (wanted) => {
      if (wanted.includes('a')) throw refusal(code)
      return each(wanted)
    })
    const [bad, good] = await Promise.allSettled([read('a'), read('b')])
    expect(bad.status).toBe('rejected')
    expect(good).toEqual({ status: 'fulfilled', value: 'of b' })
  })
})
