import { type KeyNode, KeyTree, PersonChip, QuorumRing, Rec } from '@lux/ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'
import { useHere } from '../stores/room.ts'
import { hrefOf } from '../stores/route.ts'
import { minuteOf } from './elapsed.tsx'
import { ForMachines } from './for-machines.tsx'
import { peopleOf } from './run-people.ts'

/** What stands beside every step: the keys, who has signed, who is here, and what was written down. */
export function StageRail({ view, open }: { view: RunView; open: boolean }) {
  const { t } = useTranslation()
  return (
    <aside className="stage-rail" aria-label={t('stage.rail')} data-open={open ? '' : undefined}>
      {view.keys.length === 0 ? null : <Keys view={view} />}
      {view.gathered.length === 0 ? null : <Signatures view={view} />}
      <People view={view} />
      <Remarks view={view} />
      <KeyEvidence keys={view.evidence} />
      <ForMachines view={view} />
    </aside>
  )
}

function Part({ title, end, children }: { title: string; end?: ReactNode; children: ReactNode }) {
  return (
    <section className="rail-part">
      <div className="rail-head">
        <h2>{title}</h2>
        {end}
      </div>
      {children}
    </section>
  )
}

function Keys({ view: { keys } }: { view: RunView }) {
  const { t } = useTranslation()
  const made = keys.filter(({ state }) => state === 'made').length
  const toMake = keys.filter(({ state }) => state !== 'before')
  const nodes = keys.map(
    ({ id, parent, name, level, step, state, madeAt }): KeyNode => ({
      id,
      parent,
      name: level === 'threshold' ? t('stage.key.threshold') : name,
      state,
      note:
        state === 'before'
          ? t('stage.key.before')
          : madeAt !== null
            ? t('stage.key.made', { level: t(`stage.level.${level}`), time: minuteOf(madeAt) })
            : state === 'now'
              ? t('stage.key.now')
              : t('stage.key.step', { level: t(`stage.level.${level}`), step }),
    }),
  )
  const sentence =
    toMake.length === 0
      ? t('stage.key.none')
      : made === 0
        ? t('stage.key.first', { count: toMake.length })
        : t('stage.key.so-far', { made, count: toMake.length })
  return (
    <Part title={t('stage.keys')}>
      <KeyTree keys={nodes} label={t('stage.keys')} sentence={sentence} />
    </Part>
  )
}

function Signatures({ view: { gathered } }: { view: RunView }) {
  const { t } = useTranslation()
  return (
    <Part title={t('stage.signatures')}>
      <ul className="rail-rings">
        {gathered.map(({ what, present, missing, required }) => {
          const voices = [
            ...present.map((name) => ({ name, given: true })),
            ...missing.map((name) => ({ name, given: false })),
          ]
          const enough = present.length >= required
          return (
            <li key={what}>
              <QuorumRing voices={voices} needed={required} size={64} named={false} />
              <span className="rail-ring-text">
                <strong>{t(`stage.gathered.${what}`)}</strong>
                <span className="quiet">
                  {t('stage.gathered-of', { given: present.length, required })}
                  {enough || missing.length === 0 ? null : (
                    <>
                      {' · '}
                      {t('runner.missing')} <Rec>{missing.join(', ')}</Rec>
                    </>
                  )}
                </span>
              </span>
            </li>
          )
        })}
      </ul>
    </Part>
  )
}

function People({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const here = useHere(view)
  const people = peopleOf(view)
  const called = here.length > 0
  const acting = view.current?.actor.name.split(', ') ?? []
  return (
    <Part
      title={
        called ? t('stage.in-the-room', { here: here.length, count: people.length }) : t('runner.people')
      }
    >
      <ul className="rail-people">
        {people.map(({ name, roles }) => (
          <li key={name}>
            <PersonChip
              name={name}
              note={roles.map((role) => t(`roles.${role}`)).join(', ')}
              size="small"
              presence={
                acting.includes(name)
                  ? 'acting'
                  : here.includes(name)
                    ? 'done'
                    : called
                      ? 'absent'
                      : 'expected'
              }
            />
          </li>
        ))}
      </ul>
    </Part>
  )
}

function Remarks({ view: { id, remarks } }: { view: RunView }) {
  const { t } = useTranslation()
  return (
    <Part
      title={t('stage.remarks')}
      end={
        <a className="slot-link" href={hrefOf('transcript', id)}>
          {t('runner.transcript')}
        </a>
      }
    >
      {remarks.length === 0 ? (
        <p className="quiet">{t('stage.no-remarks')}</p>
      ) : (
        <ul className="rail-remarks">
          {remarks.map(({ kind, at, by, text, decided, compared }) => (
            <li key={`${at} ${kind} ${text}`} data-kind={kind}>
              <span className="quiet">
                <bdi data-record="">{minuteOf(at)}</bdi> {t(`stage.remark.${kind}`)}{' '}
                {by === '' ? null : <Rec>{by}</Rec>}
              </span>
              <span>
                {compared === null ? (
                  <Rec>{text}</Rec>
                ) : (
                  t('stage.reading.remark', {
                    what: t(`stage.reading.of.${compared.what}`),
                    card: compared.card,
                  })
                )}
              </span>
              {kind === 'note' ? null : (
                <span className="quiet">
                  {t(decided === null ? 'stage.undecided' : `runner.decision.${decided}`)}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}

/** What each key that was made rests on, as a level and in words, never as a yes. */
function KeyEvidence({ keys }: { keys: RunView['evidence'] }) {
  const { t } = useTranslation()
  if (keys.length === 0) return null
  return (
    <Section title={t('runner.evidence')}>
      <ul className="list ruled" aria-label={t('runner.evidence')}>
        {keys.map(({ id, level, evidence }) => (
          <li key={id} className="row tight">
            <span className="row-text">
              <span>
                {level === 'ceremony' ? t('runner.evidence-ceremony') : <Rec>{id}</Rec>}
                {': '}
                <bdi dir="ltr" data-record="">
                  {evidence}
                </bdi>
              </span>
              <span className="quiet">{t(`tokens.evidence-means.${evidence}`)}</span>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
