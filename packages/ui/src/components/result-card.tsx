import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from './icon.tsx'

type ResultState = 'done' | 'differs' | 'failed'

const icons: Record<ResultState, IconName> = { done: 'check', differs: 'alert', failed: 'cross' }

/** The result of a step: its heading, one large value, some facts, and who saw it. */
export function ResultCard({
  state,
  title,
  text,
  evidence,
  facts = [],
  foot,
}: {
  state: ResultState
  title: ReactNode
  text?: ReactNode
  /** The value that people read aloud or compare, shown large. */
  evidence?: ReactNode
  facts?: readonly { name: ReactNode; value: ReactNode }[]
  foot?: ReactNode
}) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <section className="result-card" data-state={state} aria-labelledby={id}>
      <header className="result-head">
        <span className="result-disc">
          <Icon name={icons[state]} size={28} />
        </span>
        <div>
          <h3 id={id} className="result-title">
            {title}
          </h3>
          <span className="visually-hidden">{t(`ui.result.${state}`)}</span>
          {text === undefined ? null : <p className="result-text">{text}</p>}
        </div>
      </header>
      {evidence === undefined ? null : <div className="result-evidence">{evidence}</div>}
      {facts.length === 0 ? null : (
        <dl className="result-facts">
          {facts.map(({ name, value }, at) => (
            // Facts never change their order.
            // biome-ignore lint/suspicious/noArrayIndexKey: a name may come twice
            <div key={at}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {foot === undefined ? null : <footer className="result-foot">{foot}</footer>}
    </section>
  )
}
