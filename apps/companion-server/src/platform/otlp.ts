import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Outcome } from '../refusal.ts'
import { variable } from './environment.ts'
import type { App } from './http/app-type.ts'

/**
 * Traces and metrics for a collector: a span of each HTTP request and, below it, of each operation. They say which route, operation, door
 * and outcome, and nothing of who asked, for what key, or with what data.
 */
export type Telemetry = {
  observe(app: App): void
  /** Runs an operation, and says by which door it came and what came of it. */
  around<T>(
    call: { readonly door: string; readonly reqId: string },
    operation: string,
    run: () => Promise<Outcome<T>>,
  ): Promise<Outcome<T>>
  close(): Promise<void>
}

/** What is kept for a collector that is away; what is more is dropped. */
const maxSpans = 2048
const exportMs = 4000

/** By the names of the standard, which the exporters read of the environment themselves. */
export function openOtlp(deployment: string): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': variable('OTEL_SERVICE_NAME') ?? 'custody-server',
    'service.namespace': deployment,
  })
  const spans = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ timeoutMillis: exportMs }),
    maxQueueSize: maxSpans,
    exportTimeoutMillis: exportMs,
    scheduledDelayMillis: Number(variable('OTEL_BSP_SCHEDULE_DELAY') ?? 5000),
  })
  const tracing = new TracerProvider({ resource, spanProcessors: [spans] })
  const interval = Number(variable('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000)
  const metering = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ timeoutMillis: exportMs }),
        exportIntervalMillis: interval,
        exportTimeoutMillis: Math.min(exportMs, interval),
      }),
    ],
  })
  const tracer = tracing.getTracer('custody-server')
  const meter = metering.getMeter('custody-server')
  const requests = meter.createHistogram('http.server.request.duration', { unit: 's' })
  const operations = meter.createCounter('custody.operations')
  /** Those under way, by the request's id, which the operation's call has too. */
  const open = new Map<string, Span>()

  return {
    observe(app) {
      app.addHook('onRequest', async (request) => {
        const { method } = request
        const route = request.routeOptions.url ?? '*'
        const attributes = { 'http.request.method': method, 'http.route': route }
        const span = tracer.startSpan(
          `${method} ${route}`,
          { kind: SpanKind.SERVER, attributes },
          parentOf(request.headers.traceparent),
        )
        open.set(request.id, span)
      })
      app.addHook('onResponse', async (request, reply) => {
        const { statusCode, elapsedTime } = reply
        const span = open.get(request.id)
        open.delete(request.id)
        span?.setAttribute('http.response.status_code', statusCode)
        if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
        span?.end()
        requests.record(elapsedTime / 1000, {
          'http.request.method': request.method,
          'http.route': request.routeOptions.url ?? '*',
          'http.response.status_code': statusCode,
        })
      })
      app.addHook('onRequestAbort', async (request) => {
        open.get(request.id)?.end()
        open.delete(request.id)
      })
    },

    async around(call, operation, run) {
      const above = open.get(call.reqId)
      const within = above === undefined ? ROOT_CONTEXT : trace.setSpan(context.active(), above)
      const span = tracer.startSpan(operation, { attributes: { 'custody.door': call.door } }, within)
      let outcome = 'INTERNAL'
      try {
        const done = await run()
        outcome = done.ok ? 'ok' : done.rule
        return done
      } catch (error) {
        if (error instanceof Error && 'code' in error) outcome = String(error.code)
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.setAttribute('custody.outcome', outcome)
        span.end()
        operations.add(1, {
          'custody.operation': operation,
          'custody.door': call.door,
          'custody.outcome': outcome,
        })
      }
    },

    async close() {
      // Rejects where the collector is away.
      await Promise.allSettled([tracing.shutdown(), metering.shutdown()])
    },
  }
}

/** W3C Trace Context: the caller's span, of which this one is a part. */
function parentOf(header: string | string[] | undefined) {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(String(header ?? '')) ?? []
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags ?? '0', 16) & 1
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}
