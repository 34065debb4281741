import { useTranslation } from 'react-i18next'
import type { Field, PartView, StepView } from '../../contract/index.ts'

export type ScriptText = {
  step(step: StepView): { title: string; text: string }
  part(part: PartView): string
  field(field: Field): string
}

/** Sentences of a script: translated where the shipped scripts' keys are known here, else as core sends them. */
export function useScriptText(): ScriptText {
  const { t, i18n } = useTranslation()
  const first = (fallback: string, ...keys: string[]): string => {
    const known = keys.find((key) => i18n.exists(key))
    return known === undefined ? fallback : t(known)
  }
  return {
    step: ({ id, do: kind, title, text, textKey }) => ({
      // A title of the script's own goes before the name of the step's kind.
      title: title === id || title === kind ? first(title, `script.title.${id}`, `steps.${kind}`) : title,
      text: textKey === undefined ? text : first(text, textKey),
    }),
    part: ({ kind, title }) => (title === kind ? first(title, `script.part.${kind}`) : title),
    field: ({ name, label }) => first(label, `script.field.${name}`),
  }
}
