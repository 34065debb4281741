import type { ApiName, EventName, Events, InputOf, OutputOf, Result } from '../contract/index.ts'

/** Calls that may take long show their progress and end by Cancel, not by a limit of time. */
const unlimited: ReadonlySet<ApiName> = new Set<ApiName>([
  'tokens.initialise',
  'tokens.logIn',
  'tokens.probe',
  'tokens.tryOut',
  'ceremonies.proceed',
  'ceremonies.enterPin',
  'ceremonies.submitFile',
  'ceremonies.startRehearsal',
  'ceremonies.signHere',
  'ceremonies.holdHere',
  'ceremonies.printShare',
  'ceremonies.proveShare',
  'setups.view',
  'setups.enrol',
  'setups.sign',
  'setups.rehearse',
  'setups.lock',
  'bundles.verify',
  'bundles.export',
  'bundles.takeAway',
  'shell.openFile',
  'shell.openFolder',
  'shell.saveFile',
  'shell.savePaper',
  'shell.printPaper',
  'shell.paper',
])
const limitMs = 30_000

export async function call<N extends ApiName>(api: N, input: InputOf<N>): Promise<Result<OutputOf<N>>> {
  // The bridge is untyped; core and main answer each API with the output that the contract gives it.
  const answer = window.lux.invoke(api, input) as Promise<Result<OutputOf<N>>>
  if (unlimited.has(api)) return answer
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
