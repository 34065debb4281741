import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, softTokenEnvironment, startHsm, type Token } from '../../src/index.ts'
import { sharedNames, shim } from '../shim.ts'
import { soPin, utf8 } from '../soft-token-bench.ts'

const folder = join(import.meta.dirname, 'vendors')

export const vendors: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.rules'))
  .map((name) => name.replace('.rules', ''))
  .sort()

type Rule = {
  readonly variant: string | null
  readonly text: string
  readonly mark: string
  readonly source: string
}

/** The rules of a make, and its variants: the first is the one of every run. */
export function rulesOf(vendor: string): { rules: readonly Rule[]; variants: readonly string[] } {
  const lines = readFileSync(join(folder, `${vendor}.rules`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [first = ''] = lines.filter((line) => line.startsWith('variants '))
  const rules = lines
    .filter((line) => line !== first)
    .map((line): Rule => {
      const [rule = '', mark = '', source = ''] = line.split(' | ')
      const [, variant = null, text = ''] = /^(?:\[([a-z-]+)\] )?(.*)$/.exec(rule) ?? []
      return { variant, text, mark, source }
    })
  return { rules, variants: first === '' ? ['as-read'] : first.split(' ').slice(1) }
}

/** What its PIN looks like, where it is not one of our usual ones. */
const pins: Readonly<Record<string, string>> = { yubihsm: '0001password', cloudhsm: 'user:password1' }

export type StandIn = {
  readonly hsm: Hsm
  readonly token: Token
  readonly library: string
  readonly environment: Readonly<Record<string, string>>
  readonly serial: string
  readonly pin: () => Uint8Array
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
    close: async () => {
      await hsm.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
