import {
  type EventName,
  type Events,
  type InputOf,
  type OutputOf,
  type Result,
  type UseCaseName,
  useCases,
} from '../contract/index.ts'

/** A call that may take long shows its progress and ends by Cancel, not by a limit of time. */
export async function call<N extends UseCaseName>(api: N, input: InputOf<N>): Promise<Result<OutputOf<N>>> {
  // The bridge is untyped; core and main answer each API with the output that the contract gives it.
  const answer = window.lux.invoke(api, input) as Promise<Result<OutputOf<N>>>
  const limitMs: number | null = useCases[api].limit
  if (limitMs === null) return answer
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Result<OutputOf<N>>>((resolve) => {
    const error = { code: 'WORK-TIMED-OUT', detail: `${api}: ${limitMs / 1000} s` }
    timer = setTimeout(() => resolve({ ok: false, error }), limitMs)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

export function onEvent<N extends EventName>(name: N, listener: (payload: Events[N]) => void): () => void {
  return window.lux.onEvent((event, payload) => {
    // Payloads are those of the contract, by the event's name.
    if (event === name) listener(payload as Events[N])
  })
}

/** Where a file or folder lies that a person dropped onto the window, which core may read from then on. */
export function droppedPath(file: File): Promise<string | null> {
  return window.lux.dropped(file)
}
