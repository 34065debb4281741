import { utf8 } from '@lux/crypto'
import { writeDurably } from '@lux/node-files'
import type { InputOf } from '../../contract/index.ts'
import { appInfo } from './app.ts'
import type { ServiceContext } from './shared/service-context.ts'

/** What support needs: versions, self-test, states and refusal codes. No key, no PIN, no person's name. */
export async function saveReport(
  parts: ServiceContext,
  asked: InputOf<'report.save'>,
): Promise<{ path: string; bytes: number }> {
  parts.paths.write(asked.path)
  const runs = [...parts.runs.all()].map(([id, { run }]) => {
    const view = run.view()
    return {
      id,
      domain: view.domain,
      state: view.state,
      at: view.current,
      exceptions: view.exceptions.map(({ step, about }) => ({ step, about })),
      stuck: run.internalRefusal?.rule ?? null,
    }
  })
  const bytes = utf8(
    `${JSON.stringify({ made: parts.clock.now(), app: await appInfo(parts), runs }, null, 2)}\n`,
  )
  writeDurably(asked.path, bytes)
  return { path: asked.path, bytes: bytes.length }
}
