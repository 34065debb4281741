import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noKeyWrap } from '../../src/evidence/level.ts'
import { type AttributeReport, evidenceOf, profileById, profiles } from '../../src/index.ts'

const softhsm = profileById('softhsm')!
const luna = profileById('luna')!
const report = (change: Partial<AttributeReport> = {}): AttributeReport => ({
  attribute: 'SENSITIVE',
  expected: 'true',
  actual: 'true',
  ok: true,
  ...change,
})
const passed = { passed: true, lacking: [] }
const good = { ok: true, detail: 'checked' }
const bad = { ok: false, detail: 'ATTESTATION-KEY' }

describe('evidence level', () => {
  it('E0: attributes alone', () => {
    const { level, reasons } = evidenceOf({ attributes: [report()], probe: null, profile: softhsm })
    expect(level).toBe('E0')
    expect(reasons.filter(({ holds }) => holds).map(({ code }) => code)).toEqual([
      'attributes-read',
      'profile-known',
    ])
    expect(reasons).toContainEqual({
      code: 'probe-passed',
      holds: false,
      detail: 'not probed',
      said: [{ id: 'not-probed', values: {} }],
    })
  })

  it('E1: and a passed probe, and a profile', () => {
    expect(evidenceOf({ attributes: [report()], probe: passed, profile: softhsm }).level).toBe('E1')
    const unknown = profileById('generic')!
    expect(evidenceOf({ attributes: [report()], probe: passed, profile: unknown }).level).toBe('E0')
    const failed = { passed: false, lacking: ['UNWRAP_TEMPLATE'] }
    const weak = evidenceOf({ attributes: [report()], probe: failed, profile: softhsm })
    expect(weak.level).toBe('E0')
    expect(weak.reasons).toContainEqual({
      code: 'probe-passed',
      holds: false,
      detail: 'lacks UNWRAP_TEMPLATE',
      said: [{ id: 'lacks-attributes', values: { attributes: 'UNWRAP_TEMPLATE' } }],
    })
  })

  it('a failed probe is told by what worked on our template before what the token lacks', () => {
    const attack = (name: 'copy-escalate' | 'flip-attributes', template: 'hardened' | 'default') =>
      ({ name, template, outcome: 'broken', detail: '' }) as const
    const probe = {
      passed: false,
      lacking: ['COPYABLE'],
      attacks: [attack('copy-escalate', 'hardened'), attack('flip-attributes', 'default')],
    }
    const { reasons } = evidenceOf({ attributes: null, probe, profile: profileById('opencryptoki')! })
    expect(reasons.find(({ code }) => code === 'probe-passed')?.detail).toBe(
      'worked: copy-escalate; lacks COPYABLE',
    )
  })

  it('E2: and a companion that signed and is attested; one of the two is E1', () => {
    const of = (companion: { statement: typeof good; attestation: typeof good | null }) =>
      evidenceOf({ attributes: [report()], probe: passed, profile: luna, companion }).level
    expect(of({ statement: good, attestation: good })).toBe('E2')
    expect(of({ statement: good, attestation: null })).toBe('E1')
    expect(of({ statement: good, attestation: bad })).toBe('E1')
    expect(of({ statement: bad, attestation: good })).toBe('E1')
  })

  it('E3: the key itself is attested', () => {
    const facts = { attributes: [report()], probe: passed, profile: luna }
    expect(evidenceOf({ ...facts, attestation: good }).level).toBe('E3')
    expect(evidenceOf({ ...facts, attestation: bad }).level).toBe('E1')
  })

  it.each(['yubihsm', 'smartcard-hsm', 'tpm2', 'swtpm'] as const)(
    'E0: a %s wraps by nothing that the probe attacks, so its keys stay there though the vendor attests them, and the reason says so',
    (id) => {
      const profile = profileById(id)!
      const failed = { passed: false, lacking: [noKeyWrap] }
      for (const probe of [null, failed]) {
        const facts = { attributes: [report()], probe, profile, attestation: good }
        const { level, reasons } = evidenceOf(facts)
        expect(level).toBe('E0')
        expect(reasons.find(({ code }) => code === 'probe-passed')).toMatchObject({
          holds: false,
          detail: expect.stringContaining(
            `${profile.name} has no KW or KWP to attack, so no probe of it passes and its keys stay at E0, attested or not`,
          ),
        })
      }
    },
  )

  it('an attribute that is not as asked, or a failed probe, keeps even an attested key at E0', () => {
    const wrong = report({ attribute: 'EXTRACTABLE', expected: 'false', ok: false })
    expect(evidenceOf({ attributes: [wrong], probe: passed, profile: luna, attestation: good }).level).toBe(
      'E0',
    )
    expect(evidenceOf({ attributes: [report()], probe: null, profile: luna, attestation: good }).level).toBe(
      'E0',
    )
  })

  it('what a token does not take is named, and does not lower the level by itself', () => {
    const left = report({ attribute: 'DECRYPT', expected: 'false', ok: false, lacking: true })
    const { level, reasons } = evidenceOf({ attributes: [report(), left], probe: passed, profile: softhsm })
    expect(level).toBe('E1')
    const lacking = { code: 'attributes-lacking', holds: false, detail: 'DECRYPT true', said: [] }
    expect(reasons).toContainEqual(lacking)
  })

  it('attributes that nobody compared prove nothing, however many, and count for nothing beside others', () => {
    const shown = report({ attribute: 'EXTRACTABLE', expected: null })
    const facts = { probe: passed, profile: luna, attestation: good }
    const alone = evidenceOf({ ...facts, attributes: [shown, shown] })
    expect(alone.level).toBe('E0')
    expect(alone.reasons[0]).toEqual({
      code: 'attributes-read',
      holds: false,
      detail: '2 attributes read, none compared',
      said: [{ id: 'attributes-uncompared', values: { number: '2' } }],
    })
    expect(evidenceOf({ ...facts, attributes: [] }).level).toBe('E0')
    const left = report({ lacking: true, ok: false })
    expect(evidenceOf({ ...facts, attributes: [left] }).level).toBe('E0')
    const beside = evidenceOf({ ...facts, attributes: [shown, report(), left] })
    expect(beside.level).toBe('E3')
    expect(beside.reasons[0]).toMatchObject({ holds: true, detail: '1 attributes' })
  })

  it('says of every profile that was not run on hardware that it was not, and of none that is not there', () => {
    for (const profile of profiles.filter(({ verifiedOn }) => verifiedOn === null)) {
      const { reasons } = evidenceOf({ attributes: null, probe: passed, profile })
      const detail = profile.id === 'generic' ? 'no profile knows this token' : 'not run on hardware by us'
      expect(reasons.find(({ code }) => code === 'profile-hardware')).toMatchObject({ holds: false, detail })
    }
  })

  it('more evidence never lowers the level', () => {
    const check = fc.constantFrom(null, good, bad)
    fc.assert(
      fc.property(check, check, check, fc.boolean(), (statement, attestation, key, probed) => {
        const facts = {
          attributes: [report()],
          probe: probed ? passed : null,
          profile: luna,
          companion: { statement, attestation },
        }
        const less = evidenceOf({ ...facts, attestation: key }).level
        const more = evidenceOf({
          ...facts,
          companion: { statement: good, attestation: good },
          attestation: key,
        }).level
        expect(more >= less).toBe(true)
      }),
    )
  })
})
