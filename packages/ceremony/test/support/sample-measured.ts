import type { Json } from '@lux/crypto'
import type { FullEntry } from '../../src/exports/transcript.ts'
import type { SampleOptions } from './sample-options.ts'

const version2: SampleOptions = { version: 2 }
const needs = ['kwp', 'unwrap-template', 'gcm', 'trusted-window'] as const
export const shownBy = { maker: 'Example', model: 'HSM 3000', firmware: '7.1', library: '1b'.repeat(32) }

/** The ceremony token by what its probe showed, under a policy with or without software tokens. */
export function measured(
  shown: { measured?: readonly string[]; token?: Record<string, Json> } = {},
  { soft = true, listed = true } = {},
): SampleOptions {
  return {
    ...version2,
    alter: {
      plan: (plan) => ({
        ...plan,
        tokens: plan.tokens.map((token) => ({ ...token, profile: 'measured' as const, needs: [...needs] })),
      }),
      header: (before) => ({
        ...before,
        tokens: before.tokens.map((token) => ({ ...token, profile: 'measured' })),
      }),
      policy: (before) => ({
        ...before,
        v: 2,
        softTokens: soft,
        ...(listed ? { hardware: [{ maker: 'Example', model: 'HSM 3000' }] } : {}),
      }),
      entries: (before) =>
        before.map((entry) => {
          const fact = entry.fact as { effect?: string; result?: Record<string, Json> }
          if (fact.effect !== 'probe-token' || fact.result === undefined) return entry
          const result = { ...fact.result, measured: [...needs], token: shownBy, ...shown } as Json
          return { ...entry, fact: { ...fact, result } }
        }),
    },
  }
}

/** A run that initialises its token, and says so much of the marks that its security officer can set. */
export function initialised(marks: { marksTrusted?: boolean }, asMeasured = false): SampleOptions {
  const { alter = {}, ...rest } = asMeasured ? measured() : version2
  const step = {
    id: 'initialise',
    do: 'initialise-token' as const,
    actor: 'officer' as const,
    textKey: 'steps.initialise',
    text: 'The security officer initialises the token.',
  }
  const result = { serial: 'a1b2c3d4', label: 'ceremony', model: 'HSM 3000', firmware: '7.1', ...marks }
  return {
    ...rest,
    alter: {
      ...alter,
      plan(plan) {
        const own = alter.plan?.(plan) ?? plan
        return {
          ...own,
          parts: own.parts.map((part) => ({
            ...part,
            steps: part.steps.flatMap((one) => (one.do === 'make-ceremony-key' ? [step, one] : [one])),
          })),
        }
      },
      entries(entries) {
        const own = alter.entries?.(entries) ?? entries
        const at = own.findIndex(({ stepId }) => stepId === 'make-ceremony-key')
        const after = own[at]
        if (after === undefined) throw new Error('no entry of the ceremony key')
        const made: FullEntry = {
          ...after,
          stepId: step.id,
          fact: { attempt: 1, effect: step.do, again: false, result },
        }
        return [...own.slice(0, at), made, ...own.slice(at)].map((entry, seq) => ({
          ...entry,
          seq: String(seq),
        }))
      },
    },
  }
}
