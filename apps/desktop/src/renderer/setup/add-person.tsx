import { Button, Select, TextField } from '@radix-ui/themes'
import { Suspense, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type PersonRole, personRoles, type SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { allowCamera, QrScan } from '../components/codes.tsx'
import { secretField } from '../components/fields.tsx'
import { rememberKey } from '../stores/own-keys.ts'
import { asksFor, nextRole, type Question } from './questions.ts'
import type { SetupActs } from './use-setup.ts'

const anybody = 'anybody'

/** One more person: a card that they bring, by file, drop or code; or a key that they make here. */
export function AddPerson({
  question,
  setup,
  acts,
}: {
  question: Question
  setup: SetupView
  acts: SetupActs
}) {
  const { t } = useTranslation()
  const [scans, setScans] = useState(false)
  const [makes, setMakes] = useState(false)
  return (
    <section className="setup-add" aria-label={t('setup.add.title')}>
      <div className="setup-ways" data-row="">
        <Button
          type="button"
          size="3"
          data-first=""
          loading={acts.busy && !makes}
          onClick={() => void acts.pick()}
        >
          {t('setup.add.file')}
        </Button>
        {question === 'servers' ? null : (
          <>
            <Button
              type="button"
              size="3"
              variant="surface"
              color="gray"
              highContrast
              onClick={() => setScans(true)}
            >
              {t('setup.add.scan')}
            </Button>
            <Button
              type="button"
              size="3"
              variant="surface"
              color="gray"
              highContrast
              aria-expanded={makes}
              onClick={() => setMakes(!makes)}
            >
              {t('setup.add.make')}
            </Button>
          </>
        )}
      </div>
      {makes && question !== 'servers' ? <MakeKey question={question} setup={setup} acts={acts} /> : null}
      {scans ? (
        <Suspense>
          <QrScan
            title={t('setup.add.scan')}
            what={t('setup.add.scan-what')}
            expected={['card', 'card-renewal']}
            allow={allowCamera}
            onCarried={({ payload }) => void acts.take(payload)}
            onClose={() => setScans(false)}
          />
        </Suspense>
      ) : null}
    </section>
  )
}

/** Whoever is to bring one role alone is kept from another's card. */
export function TakeOnly({ acts: { only, takeOnly } }: { acts: SetupActs }) {
  const { t } = useTranslation()
  const id = useId()
  // Elsewhere a set-up takes other files too.
  useEffect(() => () => takeOnly(null), [takeOnly])
  return (
    <div className="field">
      <label htmlFor={id}>{t('setup.add.only')}</label>
      <Select.Root
        value={only ?? anybody}
        onValueChange={(value) => takeOnly(personRoles.find((role) => role === value) ?? null)}
      >
        <Select.Trigger id={id} />
        <Select.Content>
          <Select.Item value={anybody}>{t('setup.add.anybody')}</Select.Item>
          {personRoles.map((role) => (
            <Select.Item key={role} value={role}>
              {t(`roles.${role}`)}
            </Select.Item>
          ))}
        </Select.Content>
      </Select.Root>
    </div>
  )
}

function MakeKey({ question, setup, acts }: { question: Question; setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const id = useId()
  const [chosen, setRole] = useState<PersonRole | null>(null)
  // Whoever is missing comes next; people choose otherwise where they want it.
  const role = chosen !== null && asksFor(question, chosen) ? chosen : nextRole(question, setup.people)
  const [name, setName] = useState('')
  const [told, setTold] = useState<string | null>(null)
  const first = useRef<HTMLInputElement>(null)
  const second = useRef<HTMLInputElement>(null)
  const named = useRef<HTMLInputElement>(null)

  async function make(): Promise<void> {
    const [one, two] = [first.current?.value ?? '', second.current?.value ?? '']
    if (one !== two) return setTold(t('setup.make.differs'))
    setTold(null)
    const saved = await call('shell.saveFile', { kind: 'key', name: `${name}.key` })
    if (!saved.ok || saved.value.path === null) return
    const chosenPath = saved.value.path
    for (const field of [first, second]) if (field.current !== null) field.current.value = ''
    const asked = call('setups.enrol', {
      id: setup.id,
      role,
      name: name.trim(),
      passphrase: one,
      path: chosenPath,
    })
    if (!(await acts.send(asked))) return
    rememberKey(name.trim(), chosenPath)
    setRole(null)
    setName('')
    named.current?.focus()
  }

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '' && !acts.busy) void make()
      }}
    >
      <div className="field">
        <label htmlFor={`${id}-name`}>{t('setup.make.name')}</label>
        <TextField.Root
          id={`${id}-name`}
          ref={named}
          dir="auto"
          value={name}
          maxLength={200}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-role`}>{t('setup.make.role')}</label>
        <Select.Root value={role} onValueChange={(value) => setRole(asRole(value))}>
          <Select.Trigger id={`${id}-role`} />
          <Select.Content>
            {personRoles
              .filter((one) => asksFor(question, one))
              .map((one) => (
                <Select.Item key={one} value={one}>
                  {t(`roles.${one}`)}
                </Select.Item>
              ))}
          </Select.Content>
        </Select.Root>
        <span className="quiet">{t(`setup.does.${role}`)}</span>
      </div>
      <div className="field">
        <label htmlFor={`${id}-first`}>{t('setup.make.passphrase')}</label>
        <TextField.Root id={`${id}-first`} ref={first} {...secretField} />
        <span className="quiet">{t('ui.new-passphrase')}</span>
      </div>
      <div className="field">
        <label htmlFor={`${id}-second`}>{t('setup.make.again')}</label>
        <TextField.Root id={`${id}-second`} ref={second} {...secretField} />
      </div>
      {told === null ? null : (
        <span className="why-not" role="alert">
          {told}
        </span>
      )}
      <ActionButton
        type="submit"
        loading={acts.busy}
        whyNot={name.trim() === '' ? t('setup.make.need-name') : null}
        onPress={() => undefined}
      >
        {t('setup.make.go')}
      </ActionButton>
      <p className="quiet">{t('setup.make.text')}</p>
    </form>
  )
}

function asRole(value: string): PersonRole {
  return personRoles.find((role) => role === value) ?? 'administrator'
}
