import { Icon } from '@lux/ui'
import { QrText } from '@lux/ui/qr-text'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import type { Enrolment, Session } from '../api/types.ts'
import { Value } from '../components/copy.tsx'
import { Field, Form } from '../components/form.tsx'
import { Preferences } from './preferences.tsx'

type At = { readonly step: 'login' | 'code' | 'set-up' } | { readonly step: 'enrol'; readonly code: string }

/** Before anybody is known: the first administrator, a new person's password, and the way in. */
export function Doorstep({ session }: { session: Session }) {
  const { t } = useTranslation()
  const [at, setAt] = useState<At>({ step: session.setUp ? 'login' : 'set-up' })
  const heading = useRef<HTMLHeadingElement>(null)
  const { step } = at
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step is read from its title on
  useEffect(() => heading.current?.focus(), [step])
  return (
    <>
      {session.domain === 'rehearsal' ? <p className="rehearsal">{t('console.rehearsal')}</p> : null}
      <main className="doorstep">
        <div className="doorstep-name">
          <span className="mark">
            <Icon name="key" size={18} />
          </span>
          {t('console.name')}
        </div>
        <section className="card doorstep-card">
          <h1 ref={heading} tabIndex={-1}>
            {t(`console.door.${step}.title`)}
          </h1>
          <p className="lead">{t(`console.door.${step}.what`)}</p>
          {at.step === 'set-up' ? <SetUp onDone={(code) => setAt({ step: 'enrol', code })} /> : null}
          {at.step === 'code' ? <Code onDone={(code) => setAt({ step: 'enrol', code })} /> : null}
          {at.step === 'enrol' ? <Enrol code={at.code} onDone={() => setAt({ step: 'login' })} /> : null}
          {at.step === 'login' ? <LogIn /> : null}
          {at.step === 'login' || at.step === 'set-up' ? (
            <button type="button" className="link" onClick={() => setAt({ step: 'code' })}>
              {t('console.door.have-code')}
            </button>
          ) : (
            <button type="button" className="link" onClick={() => setAt({ step: 'login' })}>
              {t('console.door.back')}
            </button>
          )}
        </section>
        <Preferences />
      </main>
    </>
  )
}

function SetUp({ onDone }: { onDone: (code: string) => void }) {
  const { t } = useTranslation()
  const work = useMutation({
    mutationFn: (body: object) => call<{ enrolment: Enrolment }>('POST', '/setup', body),
    onSuccess: ({ enrolment }) => onDone(enrolment.code),
  })
  return (
    <Form
      work={work}
      submit={t('console.door.set-up.submit')}
      onSubmit={({ text }) =>
        work.mutate({
          code: text('code').trim(),
          name: text('name').trim(),
          username: text('username').trim(),
        })
      }
    >
      <Field
        name="code"
        label={t('console.door.set-up.code')}
        hint={t('console.door.set-up.code-hint')}
        required
        autoComplete="off"
        spellCheck={false}
        dir="ltr"
      />
      <Field name="name" label={t('console.person.name')} required maxLength={64} autoComplete="name" />
      <Field
        name="username"
        label={t('console.person.username')}
        hint={t('console.person.username-hint')}
        required
        maxLength={64}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        dir="ltr"
      />
    </Form>
  )
}

function Code({ onDone }: { onDone: (code: string) => void }) {
  const { t } = useTranslation()
  return (
    <Form
      work={{ isPending: false, error: null }}
      submit={t('console.door.code.submit')}
      onSubmit={({ text }) => onDone(text('code').trim())}
    >
      <Field
        name="code"
        label={t('console.door.code.code')}
        required
        autoComplete="off"
        spellCheck={false}
        dir="ltr"
      />
    </Form>
  )
}

function Enrol({ code, onDone }: { code: string; onDone: () => void }) {
  const { t } = useTranslation()
  const begin = useMutation({
    mutationFn: () => call<{ totpUri: string }>('POST', '/auth/password/begin-enrolment', { code }),
  })
  const enrol = useMutation({
    mutationFn: (body: object) => call<unknown>('POST', '/auth/password/enrol', { code, ...body }),
    onSuccess: onDone,
  })
  const uri = begin.data?.totpUri
  if (uri === undefined)
    return (
      <Form work={begin} submit={t('console.door.enrol.begin')} onSubmit={() => begin.mutate()}>
        <p>{t('console.door.enrol.before')}</p>
      </Form>
    )
  return (
    <Form
      work={enrol}
      submit={t('console.door.enrol.submit')}
      onSubmit={({ text }) => enrol.mutate({ password: text('password'), totp: text('totp') })}
    >
      <ol className="steps">
        <li>
          <p>{t('console.door.enrol.scan')}</p>
          <QrText text={uri} label={t('console.door.enrol.qr')} />
          <Value
            label={t('console.door.enrol.by-hand')}
            value={new URL(uri).searchParams.get('secret') ?? ''}
          />
        </li>
        <li>
          <Field
            name="password"
            type="password"
            label={t('console.door.enrol.password')}
            hint={t('console.door.enrol.password-hint')}
            required
            minLength={12}
            maxLength={256}
            autoComplete="new-password"
          />
        </li>
        <li>
          <Totp />
        </li>
      </ol>
    </Form>
  )
}

function LogIn() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const work = useMutation({
    mutationFn: (body: object) => call<unknown>('POST', '/console/session', body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['session'] }),
  })
  return (
    <Form
      work={work}
      submit={t('console.door.login.submit')}
      onSubmit={({ text }) =>
        work.mutate({ username: text('username').trim(), password: text('password'), totp: text('totp') })
      }
    >
      <Field
        name="username"
        label={t('console.person.username')}
        required
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        dir="ltr"
      />
      <Field
        name="password"
        type="password"
        label={t('console.door.login.password')}
        required
        autoComplete="current-password"
      />
      <Totp />
    </Form>
  )
}

function Totp() {
  const { t } = useTranslation()
  return (
    <Field
      name="totp"
      label={t('console.door.totp')}
      hint={t('console.door.totp-hint')}
      required
      inputMode="numeric"
      pattern="[0-9]{6}"
      maxLength={6}
      autoComplete="one-time-code"
      dir="ltr"
      className="short"
    />
  )
}
