import type * as v from 'valibot'

const maxShown = 40

/**
 * What a schema found, without what the file holds where that can be anything: a file that is no document of ours may be a
 * person's secret, named by mistake. `secret`: nothing that was found is shown.
 */
export function issueText(issue: v.BaseIssue<unknown>, secret = false): string {
  const { expected, received, path, message } = issue
  if (!message.includes(received)) return message
  const shown = !secret && path !== undefined && received.length <= maxShown
  if (shown) return message
  return expected === null ? 'not what is expected here' : `expected ${expected}, and it is something else`
}
