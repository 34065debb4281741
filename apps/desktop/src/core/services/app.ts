import { statfsSync } from 'node:fs'
import { networkInterfaces, release, type } from 'node:os'
import { selfTest } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import type { AppInfo } from '../../contract/index.ts'
import type { ServiceContext } from './shared/service-context.ts'

let tested: AppInfo['selfTest'] | null = null

/** Known answers of every primitive, once per start. */
export function testedPrimitives(): AppInfo['selfTest'] {
  tested ??= selfTest().map(({ name, ok }) => ({ name, passed: ok, detail: '' }))
  return tested
}

export async function appInfo({ store, hsm, clock, program, training }: ServiceContext): Promise<AppInfo> {
  const { bavail, blocks, bsize } = statfsSync(store.path)
  return {
    version: program.measurement.version,
    build: program.measurement.build,
    node: process.version,
    system: `${type()} ${release()}`,
    store: store.path,
    training,
    library: libraryOf(hsm),
    tokens: await tokensOf(hsm),
    selfTest: testedPrimitives(),
    interfaces: Object.entries(networkInterfaces())
      .filter(([, addresses]) => addresses?.some(({ internal }) => !internal))
      .map(([name]) => name),
    clock: clock.now(),
    disk: { free: bavail * bsize, total: blocks * bsize },
  }
}

function libraryOf(hsm: ServiceContext['hsm']): AppInfo['library'] {
  try {
    const { path, description, version, sha256 } = hsm().library
    return { path, description, version, sha256 }
  } catch (error) {
    if (error instanceof HsmError) return null
    throw error
  }
}

/** Empty where there is no library, or one that cannot list its tokens now: the tokens' own screen says why. */
async function tokensOf(hsm: ServiceContext['hsm']): Promise<AppInfo['tokens']> {
  try {
    return (await hsm().tokens())
      .filter(({ initialised }) => initialised)
      .map(({ manufacturer, model }) => ({ manufacturer, model }))
  } catch (error) {
    if (error instanceof HsmError) return []
    throw error
  }
}
