import { useEffect, useState } from 'react'
import type { Failure, PersonRole, Result, SetupChange, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { toBase64 } from '../components/codes.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { takeDrops } from '../stores/drop.ts'
import { setup as remote, setups } from '../stores/remotes.ts'

/** A document that a person brings is small; anything larger is something else. */
const maxDropped = 1 << 20

export type SetupActs = {
  busy: boolean
  failure: Failure | null
  /** Sends a call that answers with the set-up; what was refused is shown, and false is given. */
  send(asked: Promise<Result<SetupView>>): Promise<boolean>
  fail(failure: Failure | null): void
  change(change: SetupChange): Promise<boolean>
  /** The only role whose card is taken now; null: any, and whatever else a set-up takes. */
  only: PersonRole | null
  takeOnly(role: PersonRole | null): void
  pick(): Promise<void>
  /** A script file of people's own is kept and chosen. */
  pickScript(): Promise<void>
  take(payload: Uint8Array): Promise<boolean>
}

export function useSetupActs(id: string): SetupActs {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [only, takeOnly] = useState<PersonRole | null>(null)

  async function send(asked: Promise<Result<SetupView>>): Promise<boolean> {
    setBusy(true)
    const answer = await asked
    setBusy(false)
    setFailure(answer.ok ? null : answer.error)
    if (answer.ok) remote.put(answer.value)
    void setups.again()
    return answer.ok
  }

  const role = only === null ? {} : { role: only }
  const take = (bytes: Uint8Array) =>
    send(call('setups.takeCarried', { id, payload: toBase64(bytes), ...role }))

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever is shown takes what falls onto the window
  useEffect(() => {
    const taker = (files: readonly File[]) => void takeAll(files)
    const takeAll = async (files: readonly File[]): Promise<void> => {
      for (const file of files) {
        if (file.size > maxDropped) setFailure({ code: 'FILE-TOO-LARGE', detail: file.name })
        else if (await take(new Uint8Array(await file.arrayBuffer()))) continue
        return
      }
    }
    return takeDrops('setup', taker)
  }, [id, only])

  return {
    busy,
    failure,
    send,
    fail: setFailure,
    change: (change) => send(call('setups.change', { id, change })),
    only,
    takeOnly,
    async pick() {
      const path = await pickFile(only === null ? 'document' : 'card')
      if (path !== null) await send(call('setups.take', { id, path, ...role }))
    },
    async pickScript() {
      const path = await pickFile('script')
      if (path !== null) await send(call('setups.take', { id, path }))
    },
    take,
  }
}
