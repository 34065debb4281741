import type { App } from './app-type.ts'

/** A server that is about to stop: not ready any more, so that a balancer sends nobody new, and still answering. */
export type Draining = { readonly begun: boolean; begin(): void }

export function openDraining(): Draining {
  let begun = false
  return {
    get begun() {
      return begun
    },
    begin() {
      begun = true
    },
  }
}

/** Clients that keep connections open come back by another one, which the balancer leads elsewhere. */
export function drainConnections(app: App, draining: Draining): void {
  app.addHook<unknown>('onSend', (_request, reply, payload, done) => {
    if (draining.begun) reply.header('Connection', 'close')
    done(null, payload)
  })
}
