import { sayingText, tokenRoles, tryRoles } from '../../src/index.ts'
import type { MakeShown } from './rules.ts'
import { startStandIn } from './stand-ins.ts'

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
    const { roles, lacks } = await tryRoles(token, report, { user: pin, so: pin })
    return {
      vendor,
      variant,
      profile,
      wrap: report.knownAnswers.chosen?.standard ?? null,
      held: outcome('held'),
      broken: outcome('broken'),
      open: outcome('undecided', 'not-applicable'),
      roles: JSON.parse(
        steady(
          JSON.stringify(
            Object.fromEntries(
              tokenRoles.map((role) => [role, roles[role]?.map(sayingText).join('; ') ?? null]),
            ),
          ),
          serial,
        ),
      ),
      lacks,
      left: (await token.inventory()).objects.length,
    }
  } finally {
    await close()
  }
}
