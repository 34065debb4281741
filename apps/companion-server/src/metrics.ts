import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Authentication } from './access/tokens.ts'
import type { Record } from './audit/record.ts'
import { type Witness, witnessStates } from './audit/witnesses.ts'
import { openRest } from './doors/http/rest.ts'
import { entry, reads } from './operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from './operations/pipeline.ts'
import type { Clock } from './platform/clock.ts'
import type { Database } from './platform/database/open.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { App } from './platform/http/app-type.ts'
import { text } from './platform/http/reply.ts'
import { accept } from './refusal.ts'

/** What every worker of this server counted is given as one. */
export type WorkerFigures = {
  /** This worker's own, for the others. */
  onFigures(give: () => Promise<readonly object[]>): void
  allFigures(): Promise<(readonly object[])[]>
}

/** What is counted, by route and status: never by caller or key, whose names are nobody's business there. */
export function metricsRoutes(
  app: App,
  {
    token,
    record,
    authentication,
    workerFigures,
    clock,
    database,
    witnesses,
  }: {
    readonly token: ServerToken
    readonly record: Record
    readonly authentication: Authentication
    readonly workerFigures: WorkerFigures | null
    readonly clock: Clock
    readonly database: Database
    readonly witnesses: readonly Witness[]
  },
): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelNames = ['method', 'route', 'status']
  const requests = new Counter({
    ...{ name: 'custody_http_requests_total', help: 'Replies, by route and status', labelNames },
    registers: [registry],
  })
  const durations = new Histogram({
    ...{ name: 'custody_http_request_seconds', help: 'From the request to its reply', labelNames: ['route'] },
    ...{ buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 8], registers: [registry] },
  })
  new Gauge({
    ...{ name: 'custody_sealed', help: '1 while the token is not logged in', registers: [registry] },
    aggregator: 'max',
    collect() {
      this.set(token.sealed === null ? 0 : 1)
    },
  })

  new Gauge({
    ...{ name: 'custody_clock_moved', help: '1 while a clock is not trusted', registers: [registry] },
    aggregator: 'max',
    async collect() {
      const at = await clock.trusted().catch(() => null)
      if (at !== null) this.set(at.ok ? 0 : 1)
    },
  })

  const cosigning = new Gauge({
    ...{
      name: 'custody_audit_witness',
      help: '1 while a witness cosigned within ten minutes',
      registers: [registry],
    },
    ...{ aggregator: 'max', labelNames: ['witness'] },
    async collect() {
      for (const { name, cosignedAt } of await witnessStates(database, witnesses).catch(() => []))
        cosigning.set({ witness: name }, Date.now() - (cosignedAt?.getTime() ?? 0) < 600_000 ? 1 : 0)
    },
  })

  workerFigures?.onFigures(async () => registry.getMetricsAsJSON())
  const figures = async () => {
    if (workerFigures === null) return registry.metrics()
    return AggregatorRegistry.aggregate(await workerFigures.allFigures()).metrics()
  }

  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? '*'
    requests.inc({ method: request.method, route, status: String(reply.statusCode) })
    durations.observe({ route }, reply.elapsedTime / 1000)
    done()
  })

  const { read } = operationsOf(metricsTable({ figures }), openPipeline({ record, approvals: unapproved }))
  openRest(app, authentication)(read, 'GET /metrics', {
    summary: 'Figures for Prometheus',
    content: { 'text/plain': text },
    send: (figures, { reply }) => reply.type(registry.contentType).send(figures),
  })
}

export const metricsTable = ({ figures }: { readonly figures: () => Promise<string> }) => ({
  read: entry({
    ...reads,
    name: 'metrics.read',
    input: {},
    find: () => accept(null),
    permissions: () => [{ action: 'metrics.read', resource: { kind: 'deployment' }, key: null }],
    run: async () => accept(await figures()),
  }),
})
