import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../components/icon.tsx'
import { Code, Rec } from '../components/record.tsx'
import { Said, type Told } from './said.tsx'
import { isTime, timeOf } from './time.ts'

/** A line to read before a yes. `print`: a digest, a key or a recipient, which nobody reads. */
export type Line = {
  readonly name: string
  readonly value: string
  readonly told?: Told
  readonly print?: true
}

type LinesProps = {
  kind: 'proved' | 'claimed'
  title: string
  lines: readonly Line[]
  children?: ReactNode
}

/** Lines of what is proved, and of what is only claimed. The two are never in one box. A fingerprint opens on a press. */
export function Lines({ kind, title, lines, children }: LinesProps) {
  return (
    <section className={`card ${kind}`}>
      <h2>
        <Icon name={kind === 'proved' ? 'check' : 'holders'} size={20} />
        <Rec>{title}</Rec>
      </h2>
      <dl>
        {lines
          .filter(({ print }) => print !== true)
          .map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
            <Row key={`${at} ${line.name}`} name={line.name}>
              {line.told !== undefined ? (
                <Said told={line.told} />
              ) : isTime(line.value) ? (
                <bdi data-record="">{timeOf(line.value)}</bdi>
              ) : (
                <Rec>{line.value}</Rec>
              )}
            </Row>
          ))}
        {children}
      </dl>
      <Prints lines={lines.filter(({ print }) => print === true)} />
    </section>
  )
}

/** What only machines read, folded. */
export function Prints({ lines }: { lines: readonly Line[] }) {
  const { t } = useTranslation()
  if (lines.length === 0) return null
  return (
    <details>
      <summary>{t('act.machines')}</summary>
      <dl className="prints">
        {lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
          <Row key={`${at} ${line.name}`} name={line.name}>
            {line.told === undefined ? <Code>{line.value}</Code> : <Said told={line.told} />}
          </Row>
        ))}
      </dl>
    </details>
  )
}

export function Row({ name, children }: { name: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div>
      <dt>{t(`act.line.${name.replaceAll(' ', '-')}`)}</dt>
      <dd>{children}</dd>
    </div>
  )
}
