import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { attestationRootOf, evidenceOption } from '../../../src/cli/policy/options.ts'

const vectors = join(import.meta.dirname, '../../../../../packages/hsm/vectors/attestation')

describe('options of a new policy', () => {
  test('OPTION-EVIDENCE one level is for every class of key, a list for those that it names', () => {
    expect(new Set(Object.values(evidenceOption('E2')))).toEqual(new Set(['E2']))
    expect(evidenceOption('root=E2,ceremony=E3')).toEqual({
      ceremony: 'E3',
      root: 'E2',
      organisation: 'E1',
      project: 'E1',
      data: 'E1',
    })
    for (const text of ['E4', 'root=E4', 'root=E2,root=E3', 'roots=E2', 'root', 'root=E2,', ''])
      expect(() => evidenceOption(text)).toThrow(expect.objectContaining({ code: 'OPTION-EVIDENCE' }))
  })

  test('OPTION-ATTESTATION-ROOT takes one certificate of a format that is read', () => {
    const root = join(vectors, 'luna-ecc-root.pem')
    expect(attestationRootOf(`Thales=luna:${root}`)).toMatchObject({ name: 'Thales', format: 'luna' })
    for (const text of [
      `Yubico=nshield:${root}`,
      `Yubico=${root}`,
      `=luna:${root}`,
      `Yubico=yubihsm:${join(vectors, 'README.md')}`,
      `Yubico=yubihsm:${join(vectors, 'yubihsm-chain.pem')}`,
    ])
      expect(() => attestationRootOf(text)).toThrow(
        expect.objectContaining({ code: 'OPTION-ATTESTATION-ROOT' }),
      )
  })
})
