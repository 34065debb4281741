import { readFileSync } from 'node:fs'
import { type RolesShown, rolesOf } from './roles.ts'
import { startStandIn } from './stand-ins.ts'

/** What the stand-in of a make has shown: the probe, and what its keys can be for. */
export type MakeShown = {
  readonly vendor: string
  readonly variant: string
  readonly profile: string
  /** The standard of the wrap mechanism with a known answer. */
  readonly wrap: string | null
  /** Attacks on the hardened template, by name. */
  readonly held: readonly string[]
  readonly broken: readonly string[]
  readonly open: readonly string[]
  readonly roles: RolesShown
  /** What it does not take of an officer's pair, or says otherwise. */
  readonly lacks: readonly string[]
  /** Objects that are there afterwards. */
  readonly left: number
}

/** Serial numbers that SoftHSM made, and identifiers, differ from run to run. */
const steady = (text: string, serial: string) =>
  text.replaceAll(serial, 'SERIAL').replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')

export async function showMake(vendor: string, variant: string): Promise<MakeShown> {
  const { token, pin, serial, close } = await startStandIn(vendor, variant)
  try {
    await token.logIn({ user: 'user', pin: pin() })
    const { profile } = await token.info()
    const report = await token.probe()
    const outcome = (...wanted: string[]) =>
      report.attacks
        .filter((one) => one.template === 'hardened' && wanted.includes(one.outcome))
        .map(({ name }) => name)
        .sort()
    const { roles, lacks } = await rolesOf(token, report, pin)
    return {
      vendor,
      variant,
      profile,
      wrap: report.knownAnswers.chosen?.standard ?? null,
      held: outcome('held'),
      broken: outcome('broken'),
      open: outcome('undecided', 'not-applicable'),
      roles: JSON.parse(steady(JSON.stringify(roles), serial)),
      lacks,
      left: (await token.inventory()).objects.length,
    }
  } finally {
    await close()
  }
}

export const resultsPath = new URL('../../../../results/stand-ins.json', import.meta.url)

/** What the nightly run has kept. */
export const shownBefore = (): readonly MakeShown[] => JSON.parse(readFileSync(resultsPath, 'utf8')).rows
