import type { BaseIssue } from 'valibot'

const keyShape = /^[A-Za-z][A-Za-z0-9-]{0,31}$/

/**
 * What a schema wants, in words of ours and with nothing of what the file holds: a secret that was named by mistake must
 * not be printed.
 */
export function issueText(issue: BaseIssue<unknown>): string {
  const { kind, type, expected, input } = issue
  if (expected === 'never') return 'is not known here: leave it out'
  if (input === undefined) return 'is missing'
  // Our own schemas say themselves what a check of theirs wants; valibot's sentences all begin alike.
  if (!issue.message.startsWith('Invalid ')) return issue.message
  if (expected === null) return `does not fit (${type})`
  if (kind === 'validation')
    return type === 'regex' ? `expected the form ${expected}` : `expected ${expected}`
  return `expected ${expected}, found ${kindOf(input)}`
}

/** Dots and indexes down to the issue; a key that could not be one of ours is not repeated. Null at the top. */
export function issuePath(issue: BaseIssue<unknown>): string | null {
  const parts = (issue.path ?? []).map(({ key }) =>
    typeof key === 'number' ? `${key}` : keyName(String(key)),
  )
  return parts.length === 0 ? null : parts.join('.')
}

/** A key as errors show it. */
export function keyName(key: string): string {
  return keyShape.test(key) ? key : '(a key)'
}

function kindOf(input: unknown): string {
  if (input === null) return 'nothing'
  return Array.isArray(input) ? 'a list' : `a value of type ${typeof input}`
}
