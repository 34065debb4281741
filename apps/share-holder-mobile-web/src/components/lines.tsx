import type { Line } from '@lux/people'
import { Code, Icon, Rec } from '@lux/ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Said } from './said.tsx'
import { isTime, timeOf } from './time.ts'

/** Lines of what is proved, and of what is only claimed. The two are never in one box. A fingerprint opens on a press. */
export function Lines({
  kind,
  title,
  lines,
  children,
}: {
  kind: 'proved' | 'claimed'
  title: string
  lines: readonly Line[]
  children?: ReactNode
}) {
  const { t } = useTranslation()
  const named = lines.filter(({ print }) => print !== true)
  const prints = lines.filter(({ print }) => print === true)
  return (
    <section className={`card ${kind}`}>
      <h2>
        <Icon name={kind === 'proved' ? 'check' : 'holders'} size={20} />
        <Rec>{title}</Rec>
      </h2>
      <dl>
        {named.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
          <Row key={`${at} ${line.name}`} name={line.name}>
            {line.told !== undefined ? (
              <Said told={line.told} />
            ) : isTime(line.value) ? (
              timeOf(line.value)
            ) : (
              <Rec>{line.value}</Rec>
            )}
          </Row>
        ))}
        {children}
      </dl>
      {prints.length === 0 ? null : (
        <details>
          <summary>{t('phone.fingerprints')}</summary>
          <dl className="prints">
            {prints.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
              <Row key={`${at} ${line.name}`} name={line.name}>
                {line.told === undefined ? <Code>{line.value}</Code> : <Said told={line.told} />}
              </Row>
            ))}
          </dl>
        </details>
      )}
    </section>
  )
}

export function Row({ name, children }: { name: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div>
      <dt>{t(`phone.line.${name.replaceAll(' ', '-')}`)}</dt>
      <dd>{children}</dd>
    </div>
  )
}
