import { useRef, useState } from 'react'
import type { CurrentStep, RunView } from '../../../contract/index.ts'
import { call } from '../../client.ts'
import { pickFile } from '../../components/file-picker.tsx'
import { peopleOf } from '../../stage/run-people.ts'
import { run } from '../../stores/remotes.ts'
import { roomOf } from '../../stores/room.ts'
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
      await proceed()
    })
  }

  /** In a room each card is heard for itself; whoever plays everybody hears them all at once. */
  async function hearOrGoOn(): Promise<void> {
    if (reading === null) return goOn()
    for (const { digest } of alone ? step.compares : [reading.compared]) hear(view, digest, alone)
    if (reading.endsHere) await goOn()
  }

  /** Whoever plays everybody ticks everybody with one press. */
  function calledBy(): string[] {
    const { here } = roomOf(view.id)
    return alone && here.length === 0 ? peopleOf(view).map(({ name }) => name) : [...here]
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
      ...(step.says === 'who is here' ? { here: calledBy() } : {}),
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
