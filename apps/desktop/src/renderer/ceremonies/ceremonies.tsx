import { FailureNotice, Rec } from '@lux/ui'
import { Checkbox, RadioCards } from '@radix-ui/themes'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EnrolledKind, Failure, NamedFile, ScriptView } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { CeremonyTable } from '../components/ceremony-table.tsx'
import { Fields, filledIn, firstMissing } from '../components/fields.tsx'
import { FilePicker } from '../components/file-picker.tsx'
import { Loaded } from '../components/loading.tsx'
import { Screen, Section } from '../components/screen.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { OwnScripts } from '../designer/own-scripts.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { Drafts } from '../setup/drafts.tsx'
import { takeDrops } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { ceremonies, holders, scripts } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'

/** `id`: `plan` where somebody asked for planning. */
export function Ceremonies({ id }: { id: string | null }) {
  const { t } = useTranslation()
  const list = useRemote(ceremonies, {})
  const known = useRemote(scripts, {})
  return (
    <Screen name="ceremonies" title={t('ceremonies.title')} lead={t('ceremonies.lead')}>
      <Section title={t('setup.new')}>
        <Drafts asked={id === 'plan'} />
      </Section>
      <Section title={t('ceremonies.rehearse')}>
        <Loaded remote={known} store={scripts}>
          {({ scripts: all }) => <Rehearse scripts={all} />}
        </Loaded>
      </Section>
      <Section title={t('designer.own')}>
        <Loaded remote={known} store={scripts}>
          {({ scripts: all }) => <OwnScripts scripts={all} />}
        </Loaded>
      </Section>
      <Section title={t('ceremonies.open')}>
        <OpenLocked />
      </Section>
      <Section title={t('ceremonies.all')}>
        <Loaded remote={list} store={ceremonies}>
          {({ ceremonies: all, unreadable }) => (
            <>
              {all.length === 0 ? (
                <p className="quiet">{t('ceremonies.none')}</p>
              ) : (
                <CeremonyTable ceremonies={all} />
              )}
              <UnreadableRuns runs={unreadable} again={ceremonies.again} />
            </>
          )}
        </Loaded>
      </Section>
    </Screen>
  )
}

function Rehearse({ scripts: all }: { scripts: ScriptView[] }) {
  const { field: labelOf, about, blanks } = useScriptText()
  const { t } = useTranslation()
  const [chosen, setChosen] = useState(all[0]?.id ?? '')
  const [values, setValues] = useState<Record<string, string>>({})
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const [ownDevices, setOwnDevices] = useState<readonly string[]>([])
  const script = all.find(({ id }) => id === chosen)
  if (script === undefined) return <p className="quiet">{t('ceremonies.no-scripts')}</p>
  const fields = blanks(script)
  const missing = firstMissing(fields, values)
  // Where a value has no default, the form is in the way on purpose.
  const startsOpen = firstMissing(fields, {}) !== null

  async function start(): Promise<void> {
    if (script === undefined) return
    setBusy(true)
    const answer = await call('ceremonies.startRehearsal', {
      script: script.id,
      values: filledIn(fields, values),
      ...(ownDevices.length > 0 ? { ownDevices: [...ownDevices] } : {}),
    })
    setBusy(false)
    if (answer.ok) go('run', answer.value.id)
    else setFailure(answer.error)
  }

  return (
    <div className="panel panel-body">
      <RadioCards.Root
        value={chosen}
        onValueChange={(id) => {
          setChosen(id)
          setValues({})
        }}
        gap="2"
        aria-label={t('ceremonies.script')}
      >
        {all.map((one) => (
          <RadioCards.Item key={one.id} value={one.id}>
            <span className="row-text">
              <strong>
                <Rec>{about(one).title}</Rec>
              </strong>
              <span className="quiet">
                <Rec>{about(one).text}</Rec>
              </span>
            </span>
          </RadioCards.Item>
        ))}
      </RadioCards.Root>
      {fields.length === 0 ? null : (
        <details className="details" key={script.id} open={startsOpen}>
          <summary>{t('ceremonies.values', { count: fields.length })}</summary>
          <form className="form" onSubmit={(event) => event.preventDefault()}>
            <Fields
              fields={fields}
              values={values}
              onChange={(name, value) => setValues((old) => ({ ...old, [name]: value }))}
            />
          </form>
        </details>
      )}
      {script.ownDevices.length > 0 ? (
        <OwnDevices kinds={script.ownDevices} chosen={ownDevices} onChange={setOwnDevices} />
      ) : null}
      {failure ? <FailureNotice failure={failure} /> : null}
      <p className="quiet" style={{ margin: 0 }}>
        {t('ceremonies.rehearsal-note')}
      </p>
      <div className="actions">
        <ActionButton
          loading={busy}
          whyNot={missing ? t('ceremonies.missing', { field: labelOf(missing) }) : null}
          onPress={() => void start()}
        >
          {t('ceremonies.start')}
        </ActionButton>
      </div>
    </div>
  )
}

/** Enrolled people who take part with a phone of their own; everybody else is played. */
function OwnDevices({
  kinds,
  chosen,
  onChange,
}: {
  kinds: readonly EnrolledKind[]
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}) {
  const { t } = useTranslation()
  const list = useRemote(holders, {})
  return (
    <Loaded remote={list} store={holders}>
      {({ holders: all }) => {
        const able = all.filter(({ domain, kind }) => domain === 'rehearsal' && kinds.includes(kind))
        return (
          <fieldset className="own-choice">
            <legend>{t('ceremonies.own-devices')}</legend>
            {able.length === 0 ? (
              <p className="quiet">{t('ceremonies.own-none')}</p>
            ) : (
              able.map(({ id, name, kind }) => (
                <div key={id} className="own-person">
                  <Checkbox
                    id={`own-${id}`}
                    checked={chosen.includes(id)}
                    onCheckedChange={(on) =>
                      onChange(on === true ? [...chosen, id] : chosen.filter((one) => one !== id))
                    }
                  />
                  <label htmlFor={`own-${id}`}>
                    <Rec>{name}</Rec>
                    {kind === 'holder' ? null : <span className="quiet"> {t(`roles.${kind}`)}</span>}
                  </label>
                </div>
              ))
            )}
          </fieldset>
        )
      }}
    </Loaded>
  )
}

function OpenLocked() {
  const { t } = useTranslation()
  const [plan, setPlan] = useState<string | null>(null)
  const [lock, setLock] = useState<string | null>(null)
  const [epoch, setEpoch] = useState<string | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function open(): Promise<void> {
    if (plan === null || lock === null) return
    const answer = await call('ceremonies.open', { plan, lock, ...(epoch === null ? {} : { epoch }) })
    if (answer.ok) go('run', answer.value.id)
    else setFailure(answer.error)
  }

  useEffect(() => {
    const take = async (files: readonly File[], whats: readonly NamedFile['what'][]): Promise<void> => {
      setFailure(null)
      for (const [index, file] of files.entries()) {
        const path = await droppedPath(file)
        if (whats[index] === 'plan') setPlan(path)
        else if (whats[index] === 'lock') setLock(path)
        else setFailure({ code: 'FILE-WRONG-KIND', detail: file.name })
      }
    }
    return takeDrops('ceremonies', (files, whats) => void take(files, whats))
  }, [])

  return (
    <div className="panel panel-body">
      <p className="quiet" style={{ margin: 0 }}>
        {t('ceremonies.open-text')}
      </p>
      <FilePicker kind="plan" label={t('ceremonies.plan-file')} path={plan} onPick={setPlan} />
      <FilePicker kind="lock" label={t('ceremonies.lock-file')} path={lock} onPick={setLock} />
      <FilePicker kind="epoch" label={t('ceremonies.epoch-file')} path={epoch} onPick={setEpoch} />
      {failure ? <FailureNotice failure={failure} /> : null}
      <div className="actions">
        <ActionButton
          variant="surface"
          whyNot={
            plan === null ? t('ceremonies.need-plan') : lock === null ? t('ceremonies.need-lock') : null
          }
          onPress={() => void open()}
        >
          {t('ceremonies.open-go')}
        </ActionButton>
      </div>
    </div>
  )
}
