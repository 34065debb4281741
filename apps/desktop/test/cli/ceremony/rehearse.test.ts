import { expect, test } from 'vitest'
import { readSubject } from '../../../src/cli/ceremony/rehearse.ts'

test('a blank that is set takes the type that the script gives it', () => {
  const set = { title: '2026', holders: 'Ada, Bob', t: '2', fheSquash: 'true' }
  expect(readSubject('threshold-fhe', { set })).toMatchObject({
    values: { title: '2026', holders: ['Ada', 'Bob'], t: 2, fheSquash: true },
  })
})
