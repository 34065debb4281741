import { Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ApprovalView, DocumentKind } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { SaveCopy } from '../components/save-copy.tsx'
import type { Act } from '../runner/act.ts'
import { ScanAnswer, ShowToHolders } from '../runner/holder-codes.tsx'
import { SignCodes } from '../runner/sign-codes.tsx'
import { stillToSee } from './still-to-see.ts'

/** `left`: parts of the request that nobody has seen here yet. */
type Props = { request: ApprovalView; act: Act; left: readonly string[] }

/** What goes to those who decide and comes back, by codes or by file, while the request waits for them. */
export function Carry({ request, act, left }: Props) {
  const { t } = useTranslation()
  const { ceremony, state } = request
  if (state !== 'approving' && state !== 'answering' && state !== 'combining')
    return <p className="quiet">{t(`approvals.why-closed.${state}`)}</p>
  const answered = state === 'answering'
  const phones = request.voices
    .filter(({ role, said, standIn }) => role === 'holder' && said === 'asked' && !standIn)
    .map(({ name }) => name)
  return (
    <section className="section" aria-label={t(`approvals.carry.${state}`)}>
      <h3>{t(`approvals.carry.${state}`)}</h3>
      <div className="actions">
        {state === 'approving' ? <SignCodes id={ceremony} act={act} /> : null}
        {answered && phones.length > 0 ? <ShowToHolders id={ceremony} holders={phones} /> : null}
        {answered ? <ScanAnswer id={ceremony} what="holder-answer" act={act} /> : null}
        <TakeFile id={ceremony} act={act} />
        {request.simulated ? (
          <Simulated request={request} act={act} left={left} />
        ) : (
          <SaveCopy key={state} id={ceremony} />
        )}
      </div>
    </section>
  )
}

function TakeFile({ id, act }: { id: string; act: Act }) {
  const { t } = useTranslation()
  async function take(): Promise<void> {
    const path = await pickFile('document')
    if (path !== null) await act(call('ceremonies.submitFile', { id, path }))
  }
  return (
    <Button type="button" variant="surface" color="gray" highContrast onClick={() => void take()}>
      {t('runner.submit-file')}
    </Button>
  )
}

/** In a rehearsal the machine decides for those whom it plays, one press each, and combines for the requester. */
function Simulated({ request, act, left }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const unseen = stillToSee(request, left)
  const role = request.state === 'approving' ? 'approver' : 'holder'
  const next =
    request.state === 'combining'
      ? request.requester
      : request.voices.find((one) => one.role === role && one.said === 'asked' && one.standIn)?.name
  if (next === undefined) return null
  const what: DocumentKind =
    request.state === 'combining'
      ? 'decryption-result'
      : role === 'approver'
        ? 'decryption-approval'
        : 'holder-answer'

  async function press(name: string): Promise<void> {
    setBusy(true)
    await act(call('ceremonies.signAsStandIn', { id: request.ceremony, what, name }))
    setBusy(false)
  }

  return (
    <ActionButton
      loading={busy}
      // Whoever answers for a simulated person has seen what is answered, as that person would.
      whyNot={
        unseen.length === 0
          ? null
          : t('act.read.left', { parts: unseen.map((name) => t(`act.part.${name}`)).join(', ') })
      }
      onPress={() => void press(next)}
    >
      {request.state === 'combining' ? (
        t('approvals.combine')
      ) : (
        <>
          {t('runner.answer-as')}: <Rec>{next}</Rec>
        </>
      )}
    </ActionButton>
  )
}
