import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView, StepView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { useFactText } from '../runner/fact-list.tsx'
import { inHand } from '../runner/step/heard.ts'
import { useRoom } from '../stores/room.ts'
import { languageOf, useShell } from '../stores/shell.ts'
import { useWall } from '../stores/wall.ts'
import { largestOf, readAloud } from './largest.ts'
import { useStageText } from './stage-text.ts'
import { type Shown, wallOf } from './wall-of.ts'

/** Shows on the wall, while it is open, what the stage shows. `result`: what the room has not seen yet. */
export function useShownOnWall(view: RunView, result: StepView | null): void {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const said = useStageText()
  const factText = useFactText()
  const { heard } = useRoom(view.id)
  const open = useWall((wall) => wall.open)
  const language = useShell(({ settings, info }) => languageOf(settings, info.locale))

  const { current, exception } = view
  const step = result ?? current
  const signs = current?.needs.find((need) => need.need === 'sign')
  const missing = signs?.need === 'sign' ? signs.signers.filter(({ signed }) => !signed) : []
  const names =
    result === null && missing.length > 0
      ? missing.map(({ name }) => name)
      : (step?.actor.name.split(', ') ?? [])
  const now =
    exception === null && result === null && current !== null ? inHand(current.compares, heard) : null
  const differs = exception?.compared ?? null

  function what(): string {
    if (exception !== null) return t(differs === null ? 'runner.exception' : 'stage.reading.title')
    if (view.paused !== null) return t('blocked.paused')
    if (result !== null) return said.made(result)
    if (step === null) return t(`states.run-end.${view.state}`)
    if (current?.blocked === 'machine-works') return t('stage.machine-works')
    if (signs?.need === 'sign') {
      const [first = '', ...more] = names
      const left = signs.required - (signs.signers.length - missing.length)
      return more.length === 0
        ? t('stage.ask-sign-one', { name: first })
        : t('stage.ask-sign', { count: Math.max(0, left) })
    }
    if (now !== null && current?.facts.some(({ form }) => form === 'words'))
      return t('stage.reading.ask', {
        name: names.join(t('stage.and')),
        what: t(`stage.reading.of.${now.compared.what}`),
      })
    return said.ask(step.do, names)
  }

  const value = result === null ? undefined : largestOf(result)
  const shown: Shown = {
    state: exception !== null ? 'stopped' : result !== null ? 'result' : step === null ? 'ended' : 'step',
    step:
      step === null
        ? t('runner.progress', view.progress)
        : t('runner.step', { number: step.number, total: view.progress.total }),
    who: exception === null ? names.join(', ') : '',
    role: exception === null && step !== null ? t(`roles.${missing[0]?.role ?? step.actor.role}`) : '',
    what: what(),
    evidence: value === undefined ? null : { name: factText.labelOf(value), value: readAloud(value) },
    card:
      differs !== null
        ? { ...differs, of: t(`stage.reading.of.${differs.what}`), heard: differs.card - 1, differs: true }
        : now === null
          ? null
          : {
              of: t(`stage.reading.of.${now.compared.what}`),
              card: now.card,
              heard: now.card - 1,
              digest: now.compared.digest,
              words: now.compared.words,
              differs: false,
            },
    partTitle: textOf.part,
  }
  const wall = open
    ? wallOf(view, shown, (key, values) => t(key, { ...values }), language === 'pseudo' ? 'en' : language)
    : null
  const text = JSON.stringify(wall)
  useEffect(() => {
    if (text !== 'null') void call('shell.wall', { wall: JSON.parse(text) })
  }, [text])
}
