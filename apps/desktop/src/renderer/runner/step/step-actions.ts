import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../../contract/index.ts'
import { call } from '../../client.ts'
import { pickFile } from '../../components/file-picker.tsx'
import { namesInNotes } from '../../stage/names-in-notes.ts'
import { peopleOf } from '../../stage/run-people.ts'
import { writeNotes } from '../../stage/write-notes.ts'
import { run } from '../../stores/remotes.ts'
import { changeRoom, roomOf } from '../../stores/room.ts'
import type { Act } from '../act.ts'
import type { EnterPin } from '../need-pin.tsx'
import { heardWhole } from './heard.ts'
import { hear } from './reading.tsx'
import type { Entered, StepInHand } from './step-in-hand.ts'

type Going = Pick<Entered, 'by' | 'values'> & {
  view: RunView
  step: CurrentStep
  inHand: StepInHand
  /** When the other clock was read, by this machine's. */
  clockReadAt: string | null
  act: Act
}

/** What a press of the live button does, one at a time. */
export function useStepActions({ view, step, inHand, by, values, clockReadAt, act }: Going) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const pins = useRef(new Map<string, EnterPin>())
  const { alone, reading } = inHand

  async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
    setBusy(true)
    try {
      return await work()
    } finally {
      setBusy(false)
    }
  }

  async function takeFile(): Promise<void> {
    const path = await pickFile('document')
    if (path !== null) await whileBusy(() => act(call('ceremonies.submitFile', { id: view.id, path })))
  }

  /** PINs that are typed are given to core first; then the step goes on, unless core has gone on by itself. */
  async function goOn(): Promise<void> {
    await whileBusy(async () => {
      for (const enter of pins.current.values()) if (!(await enter())) return
      const now = run.getState().value
      if (pins.current.size > 0 && !(now?.id === view.id && now.current?.mayProceed)) return
      if (step.says === 'who is here' && !(await callTheRoll())) return
      await proceed()
    })
  }

  /** In a room each card is heard for itself; whoever plays everybody hears them all at once. */
  async function hearOrGoOn(): Promise<void> {
    if (reading === null) return goOn()
    for (const { digest } of alone ? step.compares : [reading.compared]) hear(view, digest, alone)
    if (reading.endsHere) await goOn()
  }

  /** Whether the transcript has it, or keeps no notes. */
  async function callTheRoll(): Promise<boolean> {
    const room = roomOf(view.id)
    const names = peopleOf(view).map(({ name }) => name)
    const here = room.here.length === 0 && alone ? names : room.here
    changeRoom(view.id, { here })
    if (!view.may.note) return true
    const away = names.filter((name) => !here.includes(name))
    const texts = [
      ...namesInNotes(here, (some) => t('stage.roll-here', { names: some })),
      ...namesInNotes(away, (some) => t('stage.roll-away', { names: some })),
    ]
    return writeNotes({ id: view.id, step: step.id, by, texts }, act)
  }

  async function proceed(): Promise<void> {
    const { confirms, fields, clock, aloud } = inHand
    const filled = Object.fromEntries(
      fields.map(({ name, initial }) => [name, values[name] ?? initial ?? '']),
    )
    const input = {
      ...(confirms.length > 0 ? { confirmed: true } : {}),
      ...(fields.length > 0 ? { values: filled } : {}),
      ...(clock !== null && clockReadAt !== null ? { readAt: clockReadAt } : {}),
      ...(aloud ? { heard: heardWhole(step.compares, roomOf(view.id)) } : {}),
    }
    await act(call('ceremonies.proceed', { id: view.id, step: step.id, by, input }))
  }

  function lendPin(key: string, enter: EnterPin | null): void {
    if (enter === null) pins.current.delete(key)
    else pins.current.set(key, enter)
  }

  return { busy, takeFile, goOn, hearOrGoOn, lendPin }
}
