import { utf8 } from '@lux/crypto'
import { describe, expect, it, test } from 'vitest'
import { instantiateScript, planFromScript, printPlan, readPlan, readScript } from '../../src/exports/plan.ts'
import { planOf, type ScriptName, scriptBytes, scriptNames, valuesFor } from '../engine/plans.ts'

function fill(change: Record<string, unknown>, without: string[] = []) {
  const values = { ...valuesFor('first-run', 'rehearsal', false), ...change }
  for (const name of without) delete values[name]
  return instantiateScript(scriptBytes('first-run'), values)
}

describe('a script', () => {
  it.each(scriptNames)(
    '%s names its blanks and the stand-ins of a rehearsal that meet their own quorum',
    (name) => {
      const script = readScript(scriptBytes(name))
      expect(script.ok && script.value.id).toBe(name)
      const { rehearsal } = (script as Extract<typeof script, { ok: true }>).value
      const seated = (role: string) => rehearsal.people.filter((person) => person.role === role).length
      expect(seated('officer')).toBeGreaterThanOrEqual(rehearsal.officers)
      expect(seated('witness')).toBeGreaterThanOrEqual(rehearsal.witnesses)
    },
  )

  it.each(scriptNames)('%s gives every step a text key, and one key always has one text', (name) => {
    const texts = new Map<string, string>()
    for (const other of scriptNames)
      for (const { steps } of planOf(other, 'rehearsal').plan.parts)
        for (const { textKey, text } of steps) {
          if (texts.has(textKey)) expect(text).toBe(texts.get(textKey))
          texts.set(textKey, text)
        }
    for (const { steps } of planOf(name, 'rehearsal').plan.parts)
      for (const step of steps) expect(step.textKey).toMatch(/^script\.step\.[a-z-]+$/)
  })

  it('key-hierarchy asks for the ids of its keys, which a server gives to one key for good', () => {
    const values = valuesFor('key-hierarchy', 'production', false)
    for (const id of ['organisationKey', 'projectKey', 'dataKey']) {
      const { [id]: _left, ...rest } = values
      const made = planFromScript(scriptBytes('key-hierarchy'), rest)
      expect(made.ok ? [] : made.refusals.map(({ detail }) => detail)).toEqual([expect.stringContaining(id)])
    }
  })

  it('gives the same text for the same values', () => {
    const once = fill({})
    expect(once.ok).toBe(true)
    expect(fill({})).toEqual(once)
  })

  it('keeps a value that looks like YAML or like a number as text', () => {
    for (const title of ['{ a: 1 }', '012', 'yes: no # and', '&anchor *alias', '!!tag', '1e5', '- x']) {
      const made = fill({ title })
      expect(made.ok).toBe(true)
      const read = readPlan(utf8((made as { value: string }).value))
      expect(read.ok && read.plan.title).toBe(title)
    }
  })

  it('has a blank that counts only with another where that one is set, and refuses a choice that would not count', () => {
    const planned = (change: Record<string, unknown>) => {
      const made = fill(change)
      if (!made.ok) return made.refusals.map(({ rule, detail }) => `${rule} ${detail}`)
      const read = readPlan(utf8(made.value))
      return read.ok ? read.plan.fhe : null
    }
    expect(planned({})).not.toHaveProperty('proofBits')
    expect(planned({ fheProofBits: 64 })).not.toHaveProperty('proofBits')
    expect(planned({ fheInputs: 'proven' })).toMatchObject({ inputs: 'proven', proofBits: 64 })
    expect(planned({ fheInputs: 'proven', fheProofBits: 256 })).toMatchObject({ proofBits: 256 })
    expect(planned({ fheProofBits: 256 })).toEqual([
      'PLAN-04 fheProofBits (Bits that one proven list may hold) counts only with fheInputs=proven',
    ])
  })

  it('PLAN-04 refuses a blank without a value, and names it', () => {
    const made = fill({}, ['policy'])
    expect(made.ok ? [] : made.refusals.map(({ rule, detail }) => `${rule} ${detail}`)).toEqual([
      'PLAN-04 policy (Digest of the policy) has no value',
    ])
  })

  it('PLAN-04 refuses a value for a blank that the script does not have', () => {
    const made = fill({ colour: 'red' })
    expect(made.ok ? '' : made.refusals[0]?.detail).toContain(
      'colour is not a blank of the script; it has title',
    )
  })

  it.each([
    ['t', '2'],
    ['policy', 'short'],
    ['title', ''],
    ['holders', 'Holder One'],
    ['people', ['Ada']],
    ['fheSquash', 'no'],
  ])('PLAN-04 refuses %s of another type', (name, value) => {
    const made = fill({ [name]: value })
    expect(made.ok ? '' : made.refusals[0]?.rule).toBe('PLAN-04')
  })

  it('PLAN-04 refuses a blank in the text that the front section does not declare', () => {
    const text = new TextDecoder().decode(scriptBytes('first-run')).replace("'{{label}}'", "'{{labl}}'")
    const made = instantiateScript(utf8(text), valuesFor('first-run', 'rehearsal', false))
    expect(made.ok ? '' : made.refusals[0]?.detail).toContain('the blank labl is not declared')
  })

  it('PLAN-04 refuses a file without a front section, or with an unknown entry in it', () => {
    const plain = instantiateScript(utf8('v: 1\n'), {})
    expect(plain.ok ? '' : plain.refusals[0]?.detail).toBe('the file has no script section')
    const text = new TextDecoder()
      .decode(scriptBytes('first-run'))
      .replace('script:\n', 'script:\n  author: me\n')
    const more = readScript(utf8(text))
    expect(more.ok ? '' : more.refusals[0]?.detail).toContain(
      'author is not known; known here: id, title, blanks',
    )
  })

  it('PLAN-03 refuses a value that the plan’s own schema does not take', () => {
    const made = fill({ fheMode: 'X' })
    expect(made.ok ? '' : made.refusals[0]?.rule).toBe('PLAN-03')
  })
})

describe('a printed plan', () => {
  const { plan, hash } = planOf('first-run', 'rehearsal')
  const printed = printPlan(plan, hash)

  it('shows hash, people, keys and every step with its text', () => {
    expect(printed.replaceAll(' ', '')).toContain(hash)
    for (const { name } of plan.people) expect(printed).toContain(name)
    for (const { id } of plan.keys) expect(printed).toContain(id)
    for (const { steps } of plan.parts)
      for (const { text, id } of steps) {
        expect(printed).toContain(`[${id}]`)
        expect(printed).toContain(text)
      }
  })

  it('says of a reshare who holds the key next, who deals, and whose envelope key outlives its epoch', () => {
    const moved = planOf('resharing', 'rehearsal')
    const { holders, dealers, t, n } = moved.plan.reshare!
    const text = printPlan(moved.plan, moved.hash)
    expect(text).toContain(`any ${t} of ${n} decrypt`)
    expect(text).toContain(`dealt by ${dealers.join(', ')}`)
    const staying = holders.filter((name) => moved.plan.fhe!.holders.includes(name))
    expect(staying.length).toBeGreaterThan(0)
    expect(text).toContain(`with an envelope key made for it: ${staying.join(', ')}`)
    expect(text).not.toContain('that they had')
    const { people } = moved.plan
    const once = people.filter(({ name }, at) => people.findIndex((one) => one.name === name) === at)
    const kept = printPlan({ ...moved.plan, people: once }, moved.hash)
    expect(kept).toContain(`with the envelope key that they had: ${staying.join(', ')}.`)
    expect(text.replaceAll(' ', '')).toContain(moved.plan.fhe!.existing!.epochId)
    for (const { id } of moved.plan.decryptions!) expect(text).toContain(`  ${id}: `)
    const others = { ...moved.plan.reshare!, holders: holders.map((name) => `${name} II`) }
    expect(printPlan({ ...moved.plan, reshare: others }, moved.hash)).not.toContain('envelope key')
  })

  it('numbers the steps through all parts', () => {
    const numbers = [...printed.matchAll(/^ *(\d+)\. \[/gm)].map(([, number]) => Number(number))
    expect(numbers).toEqual(plan.parts.flatMap(({ steps }) => steps).map((_, index) => index + 1))
  })

  it('PLAN-12 seats as many people as the policy asks for, where one is known: a room of one witness is its to allow', () => {
    const values = valuesFor('first-run', 'rehearsal', false)
    // Filled by valuesFor from the script's own stand-ins.
    const seats = values.people as { role: string }[]
    const [, ...others] = seats.filter(({ role }) => role === 'witness')
    const people = seats.filter((person) => !others.includes(person))
    const made = (terms?: { officers: number; witnesses: number }) =>
      planFromScript(scriptBytes('first-run'), { ...values, people }, terms)
    expect(made()).toMatchObject({ ok: true })
    expect(made({ officers: 2, witnesses: 2 })).toMatchObject({ ok: false, refusals: [{ rule: 'PLAN-12' }] })
    expect(made({ officers: 2, witnesses: 1 })).toMatchObject({ ok: true })
  })
})

test('a blank that stands where a plan takes one of few texts has these choices, and no other blank has any', () => {
  const choices = (name: ScriptName) => {
    const read = readScript(scriptBytes(name))
    return read.ok ? read.value.choices : null
  }
  expect(choices('first-run')).toMatchObject({ fheMode: ['S', 'F'], fheInputs: ['signed', 'proven'] })
  expect(choices('resharing')).toMatchObject({ nextKind: ['reshare', 'refresh', 'remove'] })
  expect(choices('root-kek')).toMatchObject({ logIn: ['pin', 'pin-pad'] })
  expect(Object.keys(choices('root-kek') ?? {}).sort()).toEqual(['logIn', 'profile'])
})
