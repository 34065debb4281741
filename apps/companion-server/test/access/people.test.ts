import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openSecret } from '../../src/access/person-secrets.ts'

test('PERSON-ROW-CHANGED a second factor that was changed in the database is told as that', () => {
  for (const length of [0, 5, 12, 20, 60])
    expect(() => openSecret(randomBytes(32), 'ada', randomBytes(length))).toThrow(
      expect.objectContaining({ code: 'PERSON-ROW-CHANGED' }),
    )
})
