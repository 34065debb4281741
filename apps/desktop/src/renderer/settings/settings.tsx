import { Code, FailureNotice, Rec } from '@lux/ui'
import { languageName } from '@lux/ui/i18n'
import { Select } from '@radix-ui/themes'
import type { TFunction } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type Failure,
  isLanguage,
  type Language,
  languages,
  type OutputOf,
  type Paper,
  type Result,
  type Settings as Values,
} from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { paperLanguage } from '../paper/paper-language.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { useRemote } from '../stores/remote.ts'
import { appInfo } from '../stores/remotes.ts'
import { applySettings, useShell } from '../stores/shell.ts'
import { StoreSection } from './store-section.tsx'

/** The pseudo-locale finds untranslated text; only a checkout offers it. */
const choices = {
  language: ['system', ...languages, 'pseudo'],
  theme: ['system', 'light', 'dark'],
  contrast: ['system', 'more'],
  textSize: [100, 125, 150, 175, 200],
  motion: ['system', 'reduced'],
  lockAfter: [5, 10, 30, 0],
  clearClipboard: [30, 60, 300, 0],
} as const satisfies { [K in keyof Values]: readonly Values[K][] }

const settingNames = [
  'language',
  'theme',
  'contrast',
  'textSize',
  'motion',
  'lockAfter',
  'clearClipboard',
] as const satisfies readonly (keyof Values)[]

type Value = Values[keyof Values]
type ChoiceProps = {
  name: keyof Values
  value: Value
  offered: readonly Value[]
  onChange: (changed: Partial<Values>) => Promise<void>
}

function Choice({ name, value, offered, onChange }: ChoiceProps) {
  const { t } = useTranslation()
  const id = `setting-${name}`

  function choose(text: string): void {
    const chosen = offered.find((candidate) => String(candidate) === text)
    // `offered` holds values of the setting `name` alone; core checks them again.
    if (chosen !== undefined) void onChange({ [name]: chosen } as Partial<Values>)
  }

  return (
    <li className="row">
      <span className="row-text">
        <label htmlFor={id}>{t(`settings.${name}`)}</label>
        <span className="quiet">{t(`settings.${name}-text`)}</span>
      </span>
      <Select.Root value={String(value)} onValueChange={choose}>
        <Select.Trigger id={id} aria-label={t(`settings.${name}`)} />
        <Select.Content>
          {offered.map((one) => (
            <Select.Item key={one} value={String(one)}>
              {isLanguage(one) ? <Rec>{languageName(one)}</Rec> : t(`settings.choice.${name}.${one}`)}
            </Select.Item>
          ))}
        </Select.Content>
      </Select.Root>
    </li>
  )
}

export function Settings() {
  const { t } = useTranslation()
  const settings = useShell((state) => state.settings)
  const packaged = useShell(({ info }) => info.packaged)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function change(changed: Partial<Values>): Promise<void> {
    const answer = await call('settings.set', changed)
    if (answer.ok) {
      setFailure(null)
      await applySettings(answer.value)
    } else {
      setFailure(answer.error)
    }
  }

  return (
    <Screen name="settings" title={t('settings.title')} lead={t('settings.lead')}>
      {failure ? <FailureNotice failure={failure} /> : null}
      <Section title={t('settings.appearance')}>
        <div className="panel">
          <ul className="list">
            {settingNames.map((name) => (
              <Choice
                key={name}
                name={name}
                value={settings[name]}
                offered={choices[name].filter((value) => value !== 'pseudo' || !packaged)}
                onChange={change}
              />
            ))}
          </ul>
        </div>
        <p className="quiet">{t('meta.review')}</p>
      </Section>
      <StoreSection />
      <About />
    </Screen>
  )
}

function About() {
  const { t, i18n } = useTranslation()
  const remote = useRemote(appInfo, {})
  const [saved, setSaved] = useState<OutputOf<'report.save'> | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function save(): Promise<void> {
    const chosen = await call('shell.saveFile', { kind: 'report', name: 'lux-custody-report.json' })
    if (!chosen.ok || chosen.value.path === null) return
    const answer = await call('report.save', { path: chosen.value.path })
    if (answer.ok) setSaved(answer.value)
    else setFailure(answer.error)
  }

  async function testPage(): Promise<Result<Paper>> {
    const info = await call('app.info', {})
    if (!info.ok) return info
    const facts = [
      { name: t('settings.version'), value: info.value.version },
      { name: t('settings.build'), value: info.value.build },
    ]
    return { ok: true, value: testPaper(t, paperLanguage(i18n.language), facts) }
  }

  return (
    <>
      <Section title={t('settings.about')}>
        <Loaded remote={remote} store={appInfo}>
          {(info) => (
            <div className="panel panel-body">
              <dl className="facts">
                <dt>{t('settings.version')}</dt>
                <dd>
                  <Code>{info.version}</Code>
                </dd>
                <dt>{t('settings.build')}</dt>
                <dd>
                  <Code>{info.build}</Code>
                </dd>
                <dt>{t('settings.runtime')}</dt>
                <dd>
                  <Code>
                    {info.node} · {info.system}
                  </Code>
                </dd>
                <dt>{t('settings.store')}</dt>
                <dd>
                  <Code>{info.store}</Code> {info.training ? t('settings.training') : null}
                </dd>
                <dt>{t('settings.library')}</dt>
                <dd>
                  {info.library ? (
                    <>
                      <Rec>
                        {info.library.description} {info.library.version}
                      </Rec>
                      <div className="quiet">
                        <Code>{info.library.sha256}</Code>
                      </div>
                    </>
                  ) : (
                    t('home.library-none')
                  )}
                </dd>
              </dl>
              <ul className="list">
                {info.selfTest.map(({ name, passed, detail }) => (
                  <li key={name} className="row" style={{ paddingInline: 0, paddingBlock: '0.375rem' }}>
                    <span className="row-text">
                      <Rec>{name}</Rec>
                      {detail === '' ? null : (
                        <span className="quiet">
                          <Rec>{detail}</Rec>
                        </span>
                      )}
                    </span>
                    <Outcome tone={passed ? 'good' : 'bad'}>
                      {t(passed ? 'settings.passed' : 'settings.failed')}
                    </Outcome>
                  </li>
                ))}
              </ul>
            </div>
          )}
        </Loaded>
      </Section>
      <Section title={t('settings.printer')}>
        <div className="panel panel-body">
          <p className="quiet" style={{ margin: 0 }}>
            {t('settings.printer-text')}
          </p>
          <div className="actions">
            <PrintPaper label={t('settings.printer-test')} name="lux-custody-test-page" paper={testPage} />
          </div>
        </div>
      </Section>
      <Section title={t('settings.report')}>
        <div className="panel panel-body">
          <p className="quiet" style={{ margin: 0 }}>
            {t('settings.report-text')}
          </p>
          {failure ? <FailureNotice failure={failure} /> : null}
          <div className="actions">
            <ActionButton variant="surface" color="gray" highContrast onPress={() => void save()}>
              {t('settings.report-save')}
            </ActionButton>
            <span role="status">
              {saved ? (
                <Outcome tone="good">
                  <Code>{saved.path}</Code>
                </Outcome>
              ) : null}
            </span>
          </div>
        </div>
      </Section>
    </>
  )
}

const words = [
  'crossover',
  'everyday',
  'backwater',
  'intention',
  'shadow',
  'hamburger',
  'aimless',
  'resistor',
]

/** A page with every part that a paper may have, to see whether the printer has all letters, lines and codes. */
function testPaper(t: TFunction, language: Language, facts: { name: string; value: string }[]): Paper {
  return {
    title: t('paper.test.title'),
    language,
    blocks: [
      { kind: 'paragraph', text: t('paper.test.lead'), weight: 'strong' },
      { kind: 'facts', facts, code: true },
      { kind: 'heading', text: t('paper.test.letters') },
      { kind: 'list', items: languages.map((one) => languageName(one)) },
      { kind: 'words', title: t('paper.test.words'), words },
      {
        kind: 'table',
        title: t('paper.test.write'),
        columns: [
          { title: t('paper.step'), width: 8 },
          { title: t('paper.activity'), width: 52 },
          { title: t('paper.initials'), width: 20 },
          { title: t('paper.time'), width: 20 },
        ],
        rows: [['1', t('paper.test.activity'), '', '']],
        toWrite: true,
      },
    ],
  }
}
