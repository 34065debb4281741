import type { Fields } from '../components/form.tsx'

export function conditionsOf({ text, all }: Fields): object | null {
  const listOf = (name: string): readonly string[] =>
    text(name)
      .split(/[\s,]+/)
      .filter(Boolean)
  const networks = listOf('networks')
  const keyNames = listOf('key-names')
  const [from, until] = [text('hours-from'), text('hours-until')]
  const by = all('approver')
  const conditions = {
    ...(networks.length === 0 ? {} : { networks }),
    ...(keyNames.length === 0 ? {} : { keyNames }),
    ...(from === '' && until === '' ? {} : { hours: { from: numberIn(from), until: numberIn(until) } }),
    ...(text('approvals') === '' && by.length === 0
      ? {}
      : { approvals: { count: numberIn(text('approvals')), by } }),
    ...(text('not-after') === '' ? {} : { notAfter: `${text('not-after')}T00:00:00Z` }),
  }
  return Object.keys(conditions).length === 0 ? null : conditions
}

const numberIn = (text: string): number | undefined => (text === '' ? undefined : Number(text))
