import { readFileSync } from 'node:fs'
import type { Hsm, Token } from '../../src/index.ts'

/** What a token calls itself, and what it has shown when it was attacked and tried. */
export type Shown = {
  readonly token: string
  readonly maker: string
  readonly model: string
  readonly firmware: string
  /** The library's own words and version, and that of PKCS#11. */
  readonly library: string
  /** The standard of the wrap mechanism with a known answer. */
  readonly wrap: string | null
  /** Attacks on the hardened template, by name. */
  readonly held: readonly string[]
  readonly broken: readonly string[]
  readonly open: readonly string[]
  readonly passed: boolean
  /** Whether the security officer's mark reads back, measured at initialising; null where the kind has no window. */
  readonly marksTrusted: boolean | null
  readonly proved: number
  readonly tried: number
}

/** Attacks and tries a token that is logged in. */
export async function shownBy(
  name: string,
  hsm: Hsm,
  token: Token,
  marksTrusted: boolean | null,
): Promise<Shown> {
  const { manufacturer, model, firmware } = await token.info()
  const report = await token.probe()
  const capabilities = await token.capabilities({})
  const outcome = (...wanted: string[]) =>
    report.attacks
      .filter((one) => one.template === 'hardened' && wanted.includes(one.outcome))
      .map((one) => one.name)
      .sort()
  const { manufacturer: vendor, description, version, interfaceVersion } = hsm.library
  return {
    token: name,
    maker: manufacturer,
    model,
    firmware,
    library: `${[vendor, description].filter(Boolean).join(', ')} ${version}, PKCS#11 ${interfaceVersion}`,
    wrap: report.knownAnswers.chosen?.standard ?? null,
    held: outcome('held'),
    broken: outcome('broken'),
    open: outcome('undecided', 'not-applicable'),
    passed: report.passed,
    marksTrusted,
    proved: capabilities.filter(({ state }) => state === 'proved').length,
    tried: capabilities.length,
  }
}

/** The table of which the page of tests by token is made, written by write-shown.ts. */
export function shownBefore(): Shown[] {
  return JSON.parse(readFileSync(new URL('./shown.json', import.meta.url), 'utf8')) as Shown[]
}
