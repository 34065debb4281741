import { Code, Rec, WordCards } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'

/** Identifiers, digests and paths, folded away. */
export function ForMachines({ view }: { view: RunView }) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>{t('runner.identity')}</summary>
      <Section title={t('runner.plan')}>
        <WordCards words={view.planWords} hex={view.planHash} label={t('runner.plan-words')} />
        <dl className="facts">
          <dt>{t('runner.ceremony-id')}</dt>
          <dd>
            <Code>{view.id}</Code>
          </dd>
          <dt>{t('runner.policy')}</dt>
          <dd>
            <Code>{view.policyDigest}</Code>
          </dd>
          <dt>{t('runner.folder')}</dt>
          <dd>
            <Code>{view.folder}</Code>
          </dd>
          <dt>{t('runner.tokens')}</dt>
          <dd>
            {view.tokens.map(({ role, serial, label, present }) => (
              <div key={role}>
                <Rec>
                  {role}: {label}
                </Rec>{' '}
                <Code>{serial}</Code> {present ? null : t('runner.token-absent')}
              </div>
            ))}
          </dd>
          <dt>{t('runner.people')}</dt>
          <dd>
            {view.people.map(({ name, role, standIn }) => (
              <div key={`${role} ${name}`}>
                {t(`roles.${role}`)}: <Rec>{name}</Rec> {standIn ? t('runner.stand-in') : null}
              </div>
            ))}
          </dd>
        </dl>
        {view.checkpoints.map(({ size, root, words, signedBy, missing }) => (
          <div key={size} className="section">
            <WordCards words={words} hex={root} label={t('runner.checkpoint', { size })} />
            <span className="quiet">
              {t('runner.cosigned')} <Rec>{signedBy.join(', ')}</Rec>
              {missing.length === 0 ? null : (
                <>
                  {' · '}
                  {t('runner.missing')} <Rec>{missing.join(', ')}</Rec>
                </>
              )}
            </span>
          </div>
        ))}
      </Section>
    </details>
  )
}
