import type { ActChange, DescribedAct, Mark } from '@lux/ceremony/wire'
import { type Told, told } from '../told.ts'

export const plainAct = (...changes: ActChange[]): DescribedAct => ({
  ...{ changes, people: [], keys: null, devices: [], claims: [], prints: [], since: null },
})

export const change = (
  about: ActChange['about'],
  name: Told['name'],
  text: string,
  values: Told['values'] = {},
): ActChange => ({
  about,
  told: told(name, text, values),
})

/** What a sentence is about: the same subject with other values has changed. */
const subject = ({ told: { name, values } }: ActChange): string =>
  JSON.stringify([name.replace(/-(allowed|refused|first|follows)$/, ''), values.key ?? values.name ?? ''])

/** All that is shown of a sentence: its words in a language have values that its text here may lack. */
const saidIn = ({ name, values }: ActChange['told']): string =>
  JSON.stringify([name, Object.entries(values).sort()])

/** Marks each sentence that did not stand before, or stood with other values, and adds those that are gone. */
export function markChanges(now: readonly ActChange[], before: readonly ActChange[]): ActChange[] {
  const notIn = (others: readonly ActChange[]) => (one: ActChange) =>
    others.every(({ told }) => saidIn(told) !== saidIn(one.told))
  const left = before.filter(notIn(now))
  const isNew = notIn(before)
  const marked = now.map((one): ActChange => {
    if (!isNew(one)) return one
    const at = left.findIndex((old) => subject(old) === subject(one))
    const [was] = at < 0 ? [] : left.splice(at, 1)
    return was === undefined ? { ...one, mark: 'new' } : { ...one, mark: 'changed', was: was.told }
  })
  return [...marked, ...left.map((one): ActChange => ({ ...one, mark: 'gone' }))]
}

/** The same for what has a name. `same`: whether the entry under a name says the same as before. */
export function markNamed<T extends { readonly name: string; readonly mark?: Mark }>(
  now: readonly T[],
  before: readonly T[],
  same: (a: T, b: T) => boolean,
): T[] {
  const marked = now.map((one): T => {
    const old = before.find(({ name }) => name === one.name)
    if (old === undefined) return { ...one, mark: 'new' }
    return same(old, one) ? one : { ...one, mark: 'changed' }
  })
  const gone = before.filter(({ name }) => now.every((one) => one.name !== name))
  return [...marked, ...gone.map((one): T => ({ ...one, mark: 'gone' }))]
}
