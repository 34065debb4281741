import { Code, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { CommandLine } from '../components/command-line.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { SaveCopy } from '../components/save-copy.tsx'
import { ShareMatrix } from '../holders/share-matrix.tsx'
import type { Act } from './act.ts'
import { CustodianSheet } from './custodian-sheet.tsx'
import { HoldHere } from './hold-here.tsx'
import { ScanAnswer, ShowToHolders, scannedAs } from './holder-codes.tsx'

/** `pinned`: the step's live button takes the file in, so that there is no second one here. */
type Props = { view: RunView; need: Extract<Need, { need: 'file' }>; act: Act; pinned: boolean }

export function NeedFile({ view, need, act, pinned }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [answering, setAnswering] = useState<string | null>(null)

  /** One at a time: whoever has answered counts once, and a second press would be refused. */
  async function answerAs(name: string): Promise<void> {
    setAnswering(name)
    await act(call('ceremonies.signAsStandIn', { id: view.id, what: need.what, name }))
    setAnswering(null)
  }

  async function submit(): Promise<void> {
    const path = await pickFile('document')
    if (path === null) return
    setBusy(true)
    await act(call('ceremonies.submitFile', { id: view.id, path }))
    setBusy(false)
  }

  const submitButton = pinned ? null : (
    <Button
      {...(need.commands === null ? { variant: 'surface', color: 'gray', highContrast: true } : {})}
      loading={busy}
      onClick={() => void submit()}
    >
      {t('runner.submit-file')}
    </Button>
  )
  // What the next epoch dealt is put together out of several files, at home.
  const receivable = need.what === 'acknowledgement' && need.commands?.at === 'medium'
  const receives = receivable && view.paused === null
  const sheets = need.what === 'custodian-acknowledgement' && view.paused === null
  const neverHere = !receivable && need.what !== 'custodian-acknowledgement'
  const scanned = scannedAs(need.what)
  if (need.commands !== null)
    return (
      <div className="stage-card">
        <strong>{t(`runner.file.${need.what}`)}</strong>
        {neverHere ? <p className="quiet">{t('runner.device.never-here')}</p> : null}
        <ol className="carry" aria-label={t('runner.device.steps')}>
          <li>
            <span>{t(`runner.device.out-${need.commands.at}`)}</span>
            {scanned === null ? null : <ShowToHolders id={view.id} holders={need.from} />}
            {need.commands.at === 'run' ? (
              <Code>{view.folder}</Code>
            ) : (
              <SaveCopy key={need.what} id={view.id} />
            )}
          </li>
          <li>
            <span>{t(`runner.device.there-${need.commands.at}`)}</span>
            {need.commands.groups.map(({ who, lines }) => (
              <div key={who.join()} className="device">
                <Rec>{who.join(', ')}</Rec>
                {receives ? who.map((name) => <HoldHere key={name} id={view.id} name={name} />) : null}
                {sheets
                  ? who.map((name) => (
                      <CustodianSheet key={name} id={view.id} name={name} simulated={false} />
                    ))
                  : null}
                {lines.map((line) => (
                  <CommandLine key={line} text={line} />
                ))}
              </div>
            ))}
            <span className="quiet">{t('runner.device.own-names')}</span>
          </li>
          <li>
            <span>{t('runner.carry.back')}</span>
            <div className="actions">
              {scanned === null ? null : <ScanAnswer id={view.id} what={scanned} act={act} />}
              {submitButton}
            </div>
          </li>
        </ol>
        {need.what === 'acknowledgement' ? <ShareMatrix ceremony={view.id} /> : null}
      </div>
    )

  const standIns = new Set(view.people.filter(({ standIn }) => standIn).map(({ name }) => name))
  return (
    <div className="stage-card">
      <strong>{t(`runner.file.${need.what}`)}</strong>
      {need.file === null ? null : (
        <p className="quiet" style={{ margin: 0 }}>
          {t('runner.file-from')} <Code>{need.file}</Code>
        </p>
      )}
      {view.domain === 'production' ? <SaveCopy key={need.what} id={view.id} /> : null}
      <span className="quiet">{t('runner.awaited-from')}</span>
      <ul className="list signers" aria-label={t('runner.awaited-from')}>
        {need.from.map((name) => (
          <li key={name} className="row" style={{ paddingInline: 0 }}>
            {need.what === 'receipt' ? <Code>{name}</Code> : <Rec>{name}</Rec>}
            {view.domain === 'rehearsal' && standIns.has(name) ? (
              <Button
                variant="surface"
                aria-label={t('runner.answer-as-for', { name })}
                loading={answering === name}
                disabled={answering !== null}
                onClick={() => void answerAs(name)}
              >
                {t('runner.answer-as')}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {submitButton === null ? null : <div>{submitButton}</div>}
    </div>
  )
}
