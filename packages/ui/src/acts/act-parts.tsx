import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from '../components/icon.tsx'
import { Code, Rec } from '../components/record.tsx'
import { type Line, Lines, Prints } from './lines.tsx'
import { Said, type Told } from './said.tsx'

type Mark = 'new' | 'changed' | 'gone'
type About = 'key' | 'place' | 'share' | 'people' | 'rule' | 'lost'
type At = 'lives' | 'wrapped' | 'share' | null

/** What a signature is asked for, described by the domain from the very bytes. */
export type ShownAct = {
  readonly what: string
  /** In place of what a signature of this kind is asked for. */
  readonly title?: ReactNode
  /** In place of the names of the two boxes of lines. */
  readonly boxes?: { readonly proved: string; readonly claimed: string }
  readonly act: {
    readonly changes: readonly {
      readonly about: About
      readonly told: Told
      readonly mark?: Mark
      readonly was?: Told
    }[]
    readonly people: readonly {
      readonly name: string
      readonly roles: readonly string[]
      readonly mark?: Mark
    }[]
    readonly keys: {
      readonly places: readonly {
        readonly kind: 'token' | 'servers' | 'bundle' | 'people'
        readonly name: string
        readonly count: number
      }[]
      readonly rows: readonly {
        readonly name: string
        readonly depth: number
        readonly at: readonly At[]
        readonly mark?: Mark
      }[]
    } | null
    readonly devices: readonly {
      readonly kind: 'token' | 'server'
      readonly name: string
      readonly serial: string | null
      readonly make: string
      readonly mark?: Mark
      readonly was?: string
    }[]
    readonly claims: readonly Line[]
    readonly prints: readonly Line[]
    readonly since: Told | null
  }
  readonly facts: readonly (Line & { readonly whose: 'proved' | 'unchecked' | 'claimed' })[]
  readonly fresh: readonly (readonly string[])[]
  readonly claims: readonly string[]
  readonly text: readonly string[]
  readonly digest: string
}

type Part<Name extends string> = { readonly name: Name; readonly title: ReactNode; readonly body: ReactNode }
export type ActPart = Part<'asks' | 'people' | 'keys' | 'devices' | 'fresh' | 'claims' | 'words'>

/**
 * The parts of an act in the order in which people read them: what changes, what is only claimed, the words. Only a part with something in
 * it is there. `words`: how this device has its words compared. `under`: what this device knows of the policy behind it.
 */
export function useActParts(shown: ShownAct, words: ReactNode, under?: ReactNode): ActPart[] {
  const { t } = useTranslation()
  const { what, act, facts, fresh, claims, text, digest, title, boxes } = shown
  const proved = facts.filter(({ whose, print }) => whose === 'proved' && print !== true)
  const claimed = facts.filter(({ whose }) => whose !== 'proved')
  const prints = facts.filter(({ whose, print }) => whose === 'proved' && print === true)
  const parts: (ActPart | false)[] = [
    {
      name: 'asks',
      title: title ?? t(`act.asks.${what}`),
      body: (
        <>
          {under}
          <section className="card">
            <Changes changes={act.changes} />
            {act.since === null ? null : (
              <p className="quiet">
                <Said told={act.since} />
              </p>
            )}
          </section>
          {proved.length === 0 ? null : (
            <Lines kind="proved" title={boxes?.proved ?? t('act.bytes')} lines={proved} />
          )}
          {claimed.length === 0 ? null : (
            <Lines
              kind="claimed"
              title={boxes?.claimed ?? t(what === 'exception' ? 'act.written' : 'act.claimed')}
              lines={claimed}
            />
          )}
        </>
      ),
    },
    act.people.length > 0 && {
      name: 'people',
      title: t('act.people', { count: act.people.filter(({ mark }) => mark !== 'gone').length }),
      body: <People people={act.people} />,
    },
    act.keys !== null && {
      name: 'keys',
      title: t('act.keys', { count: act.keys.rows.length }),
      body: <Keys {...act.keys} />,
    },
    act.devices.length > 0 && {
      name: 'devices',
      title: t('act.devices'),
      body: <Devices devices={act.devices} />,
    },
    fresh.length > 0 && {
      name: 'fresh',
      title: t('act.fresh', { count: fresh.length }),
      body: <Fresh entries={fresh} />,
    },
    act.claims.length + claims.length > 0 && {
      name: 'claims',
      title: t('act.unproved'),
      body: <Claims lines={act.claims} remarks={claims} />,
    },
    {
      name: 'words',
      title: t('act.words'),
      body: (
        <>
          {words}
          <Prints lines={[...prints, ...act.prints, { name: 'digest', value: digest, print: true }]} />
          {text.length === 0 ? null : (
            <details>
              <summary>{t('act.text')}</summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
              <pre className="document" dir="ltr" lang="en" tabIndex={0} data-record="">
                {text.join('\n')}
              </pre>
            </details>
          )}
        </>
      ),
    },
  ]
  return parts.filter((one) => one !== false)
}

const icons: Record<About, IconName> = {
  key: 'key',
  place: 'bundles',
  share: 'holders',
  people: 'approvals',
  rule: 'transcript',
  lost: 'alert',
}

function Marked({ mark }: { mark: Mark | undefined }) {
  const { t } = useTranslation()
  return mark === undefined ? null : <span className="act-mark">{t(`act.mark.${mark}`)}</span>
}

function Changes({ changes }: Pick<ShownAct['act'], 'changes'>) {
  const { t } = useTranslation()
  return (
    <ul className="plain act-changes">
      {changes.map(({ about, told, mark, was }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two sentences may be alike
        <li key={`${at} ${told.text}`} data-about={about} data-mark={mark}>
          <Icon name={icons[about]} size={20} />
          <span>
            <Said told={told} /> <Marked mark={mark} />
            {was === undefined ? null : (
              <span className="quiet act-was">
                {t('act.was')} <Said told={was} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

function People({ people }: Pick<ShownAct['act'], 'people'>) {
  const { t } = useTranslation()
  return (
    <ul className="card plain act-people">
      {people.map(({ name, roles, mark }) => (
        <li key={name} data-mark={mark}>
          <strong>
            <Rec>{name}</Rec>
          </strong>{' '}
          <Marked mark={mark} />
          <span className="quiet">{roles.map((role) => t(`roles.${role}`)).join(' · ')}</span>
        </li>
      ))}
    </ul>
  )
}

/** Each key under the one that wraps it, beside the places where it will be. */
function Keys({ places, rows }: NonNullable<ShownAct['act']['keys']>) {
  const { t } = useTranslation()
  return (
    <ul className="card plain act-keys">
      {rows.map(({ name, depth, at, mark }) => (
        <li key={`${depth} ${name}`}>
          <span className="act-key" data-depth={depth}>
            <Icon name={at.includes('share') && !at.includes('lives') ? 'holders' : 'key'} size={20} />
            <strong>
              <Rec>{name}</Rec>
            </strong>
            <Marked mark={mark} />
          </span>
          <ul className="plain act-places">
            {places.map((place, index) => {
              const how = at[index] ?? null
              return how === null ? null : (
                <li key={`${place.kind} ${place.name}`} data-at={how}>
                  <span className="act-dot" aria-hidden="true" />
                  <span>
                    {place.kind === 'token' ? (
                      <Rec>{place.name}</Rec>
                    ) : (
                      t(`act.place.${place.kind}`, { count: place.count })
                    )}{' '}
                    <span className="quiet">{t(`act.at.${how}`)}</span>
                  </span>
                </li>
              )
            })}
          </ul>
        </li>
      ))}
    </ul>
  )
}

function Devices({ devices }: Pick<ShownAct['act'], 'devices'>) {
  const { t } = useTranslation()
  return (
    <ul className="plain act-devices">
      {devices.map(({ kind, name, serial, make, mark, was }) => (
        <li key={`${kind} ${name}`} className="card" data-mark={mark}>
          <span className="act-key">
            <Icon name={kind === 'token' ? 'tokens' : 'wall'} size={20} />
            <strong>
              <Rec>{name}</Rec>
            </strong>
            <Marked mark={mark} />
          </span>
          {kind === 'server' ? (
            <span className="quiet">{t('act.server')}</span>
          ) : serial === null ? (
            <span className="quiet">{t('act.serial-new')}</span>
          ) : (
            <span>
              {t('act.serial')} <Code>{serial}</Code>
            </span>
          )}
          {was === undefined ? null : (
            <span className="quiet">
              {t('act.was')} <Code>{was}</Code>
            </span>
          )}
          {make === '' ? null : (
            <span className="quiet">
              <Rec>{make}</Rec>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

/** One line for each entry, which opens to its whole text. */
function Fresh({ entries }: { entries: ShownAct['fresh'] }) {
  return (
    <section className="card">
      <ol className="plain lines" lang="en">
        {entries.map(([head = '', ...lines]) => (
          <li key={head}>
            <details>
              <summary>
                <Rec>{head.trim()}</Rec>
              </summary>
              <pre className="document">{lines.join('\n')}</pre>
            </details>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What the bytes cannot prove, and what the workstation alone says. */
function Claims({ lines, remarks }: { lines: readonly Line[]; remarks: readonly string[] }) {
  const { t } = useTranslation()
  return (
    <>
      {lines.length === 0 ? null : <Lines kind="claimed" title={t('act.nobody')} lines={lines} />}
      {remarks.length === 0 ? null : (
        <section className="card claimed">
          <h2>
            <Icon name="holders" size={20} />
            {t('act.workstation')}
          </h2>
          <ul className="plain lines" lang="en">
            {remarks.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
              <li key={`${at} ${line}`}>
                <Rec>{line}</Rec>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
