import { expect, test } from 'vitest'
import { checkNamed } from '../../src/keys/named.ts'
import { userFrom } from '../../src/sign-on/scim/resource.ts'

test('REQUEST-FIELDS a description has no character that a screen does not show', () => {
  for (const description of ['two\nlines', 'für Ämter, مفتاح', null])
    expect(checkNamed({ description })).toMatchObject({ ok: true })
  for (const hidden of ['\u202e', '\u200b', '\u0000', '\u{e0041}'])
    expect(checkNamed({ description: `a${hidden}b` })).toMatchObject({ rule: 'REQUEST-FIELDS' })
})

test('SCIM-VALUE a userName has no character that a screen does not show', () => {
  expect(userFrom({ userName: 'adm' })).toMatchObject({ ok: true })
  for (const hidden of ['\u202e', '\u200b', '\n'])
    expect(userFrom({ userName: `a${hidden}dm` })).toMatchObject({ rule: 'SCIM-VALUE' })
})
