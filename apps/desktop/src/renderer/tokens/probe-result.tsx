import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { ProbeCheck, ProbeView } from '../../contract/index.ts'
import { Outcome, type Tone } from '../components/outcome.tsx'
import { useFormats } from '../i18n/format.ts'
import { useSaid } from '../i18n/said.ts'
import { AttackGrid, attackIds } from './attack-grid.tsx'

const tones: Record<ProbeCheck['outcome'], Tone> = {
  held: 'good',
  broken: 'bad',
  undecided: 'warn',
  unsupported: 'none',
}

/** Each attack by name, ours that must hold apart from the token's own defaults, which are only told. */
export function ProbeResult({ probe }: { probe: ProbeView }) {
  const { t } = useTranslation()
  const format = useFormats()
  const some = (one: ProbeCheck['outcome']) =>
    probe.checks.some(({ template, outcome }) => template === 'hardened' && outcome === one)
  const said = probe.passed ? 'held' : some('broken') ? 'broken' : some('undecided') ? 'undecided' : 'untried'
  return (
    <div className="panel">
      <div className="row">
        <Outcome tone={({ held: 'good', broken: 'bad', undecided: 'warn', untried: 'warn' } as const)[said]}>
          <strong>{t(`tokens.probe-${said}`)}</strong>
        </Outcome>
        <span className="quiet">
          <Rec>{format.time(probe.at)}</Rec>
        </span>
      </div>
      <AttackGrid checks={probe.checks} />
      {probeGroups.map((template) => {
        const checks = probe.checks.filter((check) => check.template === template)
        if (checks.length === 0) return null
        return (
          <section key={template ?? 'known-answers'} className="ruled">
            <h3 className="group">
              {t(template === null ? 'tokens.known-answers' : `tokens.template.${template}`)}
            </h3>
            <ul className="list">
              {checks.map((check) => (
                <Check
                  key={`${check.id} ${check.mechanism ?? ''}`}
                  check={check}
                  place={attackIds(probe.checks).indexOf(check.id) + 1}
                />
              ))}
            </ul>
          </section>
        )
      })}
    </div>
  )
}

const probeGroups = ['hardened', 'default', null] as const

function Check({
  check: { id, template, outcome, detail, said, mechanism },
  place,
}: {
  check: ProbeCheck
  /** Of its attack, as the grid numbers them. */
  place: number
}) {
  const { t, i18n } = useTranslation()
  const textOf = useSaid()
  const known = i18n.exists(`probe.${id}`)
  // What the token's own defaults let through is no failure of the token: our keys never use them.
  const tone = template === 'default' && outcome === 'broken' ? 'warn' : tones[outcome]
  return (
    <li className="row tight">
      <span className="row-text">
        <span {...(template === null ? {} : { className: 'attack-name', 'data-place': place })}>
          {mechanism !== undefined ? <Code>{mechanism}</Code> : known ? t(`probe.${id}`) : <Code>{id}</Code>}
        </span>
        {detail === '' ? null : <span className="quiet">{textOf(said) ?? <Rec>{detail}</Rec>}</span>}
      </span>
      <Outcome tone={tone}>
        {t(template === null ? `tokens.answer.${outcome}` : `tokens.attack.${outcome}`)}
      </Outcome>
    </li>
  )
}
