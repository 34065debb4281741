import { Code, PersonChip, QuorumRing, Rec, WordCards } from '@lux/ui'
import { Button, Checkbox } from '@radix-ui/themes'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InputOf, Need, Result, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { CommandLine } from '../components/command-line.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { KeySign } from '../components/key-sign.tsx'
import { Outcome } from '../components/outcome.tsx'
import { SaveCopy } from '../components/save-copy.tsx'
import { ShareMatrix } from '../holders/share-matrix.tsx'
import { standInsLeft } from '../stage/phase.ts'
import { awayFrom } from '../stage/run-people.ts'
import { run } from '../stores/remotes.ts'
import { changeRoom, useRoom } from '../stores/room.ts'
import type { Act } from './act.ts'
import { CustodianSheet } from './custodian-sheet.tsx'
import { HoldHere } from './hold-here.tsx'
import { OwnDevices } from './own-devices.tsx'
import { SignCodes, signedKinds } from './sign-codes.tsx'
import { cardStates } from './step/heard.ts'
import { Comparing } from './step/reading.tsx'

type SignNeed = Extract<Need, { need: 'sign' }>
type Props = {
  view: RunView
  need: SignNeed
  act: Act
  pinned: boolean
  /** Whether a simulated participant signs now, by this or by the live button. */
  signing: boolean
  onSigning: (now: boolean) => void
}

/** One after the other, as they would; the first that is refused ends it. */
export async function signAsStandIns({ id }: Pick<RunView, 'id'>, need: SignNeed, act: Act): Promise<void> {
  for (const name of standInsLeft(need))
    if (!(await act(call('ceremonies.signAsStandIn', { id, what: need.what, name })))) return
}

/** A refusal stays in the dialog of whoever signs. */
async function signHere(asked: InputOf<'ceremonies.signHere'>): Promise<Result<RunView>> {
  const answer = await call('ceremonies.signHere', asked)
  if (answer.ok) run.put(answer.value)
  return answer
}

/** Who has signed and who has not. A stand-in signs here in a rehearsal; people sign here with their own key file, or on their own device. */
export function NeedSign({ view, need, act, pinned, signing, onSigning }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const [busy, setBusy] = useState<string | null>(null)
  const { signsAlone, heard } = useRoom(view.id)
  const compared = view.current?.compares.find(({ digest }) => digest === need.digest)
  const asked = useRef(new Set<string>())
  const signed = need.signers.filter((signer) => signer.signed).length
  const left = Math.max(0, need.required - signed)
  const [next] = standInsLeft(need)
  const standIns = need.signers.some(({ standIn }) => standIn)

  async function sign(name: string): Promise<void> {
    onSigning(true)
    setBusy(name)
    await act(call('ceremonies.signAsStandIn', { id: view.id, what: need.what, name }))
    setBusy(null)
    onSigning(false)
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: each stand-in once, when it is their turn
  useEffect(() => {
    const turn = `${need.digest} ${next}`
    if (signing || !signsAlone || next === undefined || view.paused !== null || asked.current.has(turn))
      return
    asked.current.add(turn)
    void sign(next)
  }, [signsAlone, next, need.digest, signing])

  return (
    <>
      <section className="stage-card">
        <WordCards
          words={need.words}
          hex={need.digest}
          label={t(need.what === 'bundle' ? 'bundles.digest-words' : 'runner.sign-words')}
          {...(compared === undefined ? {} : { states: cardStates(view, need.digest, heard, false) })}
        />
        {compared === undefined ? null : <Comparing view={view} compared={compared} act={act} />}
      </section>
      <section className="stage-card sign-card">
        <div className="sign-head">
          <QuorumRing
            voices={need.signers.map(({ name, signed: given }) => ({ name, given }))}
            needed={need.required}
            size={96}
            named={false}
          />
          <div className="card-head">
            <h3>{t(`runner.sign.${need.what}`)}</h3>
            <span className="quiet" role="status">
              {t('runner.signatures', { signed, required: need.required })}
              {left > 0 ? ` · ${t('runner.more-needed', { count: left })}` : null}
            </span>
          </div>
        </div>
        <ul className="list signers">
          {need.signers.map((signer) => (
            <SignerRow
              key={`${signer.role} ${signer.name}`}
              view={view}
              need={need}
              signer={signer}
              left={left}
              busy={busy === signer.name}
              off={signing}
              onSign={() => void sign(signer.name)}
            />
          ))}
        </ul>
        {standIns && view.domain === 'rehearsal' ? (
          <label htmlFor={`${id}-alone`} className="actions">
            <Checkbox
              id={`${id}-alone`}
              checked={signsAlone}
              onCheckedChange={(on) => changeRoom(view.id, { signsAlone: on === true })}
            />
            {t('stage.signs-alone')}
          </label>
        ) : null}
      </section>
      {view.domain === 'production' ? (
        <section className="stage-card">
          <CarryRequest view={view} need={need} act={act} pinned={pinned} />
        </section>
      ) : null}
      {need.ownDevices.length > 0 && left > 0 ? (
        signedKinds.has(need.what) ? (
          <section className="stage-card own-devices" aria-label={t('runner.own.title')}>
            <strong>
              {t('runner.own.title')}: <Rec>{need.ownDevices.join(', ')}</Rec>
            </strong>
            <CarryRequest view={view} need={need} act={act} pinned={pinned} />
          </section>
        ) : (
          <OwnDevices view={view} need={need} act={act} />
        )
      ) : null}
      {need.what === 'acknowledgement' ? <ShareMatrix ceremony={view.id} /> : null}
    </>
  )
}

type SignerRowProps = {
  view: RunView
  need: SignNeed
  signer: SignNeed['signers'][number]
  /** Signatures that are still needed, of anybody. */
  left: number
  busy: boolean
  off: boolean
  onSign: () => void
}

/** One who signs: what they may do here, or that they have. */
function SignerRow({ view, need, signer, left, busy, off, onSign }: SignerRowProps) {
  const { t } = useTranslation()
  const { name, role, signed: has, standIn } = signer
  const away = awayFrom(view).has(name)
  return (
    <li className="row" style={{ paddingInline: 0 }}>
      <PersonChip
        name={name}
        note={[
          t(`roles.${role}`),
          ...(standIn
            ? [t('stage.stand-in')]
            : need.ownDevices.includes(name)
              ? [t('runner.own.device')]
              : []),
        ].join(' · ')}
        presence={has ? 'done' : away ? 'absent' : 'unsigned'}
      />
      {has ? (
        <Outcome tone="good">{t('runner.signed')}</Outcome>
      ) : standIn && left > 0 ? (
        <span className="actions">
          {need.what === 'custodian-acknowledgement' && view.paused === null ? (
            <CustodianSheet id={view.id} name={name} simulated />
          ) : null}
          <Button
            variant="surface"
            color="gray"
            highContrast
            loading={busy}
            disabled={off}
            aria-label={t('runner.sign-as-for', { name })}
            onClick={onSign}
          >
            {t('runner.sign-as')}
          </Button>
        </span>
      ) : left > 0 && !standIn && (view.paused === null || view.paused.awaits !== null) ? (
        <span className="actions">
          <Outcome tone="none">{t('runner.not-signed')}</Outcome>
          {need.what === 'acknowledgement' && view.paused === null && !away ? (
            <HoldHere id={view.id} name={name} />
          ) : null}
          {signedKinds.has(need.what) && !away ? (
            <KeySign
              trigger={
                <Button
                  variant="surface"
                  color="gray"
                  highContrast
                  data-sign-here=""
                  aria-label={t('runner.sign-here-for', { name })}
                >
                  {t('runner.sign-here')}
                </Button>
              }
              title={t(`runner.sign.${need.what}`)}
              name={name}
              what={() => call('ceremonies.toSign', { id: view.id, name })}
              onSign={(key, passphrase, shown) => signHere({ id: view.id, name, key, passphrase, shown })}
            />
          ) : null}
        </span>
      ) : (
        <Outcome tone="none">{t(left > 0 ? 'runner.not-signed' : 'runner.not-needed')}</Outcome>
      )}
    </li>
  )
}

type CarryProps = { view: RunView; need: Extract<Need, { need: 'sign' }>; act: Act; pinned: boolean }

/** How people sign on devices of their own: the request goes out on a medium, and each answer comes back as a file. */
function CarryRequest({ view, need, act, pinned }: CarryProps) {
  const { t } = useTranslation()
  const name = need.file.split(/[/\\]/).at(-1) ?? ''
  const answer = `${name.replace(/\.json$/, '')}.sig`
  const verb = verbs[need.what] ?? ['officer', 'approve']
  const command = ['custody', ...verb, name, '--key', 'key-file', '--out', answer].join(' ')

  async function submit(): Promise<void> {
    const path = await pickFile('document')
    if (path !== null) await act(call('ceremonies.submitFile', { id: view.id, path }))
  }

  return (
    <ol className="carry" aria-label={t('runner.carry.steps')}>
      <li>
        <span>{t('runner.carry.out')}</span>
        <span className="quiet">
          <Code>{need.file}</Code>
        </span>
        <div className="actions">
          <SaveCopy key={need.file} id={view.id} />
          <SignCodes id={view.id} act={act} />
        </div>
      </li>
      <li>
        <span>{t('runner.carry.there')}</span>
        <CommandLine text={command} />
      </li>
      <li>
        <span>{t('runner.carry.back')}</span>
        {pinned ? null : (
          <div>
            <Button onClick={() => void submit()}>{t('runner.submit-file')}</Button>
          </div>
        )}
      </li>
    </ol>
  )
}

const verbs: Partial<Record<CarryProps['need']['what'], readonly string[]>> = {
  checkpoint: ['witness', 'cosign'],
  'decryption-approval': ['approver', 'approve'],
}
