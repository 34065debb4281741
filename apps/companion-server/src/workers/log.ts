import { pino } from 'pino'

export type Log = ReturnType<typeof openLog>

/** Name and place of a fault: its message could quote what it was working on. */
export const nameOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`
    : typeof error

/**
 * JSON lines on stderr: stdout is for a command's one result. Headers, bodies and query strings are never written. A line that cannot be
 * written is lost, and whoever writes it goes on.
 */
export function openLog(level = 'info', to: pino.DestinationStream = standardError()) {
  return pino(
    {
      level,
      redact: {
        paths: ['*.clientSecret', '*.accessToken', '*.plaintext', '*.pin', '*.authorization'],
        remove: true,
      },
      serializers: {
        req: (request: { method: string; routeOptions?: { url?: string }; id: string }) => ({
          method: request.method,
          route: request.routeOptions?.url ?? null,
        }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
      },
      hooks: {
        logMethod(line, write) {
          try {
            write.apply(this, line)
          } catch {
            // The caller of a log line is often a listener: what it threw would end the process.
          }
        },
      },
    },
    to,
  )
}

function standardError(): pino.DestinationStream {
  const to = pino.destination({ dest: 2, sync: true })
  // A full disk behind it is an event, and one without a listener is thrown.
  to.on('error', () => undefined)
  return to
}
