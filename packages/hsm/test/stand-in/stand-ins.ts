import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, softTokenEnvironment, startHsm, type Token } from '../../src/index.ts'
import { sharedNames, shim } from '../shim.ts'
import { soPin, utf8 } from '../soft-token-bench.ts'
import { rulesOf } from './rules.ts'

/** What its PIN looks like, where it is not one of our usual ones. */
const pins: Readonly<Record<string, string>> = { yubihsm: '0001password', cloudhsm: 'user:password1' }

export type StandIn = {
  readonly hsm: Hsm
  readonly token: Token
  readonly library: string
  readonly environment: Readonly<Record<string, string>>
  readonly serial: string
  readonly pin: () => Uint8Array
  /** The idle time of the make has passed by the next call. */
  idle(): void
  close(): Promise<void>
}

/** A token of the make, set up by its vendor's tool, and a host on it. */
export async function startStandIn(vendor: string, variant: string, pin = pins[vendor]): Promise<StandIn> {
  const dir = mkdtempSync(join(tmpdir(), `lux-stand-in-${vendor}-`))
  const { library: real, environment } = softTokenEnvironment(dir)
  const userPin = () => utf8(pin ?? '12345678')
  const maker = await startHsm({ library: real, environment })
  await maker.token('new').initialise({ label: vendor, soPin: soPin(), userPin: userPin() })
  await maker.close()
  const library = shim(import.meta.dirname, dir, [sharedNames])
  const said = rulesOf(vendor).rules.filter((rule) => rule.variant === null || rule.variant === variant)
  writeFileSync(`${library}.rules`, said.map(({ text }) => `${text}\n`).join(''))
  const hsm = await startHsm({ library, environment })
  const [seen] = await hsm.tokens()
  if (seen === undefined) throw new Error(`${vendor}: no token is there`)
  return {
    hsm,
    token: hsm.token(seen.serial),
    library,
    environment,
    serial: seen.serial,
    pin: userPin,
    idle: () => writeFileSync(`${library}.idle`, ''),
    close: async () => {
      await hsm.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
