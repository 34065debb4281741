import type { Token } from '@lux/hsm'
import type { KeyDevice } from '../platform/hsm/key-device.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import type { TokenCall, TokenState, WorkerStart } from './messages.ts'

/** The main process's one logged-in token, as a worker uses it: no worker knows its PIN or its library. */
export function lentToken(
  { serial, root, ...first }: WorkerStart['token'],
  main: {
    ask(call: TokenCall): Promise<unknown>
    unseal(): Promise<ServerToken['sealed']>
  },
): { readonly token: ServerToken; changed(state: TokenState): void } {
  let state: TokenState = { sealed: first.sealed, tokens: first.tokens }
  const [device, again] = [methodsBy<KeyDevice>('device'), methodsBy<KeyDevice>('device-again')]
  const token = methodsBy<Token>('token', { serial })

  function methodsBy<T extends object>(lent: TokenCall['lent'], own: object = {}): T {
    const answer = (method: string) =>
      Reflect.get(own, method) ?? ((...args: unknown[]) => main.ask({ lent, method, args }))
    // The main process calls the method of this name on the thing itself.
    return new Proxy({} as T, {
      // A promise is asked for `then` when it is given one of these.
      get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : answer(name)),
    })
  }

  return {
    changed(now) {
      state = now
    },
    token: {
      serial,
      root,
      get sealed() {
        return state.sealed
      },
      get tokens() {
        return state.tokens
      },
      unseal: main.unseal,
      use: (work) => work(device),
      useAgain: (work) => work(again),
      useToken: (work) => work(token),
      close: async () => undefined,
    },
  }
}

/** Does in the main process what a worker asked of the token. */
export function callToken(token: ServerToken, { lent, method, args }: TokenCall): Promise<unknown> {
  const work = async (thing: object) => {
    const called: unknown = Reflect.get(thing, method)
    if (typeof called !== 'function') throw new Error(`the token has no ${method}`)
    return Reflect.apply(called, thing, args)
  }
  if (lent === 'token') return token.useToken(work)
  return lent === 'device' ? token.use(work) : token.useAgain(work)
}
