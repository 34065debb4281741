import { Code, PersonChip } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Result, Signer } from '../../contract/index.ts'
import { call } from '../client.ts'
import { allowCamera, fromBase64, type QrPart, QrScan, QrShow } from '../components/codes.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { KeySign, type ToSign } from '../components/key-sign.tsx'
import { Outcome } from '../components/outcome.tsx'
import { setup as remote } from '../stores/remotes.ts'
import type { SetupActs } from './use-setup.ts'

/** As it stands now, and no later: what is typed on the screen meanwhile may be on its way to core. */
async function toSign(id: string, what: 'policy' | 'plan'): Promise<Result<ToSign>> {
  const answer = await call('setups.view', { id })
  if (!answer.ok) return answer
  remote.put(answer.value)
  const { shown, digest } = what === 'policy' ? answer.value.policy : answer.value.approval
  return { ok: true, value: { shown, digest } }
}

/** Officers sign in this window with a key file, or on a device of their own and the answer comes back as a file. */
export function Signatures({
  id,
  what,
  signers,
  required,
  whyNot,
  acts,
}: {
  id: string
  what: 'policy' | 'plan'
  signers: readonly Signer[]
  required: number
  whyNot: string | null
  acts: SetupActs
}) {
  const { t } = useTranslation()
  const [written, setWritten] = useState<readonly string[]>([])
  const given = signers.filter(({ signed }) => signed).length
  const left = Math.max(0, required - given)
  const next = signers.find(({ signed }) => !signed)?.name

  async function out(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    const answer = await call('setups.request', { id, what, folder })
    acts.fail(answer.ok ? null : answer.error)
    setWritten(answer.ok ? answer.value.paths : [])
  }

  return (
    <>
      <ul className="setup-list signers">
        {signers.map(({ name, signed }) => (
          <li key={name} className="setup-person">
            <PersonChip name={name} note={t('roles.officer')} presence={signed ? 'done' : 'unsigned'} />
            {signed ? (
              <Outcome tone="good">{t('runner.signed')}</Outcome>
            ) : left === 0 || whyNot !== null ? (
              <Outcome tone="none">{t(left > 0 ? 'runner.not-signed' : 'runner.not-needed')}</Outcome>
            ) : (
              <KeySign
                trigger={
                  <Button
                    {...(name === next
                      ? { 'data-first': '' }
                      : { variant: 'surface', color: 'gray', highContrast: true })}
                    aria-label={t('setup.sign.for', { name, what: t(`setup.sign.${what}`) })}
                  >
                    {t(`setup.sign.${what}`)}
                  </Button>
                }
                title={t(`setup.sign.${what}-title`)}
                name={name}
                before
                what={() => toSign(id, what)}
                onSign={async (key, passphrase, shown) => {
                  const answer = await call('setups.sign', { id, what, name, key, passphrase, shown })
                  if (answer.ok) remote.put(answer.value)
                  return answer
                }}
              />
            )}
          </li>
        ))}
      </ul>
      {whyNot === null ? null : <p className="why-not">{whyNot}</p>}
      {whyNot !== null || (left === 0 && what === 'plan') ? null : (
        <div className="setup-ways">
          {left === 0 ? null : <Phones id={id} what={what} acts={acts} />}
          <Button size="3" variant="surface" color="gray" highContrast onClick={() => void out()}>
            {t('setup.sign.out')}
          </Button>
          {left === 0 ? null : (
            <Button size="3" variant="surface" color="gray" highContrast onClick={() => void acts.pick()}>
              {t('setup.sign.in')}
            </Button>
          )}
          {written.length === 0 ? null : (
            <span role="status">
              <Outcome tone="good">{t('runner.carry.copied')}</Outcome>
              {written.map((path) => (
                <div key={path}>
                  <Code>{path}</Code>
                </div>
              ))}
            </span>
          )}
          {left === 0 ? null : <p className="quiet">{t(`setup.sign.${what}-how`)}</p>}
        </div>
      )}
    </>
  )
}

/** A phone scans what is to be signed, and shows its answer, which is scanned here. */
function Phones({ id, what, acts }: { id: string; what: 'policy' | 'plan'; acts: SetupActs }) {
  const { t } = useTranslation()
  const [parts, setParts] = useState<readonly QrPart[]>([])
  const [scans, setScans] = useState(false)

  async function show(): Promise<void> {
    const answer = await call('setups.carry', { id, what })
    acts.fail(answer.ok ? null : answer.error)
    if (!answer.ok) return
    const payload = fromBase64(answer.value.payload)
    setParts([{ what: t(`setup.sign.${what}-title`), carried: { type: 'signature-request', payload } }])
  }

  return (
    <>
      <div className="setup-pair">
        <Button size="3" variant="surface" color="gray" highContrast onClick={() => void show()}>
          {t('setup.sign.show')}
        </Button>
        <Button size="3" variant="surface" color="gray" highContrast onClick={() => setScans(true)}>
          {t('setup.sign.scan')}
        </Button>
      </div>
      {parts.length === 0 ? null : (
        <Suspense>
          <QrShow title={t(`setup.sign.${what}-title`)} parts={parts} onClose={() => setParts([])} />
        </Suspense>
      )}
      {scans ? (
        <Suspense>
          <QrScan
            title={t('setup.sign.scan')}
            what={t('setup.sign.scan-what')}
            expected={['signature']}
            allow={allowCamera}
            onCarried={({ payload }) => void acts.take(payload)}
            onClose={() => setScans(false)}
          />
        </Suspense>
      ) : null}
    </>
  )
}
