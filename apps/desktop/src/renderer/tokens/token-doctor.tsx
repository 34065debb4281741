import { FailureNotice, Rec } from '@lux/ui'
import { TextField } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExaminationRow, ExaminationView, Failure, TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Outcome, type Tone } from '../components/outcome.tsx'
import { useFormats } from '../i18n/format.ts'
import { useSaid } from '../i18n/said.ts'
import { examinationPaper } from '../paper/examination-paper.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { endWork } from '../stores/work.ts'

/** What the token can be: read, or tried on keys where somebody declares that nothing on it is needed. */
export function TokenDoctor({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const field = useId()
  const { serial } = token
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState<'read' | 'try' | null>(null)
  const [found, setFound] = useState<ExaminationView | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function examine(how: 'read' | 'try'): Promise<void> {
    setBusy(how)
    setFailure(null)
    const answer = await call('tokens.examine', { serial, typedLabel: how === 'read' ? null : typed })
    setBusy(null)
    endWork(serial)
    if (answer.ok) setFound(answer.value.examination)
    else setFailure(answer.error)
  }

  const needs = !token.initialised
    ? t('tokens.needs-initialise')
    : token.session !== 'user'
      ? t('tokens.needs-log-in')
      : typed === token.label
        ? null
        : t('tokens.type-first')
  return (
    <>
      <p className="quiet" style={{ margin: 0 }}>
        {t('tokens.doctor.mean')}
      </p>
      <div className="actions">
        <ActionButton
          variant="surface"
          loading={busy === 'read'}
          whyNot={null}
          onPress={() => void examine('read')}
        >
          {t('tokens.doctor.read')}
        </ActionButton>
      </div>
      <label htmlFor={field}>{t('tokens.doctor.scratch')}</label>
      <div className="actions">
        <TextField.Root id={field} value={typed} onChange={({ target }) => setTyped(target.value)} />
        <ActionButton
          variant="surface"
          loading={busy === 'try'}
          whyNot={needs}
          onPress={() => void examine('try')}
        >
          {t('tokens.doctor.try')}
        </ActionButton>
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      {found === null ? null : <Found token={token} found={found} />}
    </>
  )
}

const tones: Record<NonNullable<ExaminationRow['able']>, Tone> = { yes: 'good', no: 'none', unproved: 'warn' }

function Found({ token, found: { at, rows } }: { token: TokenView; found: ExaminationView }) {
  const { t, i18n } = useTranslation()
  const format = useFormats()
  const textOf = useSaid()
  const says = (said: ExaminationRow['text']): string => textOf(said) ?? ''
  const paper = async () => ({
    ok: true as const,
    value: examinationPaper(t, says, paperLanguage(i18n.language), { token, at: format.time(at), rows }),
  })
  return (
    <>
      <section className="table-wrap" aria-label={t('tokens.doctor.title')}>
        <table className="table">
          <tbody>
            {rows.map(({ label, able, text }) => (
              <tr key={`${label} ${says(text)}`}>
                <th scope="row">{says([{ id: label, values: {} }])}</th>
                <td>
                  {able === null ? null : (
                    <Outcome tone={tones[able]}>{says([{ id: `able-${able}`, values: {} }])}</Outcome>
                  )}
                  {text.length === 0 ? null : (
                    <div className={able === null ? '' : 'quiet'}>
                      <Rec>{says(text)}</Rec>
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="row tight">
        <PrintPaper label={t('tokens.doctor.paper')} name={`token-${token.serial}`} paper={paper} />
        <span className="quiet">
          <Rec>{format.time(at)}</Rec>
        </span>
      </div>
    </>
  )
}
