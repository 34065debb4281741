import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { issueText } from '../src/issue-text.ts'
import { readPlan } from '../src/plan/index.ts'

const secret = 'horse battery staple 12345678'
const encode = (text: string) => new TextEncoder().encode(text)

function issueOf(value: unknown) {
  const parsed = v.safeParse(v.strictObject({ t: v.number(), kind: v.picklist(['aes-256']) }), value)
  if (parsed.success) throw new Error('accepted')
  return parsed.issues[0]
}

describe('what is said of a file that is not what it should be', () => {
  it.each([
    ['words', secret],
    ['a number', '12345678'],
    ['a list', `- ${secret}`],
    ['quoted words', `"${secret}"`],
    ['many lines', `${secret}\n`.repeat(200)],
  ])('PLAN-03 a file of %s that was named by mistake is not shown', (_what, text) => {
    const read = readPlan(encode(text))
    expect(read.ok).toBe(false)
    const said = JSON.stringify(read)
    expect(said).toContain('PLAN-0')
    for (const part of [...secret.split(' '), '12345678']) expect(said).not.toContain(part)
  })

  it('a short value in its place is shown, so that a slip is found', () => {
    expect(issueText(issueOf({ t: 2, kind: 'aes-265' }))).toContain('aes-265')
  })

  it('a long one, and any where secrets may stand, is not', () => {
    expect(issueText(issueOf({ t: 2, kind: secret.repeat(3) }))).not.toContain('horse')
    expect(issueText(issueOf({ t: 2, kind: 'aes-265' }), true)).toBe(
      'expected "aes-256", and it is something else',
    )
  })
})
