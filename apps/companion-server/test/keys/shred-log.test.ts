import { appendFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalString } from '@lux/crypto'
import { expect, test } from 'vitest'
import { openShredLog } from '../../src/keys/shred-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const line = (id: string) => canonicalString({ payload: { kind: 'shred-receipt', id }, signatures: [] })

test('KEY-SHREDDED each process knows at once what another has added to the log, and never forgets it', async () => {
  const path = join(await temporaryFolder(), 'shred.log')
  const [one, other] = [openShredLog(path), openShredLog(path)]
  expect(other.names('a')).toBe(false)
  await one.add(line('a'))
  expect([one.names('a'), other.names('a'), other.names('b')]).toEqual([true, true, false])
  // A line that is not whole yet is another process's, which is still writing.
  const text = line('b')
  await appendFile(path, text.slice(0, 9))
  expect(other.names('b')).toBe(false)
  await appendFile(path, `${text.slice(9)}\n`)
  expect([one.names('b'), other.names('b')]).toEqual([true, true])
  await truncate(path, 0)
  await one.add(line('c'))
  expect(['a', 'b', 'c'].map(other.names)).toEqual([true, true, true])
  await appendFile(path, 'no receipt\n')
  expect(() => other.names('a')).toThrow(expect.objectContaining({ code: 'STATE-DAMAGED' }))
})

test('KEY-SHREDDED what was cut off as it was added spoils no line that is added after it', async () => {
  const path = join(await temporaryFolder(), 'shred.log')
  const [one, other] = [openShredLog(path), openShredLog(path)]
  await one.add(line('a'))
  await appendFile(path, line('b').slice(0, -9))
  await Promise.all([one.add(line('c')), other.add(line('d'))])
  const ids = (await other.read()).map(({ payload }) => payload.id)
  expect(ids.toSorted()).toEqual(['a', 'c', 'd'])
  expect(['a', 'b', 'c', 'd'].map(one.names)).toEqual([true, false, true, true])
})
