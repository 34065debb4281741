import type { BaseIssue } from 'valibot'

const keyShape = /^[A-Za-z][A-Za-z0-9-]{0,31}$/

/** A schema issue without what the file holds: a secret that was named by mistake must not be printed. */
export function issueText(issue: BaseIssue<unknown>): string {
  const at = issue.message.lastIndexOf(' but received ')
  const received = issue.message.slice(at + ' but received '.length)
  if (at < 0 || received !== issue.received) return issue.message
  return `${issue.message.slice(0, at)} but received ${kindOf(issue.input)}`
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
