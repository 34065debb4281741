import { useTranslation } from 'react-i18next'
import type { Field, PartView, ScriptView, StepName, StepView } from '../../contract/index.ts'

export type ScriptText = {
  title(step: StepName): string
  step(step: StepName & Pick<StepView, 'text' | 'textKey'>): { title: string; text: string }
  part(part: Pick<PartView, 'kind' | 'title'>): string
  field(field: Field): string
  /** A script by its name here, and what it does. */
  about(script: ScriptView): { title: string; text: string }
  /** What it asks: a rehearsal has the name of its script until somebody gives it another. */
  blanks(script: ScriptView): Field[]
}

/** Sentences of a script: translated where the shipped scripts' keys are known here, else as core sends them. */
export function useScriptText(): ScriptText {
  const { t, i18n } = useTranslation()
  const first = (fallback: string, ...keys: string[]): string => {
    const known = keys.find((key) => i18n.exists(key))
    return known === undefined ? fallback : t(known)
  }
  // A title of the script's own goes before the name of the step's kind.
  const titleOf = ({ id, do: kind, title }: StepName): string =>
    title === id || title === kind ? first(title, `script.title.${id}`, `steps.${kind}`) : title
  const about = ({ id, title, summary, frozen }: ScriptView) => ({
    title: first(title, `script.about.${id}.title`),
    text:
      frozen === undefined
        ? first(summary, `script.about.${id}.text`)
        : t('designer.own-frozen', { hash: summary.slice(0, 16) }),
  })
  return {
    title: titleOf,
    step: (step) => ({
      title: titleOf(step),
      text: step.textKey === undefined ? step.text : first(step.text, step.textKey),
    }),
    part: ({ kind, title }) => (title === kind ? first(title, `script.part.${kind}`) : title),
    field: ({ name, label }) => first(label, `script.field.${name}`),
    about,
    blanks: (script) =>
      script.fields.map((field) =>
        field.name === 'title' && field.initial === script.title
          ? { ...field, initial: about(script).title }
          : field,
      ),
  }
}
