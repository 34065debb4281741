import { connect, type Socket } from 'node:net'

export type Turn = { readonly rate: number; readonly times: readonly number[] }

/**
 * Sends one request repeatedly on this many connections, each waiting for its answer. It uses no client library, whose work would be most
 * of the result. Throws on any answer but 200.
 */
export async function openLoad(port: number, requests: readonly Buffer[], connections: number) {
  const lanes = await Promise.all(Array.from({ length: connections }, () => openLane(port)))
  let next = 0
  const nextRequest = () => requests[next++ % requests.length] ?? Buffer.alloc(0)
  const lane = async (send: (bytes: Buffer) => Promise<void>, goesOn: () => boolean, times: number[]) => {
    while (goesOn()) {
      const began = performance.now()
      await send(nextRequest())
      times.push(performance.now() - began)
    }
  }
  const measured = async (goesOn: () => boolean): Promise<Turn> => {
    const times: number[] = []
    const began = performance.now()
    await Promise.all(lanes.map(({ send }) => lane(send, goesOn, times)))
    return { rate: times.length / ((performance.now() - began) / 1000), times }
  }
  return {
    turn(ms: number): Promise<Turn> {
      const until = performance.now() + ms
      return measured(() => performance.now() < until)
    },
    count(total: number): Promise<Turn> {
      let left = total
      return measured(() => left-- > 0)
    },
    close() {
      for (const { socket } of lanes) socket.destroy()
    },
  }
}

/** A POST as its bytes. */
export function post(path: string, headers: Readonly<Record<string, string>>, body: object): Buffer {
  const bytes = JSON.stringify(body)
  const all = { host: '127.0.0.1', 'content-type': 'application/json', ...headers }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\n${head.join('')}content-length: ${bytes.length}\r\n\r\n${bytes}`,
  )
}

async function openLane(port: number): Promise<{ socket: Socket; send(bytes: Buffer): Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  let heard = ''
  let waiting: { done(): void; failed(error: Error): void } | null = null
  socket.setEncoding('latin1').on('data', (part: string) => {
    heard += part
    const end = heard.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = /\r\ncontent-length: (\d+)/i.exec(heard.slice(0, end))?.[1]
    if (length !== undefined && heard.length < end + 4 + Number(length)) return
    const { done, failed } = waiting ?? { done: () => undefined, failed: () => undefined }
    const whole = heard
    heard = ''
    if (whole.startsWith('HTTP/1.1 200') && length !== undefined) done()
    else failed(new Error(`port ${port}: ${whole.slice(0, 12)} ${whole.slice(end + 4, end + 400)}`))
  })
  socket.on('close', () => waiting?.failed(new Error(`port ${port} closed the connection`)))
  await new Promise<void>((done, failed) => {
    socket.once('connect', done)
    socket.once('error', failed)
  })
  socket.on('error', (error) => waiting?.failed(error))
  return {
    socket,
    send: (bytes) =>
      new Promise((done, failed) => {
        if (socket.destroyed) return failed(new Error(`port ${port} closed the connection`))
        waiting = { done, failed }
        socket.write(bytes)
      }),
  }
}
