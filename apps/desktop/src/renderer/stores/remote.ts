import { useEffect } from 'react'
import { create, type StoreApi, type UseBoundStore } from 'zustand'
import type { CoreUseCase, Failure, InputOf, OutputOf } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useShell } from './shell.ts'

/** What core said last; a value stays on the screen while it is asked again. */
export type Remote<N extends CoreUseCase> = {
  key: string | null
  value: OutputOf<N> | null
  failure: Failure | null
  loading: boolean
}
export type RemoteStore<N extends CoreUseCase> = UseBoundStore<StoreApi<Remote<N>>> & {
  load(input: InputOf<N>): Promise<void>
  again(): Promise<void>
  /** What core answered to another call; what was asked before it, and is older perhaps, is asked again. */
  put(value: OutputOf<N>): void
}

export function createRemote<N extends CoreUseCase>(api: N): RemoteStore<N> {
  const store = create<Remote<N>>(() => ({ key: null, value: null, failure: null, loading: false }))
  let input: InputOf<N> | null = null
  let turn = 0

  async function again(): Promise<void> {
    if (input === null) return
    turn += 1
    const mine = turn
    store.setState({ loading: true })
    const answer = await call(api, input)
    if (mine !== turn) return
    if (answer.ok) store.setState({ value: answer.value, failure: null, loading: false })
    else store.setState({ failure: answer.error, loading: false })
  }

  return Object.assign(store, {
    again,
    put(value: OutputOf<N>) {
      const { loading } = store.getState()
      turn += 1
      store.setState({ value, failure: null, loading: false })
      if (loading) void again()
    },
    async load(next: InputOf<N>) {
      const key = JSON.stringify(next)
      const { key: asked, loading } = store.getState()
      // Two parts of one screen may want the same.
      if (key === asked && loading) return
      if (key !== asked) store.setState({ key, value: null, failure: null })
      input = next
      await again()
    },
  })
}

/** Asks for `input` when the screen opens and whenever core is ready again; not before `when`. */
export function useRemote<N extends CoreUseCase>(
  store: RemoteStore<N>,
  input: InputOf<N>,
  when = true,
): Remote<N> {
  const generation = useShell(({ core }) => (when && core.state === 'ready' ? core.generation : null))
  const key = JSON.stringify(input)
  useEffect(() => {
    // `key` is the JSON of an InputOf<N>.
    if (generation !== null) void store.load(JSON.parse(key) as InputOf<N>)
  }, [store, key, generation])
  return store()
}
