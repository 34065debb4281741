import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openServer } from '../../src/server.ts'
import { freePort } from '../external-kms/support/peers.ts'
import { openKms } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// The real Collector of OpenTelemetry, with its own receiver and an exporter that writes down what it understood. It is built from its
// published Go modules, which takes some minutes once a version.

const release = { stable: 'v1.71.0', beta: 'v0.165.0' }
const packages = [
  `component@${release.stable}`,
  `confmap@${release.stable}`,
  `confmap/provider/fileprovider@${release.stable}`,
  `exporter@${release.stable}`,
  `receiver@${release.stable}`,
  `exporter/debugexporter@${release.beta}`,
  `receiver/otlpreceiver@${release.beta}`,
  `otelcol@${release.beta}`,
  `service@${release.beta}`,
]
const source = `package main

import (
	"context"
	"log"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

func factories() (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](debugexporter.NewFactory())
	own := otelconftelemetry.NewFactory()
	return otelcol.Factories{Receivers: receivers, Exporters: exporters, Telemetry: own}, err
}

func main() {
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{os.Args[1]},
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := collector.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
`

/** The program, built once into .lux. Needs Go. */
function programFile(): string {
  const given = process.env.OTEL_COLLECTOR_BIN
  if (given !== undefined) return given
  const folder = join(import.meta.dirname, '../../../../.lux', `collector-${release.beta}`)
  const program = join(folder, 'collector')
  if (existsSync(program)) return program
  const go = (...args: readonly string[]) =>
    execFileSync('go', args, { cwd: folder, env: { ...process.env, GOFLAGS: '-mod=mod' } })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'go.mod'), 'module lux.test/collector\n\ngo 1.26.0\n')
  writeFileSync(join(folder, 'main.go'), source)
  go('get', ...packages.map((one) => `go.opentelemetry.io/collector/${one}`))
  go('mod', 'tidy')
  go('build', '-trimpath', '-ldflags', '-s -w', '-o', 'collector.part', '.')
  renameSync(`${program}.part`, program)
  return program
}

let folder = ''
let program = ''
let port = 0
let collector: ChildProcess | null = null
/** What the collector that runs has written. */
let written = ''

async function start(): Promise<void> {
  const config = join(folder, 'config.yaml')
  await writeFile(
    config,
    `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${port}
exporters:
  debug:
    verbosity: detailed
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug]
    metrics:
      receivers: [otlp]
      exporters: [debug]
`,
  )
  written = ''
  const child = spawn(program, [`file:${config}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      written += part
    })
  collector = child
  await new Promise<void>((done, failed) => {
    const look = () => written.includes('Everything is ready') && done()
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('exit', (code) => failed(new Error(`the collector ended with ${code}: ${written}`)))
  })
  child.once('exit', () => {
    if (collector === child) collector = null
  })
}

async function stop(): Promise<void> {
  const child = collector
  if (child === null) return
  collector = null
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGKILL')
  await ended
}

beforeAll(async () => {
  program = programFile()
  folder = await makeFolder()
  port = await freePort()
})
afterAll(async () => {
  await stop()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('TELEMETRY-COLLECTOR the real Collector understands spans and metrics, changes no answer when it is gone, and hears again when it is back', async () => {
  await start()
  const kms = await openKms()
  const key = await kms.make('orders-of-a-name')
  await kms.server.app.close()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`)
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50')
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '200')
  const { app } = await openServer(kms.state, false)
  const { clientId, clientSecret } = kms.credentials
  const logIn = await app.inject({
    ...({ method: 'POST', url: '/api/v1/auth/universal-auth/login' } as const),
    payload: { clientId, clientSecret },
  })
  const token = logIn.json().accessToken
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const encrypt = async () => {
    const reply = await app.inject({
      ...({ method: 'POST', url: `/api/v1/kms/keys/${key}/encrypt` } as const),
      headers: { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      payload: { plaintext: 'AAAA' },
    })
    return reply.statusCode
  }
  const heard = (...words: readonly string[]) =>
    vi.waitFor(
      () => {
        for (const word of words) expect(written).toContain(word)
      },
      { timeout: 60_000 },
    )
  const words = ['key.encrypt', 'custody.outcome', 'custody.operations', 'http.server.request.duration']
  expect(await encrypt()).toBe(200)
  await heard(...words, traceId, 'custody-server')
  for (const secret of [token, clientSecret, clientId, key, 'orders-of-a-name', kms.credentials.identity])
    expect(written).not.toContain(secret)

  await stop()
  for (let done = 0; done < 20; done++) expect(await encrypt()).toBe(200)
  await start()
  expect(await encrypt()).toBe(200)
  await heard(...words, traceId)
  await stop()
  // The server stops in order, though nobody hears its last words.
  await app.close()
  await rm(kms.state.root, { recursive: true, force: true })
})
