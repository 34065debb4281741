import { pino } from 'pino'

/** JSON lines on stderr: stdout is for a command's one result. Headers, bodies and query strings are never written. */
export function openLog(level = 'info') {
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
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
