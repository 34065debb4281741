import { variable } from './environment.ts'
import type { Telemetry } from './otlp.ts'

export type { Telemetry }

const silent: Telemetry = {
  observe: () => undefined,
  around: (_call, _operation, run) => run(),
  close: async () => undefined,
}

/** None where OTEL_EXPORTER_OTLP_ENDPOINT is not set. */
export async function openTelemetry(deployment: string): Promise<Telemetry> {
  if (variable('OTEL_EXPORTER_OTLP_ENDPOINT') === undefined) return silent
  // Loaded where it is used: few servers do.
  const { openOtlp } = await import('./otlp.ts')
  return openOtlp(deployment)
}
