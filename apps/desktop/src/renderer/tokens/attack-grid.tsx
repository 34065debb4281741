import { Icon, type IconName } from '@lux/ui'
import { Heading } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { ProbeCheck } from '../../contract/index.ts'

type Outcome = ProbeCheck['outcome']
type Template = 'hardened' | 'default'

/** By how much each answer says about the token, the worst first. */
const worst: readonly Outcome[] = ['broken', 'undecided', 'unsupported', 'held']
const icons: Record<Outcome, IconName> = {
  held: 'check',
  broken: 'cross',
  undecided: 'alert',
  unsupported: 'dash',
}

/** What came of each attack: the worst of its answers, in the order in which the attacks are listed; null where it was not made. */
export function outcomesOf(checks: readonly ProbeCheck[], template: Template): (Outcome | null)[] {
  return attackIds(checks).map((id) => {
    const own = checks.filter((check) => check.template === template && check.id === id)
    return worst.find((outcome) => own.some((check) => check.outcome === outcome)) ?? null
  })
}

export function attackIds(checks: readonly ProbeCheck[]): string[] {
  return [...new Set(checks.filter(({ template }) => template !== null).map(({ id }) => id))]
}

/** The result before anything else: how our keys and the token’s own kind of keys stood the same attacks. */
export function AttackGrid({ checks }: { checks: readonly ProbeCheck[] }) {
  const { t } = useTranslation()
  const [ours, theirs] = [outcomesOf(checks, 'hardened'), outcomesOf(checks, 'default')]
  const count = (all: readonly (Outcome | null)[], one: Outcome): number =>
    all.filter((outcome) => outcome === one).length
  const tried = (all: readonly (Outcome | null)[]): number => all.filter((outcome) => outcome !== null).length
  return (
    <div className="panel-body attack-head">
      <Heading as="h3" size="6">
        {t('tokens.grid.ours', { held: count(ours, 'held'), all: tried(ours) })}{' '}
        {tried(theirs) === 0
          ? null
          : t('tokens.grid.theirs', { lost: count(theirs, 'broken'), all: tried(theirs) })}
      </Heading>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <section className="attack-scroll" tabIndex={0} aria-label={t('tokens.grid.attack')}>
        <table className="attack-grid">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">{t('tokens.grid.attack')}</span>
              </th>
              {ours.map((_, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: an attack is its place
                <th key={at} scope="col">
                  {at + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(
              [
                ['hardened', ours],
                ['default', theirs],
              ] as const
            ).map(([template, all]) =>
              tried(all) === 0 ? null : (
                <tr key={template}>
                  <th scope="row">{t(`tokens.grid.row.${template}`)}</th>
                  {all.map((outcome, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: an attack is its place
                    <td key={at}>
                      {outcome === null ? null : (
                        <span className="attack-cell" data-outcome={outcome}>
                          <Icon name={icons[outcome]} />
                          <span className="visually-hidden">{t(`tokens.attack.${outcome}`)}</span>
                        </span>
                      )}
                    </td>
                  ))}
                </tr>
              ),
            )}
          </tbody>
        </table>
      </section>
    </div>
  )
}
