import type { AskedValue } from './plan.ts'

const formats: Record<NonNullable<AskedValue['format']>, RegExp> = {
  text: /^[^\p{Cc}]{1,200}$/u,
  digits: /^[0-9]{1,64}$/,
  hex: /^([0-9a-f]{2}){1,128}$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z$/,
}

/** Why an input does not answer what a step asks, or null: every value, no other, each in its format. */
export function valueFault(
  asked: readonly AskedValue[],
  input: Readonly<Record<string, string>>,
): string | null {
  for (const { id, format } of asked) {
    const value = Object.hasOwn(input, id) ? input[id] : undefined
    if (value === undefined) return `${id} is missing`
    if (!formats[format ?? 'text'].test(value)) return `${id} is not ${format ?? 'text'}`
  }
  const unknown = Object.keys(input).filter((id) => !asked.some((value) => value.id === id))
  return unknown.length === 0 ? null : `${unknown.join(', ')} is not asked for`
}
