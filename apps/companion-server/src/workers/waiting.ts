/** Questions to another process that are not answered yet, by their numbers. */
export function openWaiting() {
  const open = new Map<number, { done(value: unknown): void; failed(error: Error): void }>()
  let last = 0
  const taken = (id: number) => {
    const one = open.get(id)
    open.delete(id)
    return one
  }
  return {
    ask(send: (id: number) => void): Promise<unknown> {
      return new Promise((done, failed) => {
        const id = ++last
        open.set(id, { done, failed })
        send(id)
      })
    },
    answered: (id: number, value: unknown) => taken(id)?.done(value),
    refused: (id: number, error: Error) => taken(id)?.failed(error),
  }
}
