import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { AppInfo } from '../../contract/index.ts'
import { UtcClock } from '../components/utc-clock.tsx'
import { useFormats } from '../i18n/format.ts'

/** What stands in the slots, by maker and model; the library's own name says little, and stands in while there is none. */
function nameOfTokens({ tokens, library }: AppInfo): string {
  const names = new Set(tokens.map(({ manufacturer, model }) => `${manufacturer} · ${model}`))
  return names.size === 0 ? (library?.description ?? '') : [...names].join(', ')
}

/** The state of the machine: air gap, self-test, clock, disk, library, build. */
export function Measures({ info }: { info: AppInfo }) {
  const { t } = useTranslation()
  const format = useFormats()
  const failed = info.selfTest.filter(({ passed }) => !passed)
  const online = info.interfaces.length > 0
  return (
    <dl className="measures">
      <div>
        <dt>{t('home.air-gap')}</dt>
        <dd className="value">
          <i className="dot" data-tone={online ? 'warn' : 'good'} />
          {online ? t('home.air-gap-open') : t('home.air-gap-closed')}
        </dd>
        <dd className="note">
          {online ? <Code>{info.interfaces.join(', ')}</Code> : t('home.air-gap-none')}
        </dd>
      </div>
      <div>
        <dt>{t('home.self-test')}</dt>
        <dd className="value">
          <i className="dot" data-tone={failed.length > 0 ? 'bad' : 'good'} />
          {failed.length > 0
            ? t('home.self-test-failed', { count: failed.length })
            : t('home.self-test-passed')}
        </dd>
        <dd className="note">
          {failed.length > 0 ? (
            <Rec>{failed.map(({ name }) => name).join(', ')}</Rec>
          ) : (
            t('home.self-test-count', { count: info.selfTest.length })
          )}
        </dd>
      </div>
      <div>
        <dt>{t('home.clock')}</dt>
        <dd className="value tabular">
          <UtcClock />
        </dd>
        <dd className="note">{t('home.clock-note')}</dd>
      </div>
      <div>
        <dt>{t('home.disk')}</dt>
        <dd className="value">
          <i className="dot" data-tone={info.disk.free < 2e9 ? 'warn' : 'good'} />
          <Rec>{format.bytes(info.disk.free)}</Rec>
        </dd>
        <dd className="note">
          {t('home.disk-of')} <Rec>{format.bytes(info.disk.total)}</Rec>
        </dd>
      </div>
      <div>
        <dt>{t('home.library')}</dt>
        <dd className="value">
          <i className="dot" data-tone={info.library ? 'good' : 'bad'} />
          {info.library ? <Rec>{nameOfTokens(info)}</Rec> : t('home.library-none')}
        </dd>
        <dd className="note">
          {info.library ? <Code>{info.library.path}</Code> : t('home.library-none-do')}
        </dd>
      </div>
      <div>
        <dt>{t('home.build')}</dt>
        <dd className="value">
          <Code>{info.version}</Code>
        </dd>
        <dd className="note">
          <Code>{info.build}</Code>
        </dd>
      </div>
    </dl>
  )
}
