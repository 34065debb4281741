import { FailureNotice, Icon } from '@lux/ui'
import { QrText } from '@lux/ui/qr-text'
import { Button } from '@radix-ui/themes'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, failureFrom } from '../api/client.ts'
import { answerChallenge } from '../api/security-keys.ts'
import type { Enrolment, Session } from '../api/types.ts'
import { Value } from '../components/copy.tsx'
import { Field, Form } from '../components/form.tsx'
import { NewPassword, twiceTheSame } from '../components/new-password.tsx'
import { usernameIn } from './new-identity.tsx'
import { Preferences } from './preferences.tsx'

type At = { readonly step: 'login' | 'code' | 'set-up' } | { readonly step: 'enrol'; readonly code: string }

/** The screens before a log-in: the first administrator, a new person's password, and the log-in itself. */
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
          username: usernameIn({ text }),
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
      check={twiceTheSame}
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
          <NewPassword />
        </li>
        <li>
          <Totp />
        </li>
      </ol>
    </Form>
  )
}

const factors = ['app', 'key'] as const

function LogIn() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [factor, setFactor] = useState<(typeof factors)[number]>('app')
  const work = useMutation({
    mutationFn: async (body: object) =>
      call<unknown>(
        'POST',
        '/console/session',
        factor === 'app' ? body : { ...body, assertion: await answerChallenge() },
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['session'] }),
  })
  return (
    <>
      <Form
        work={work}
        submit={t(`console.door.login.submit-${factor}`)}
        onSubmit={({ text }) =>
          work.mutate({
            username: text('username').trim(),
            password: text('password'),
            ...(factor === 'app' ? { totp: text('totp') } : {}),
          })
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
        <fieldset className="segments" aria-label={t('console.door.login.factor')}>
          {factors.map((one) => (
            <button key={one} type="button" aria-pressed={factor === one} onClick={() => setFactor(one)}>
              {t(`console.door.login.by-${one}`)}
            </button>
          ))}
        </fieldset>
        {factor === 'app' ? <Totp /> : <p className="quiet">{t('console.door.login.key-what')}</p>}
      </Form>
      <SignOn />
    </>
  )
}

/** Log-in by an identity provider. The browser leaves by a link and comes back with one word after the #. */
function SignOn() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [word] = useState(takeSignOnWord)
  const providers = useQuery({
    queryKey: ['sign-on'],
    queryFn: async () => (await call<{ providers: { name: string }[] }>('GET', '/auth/sign-on')).providers,
  })
  const taken = useQuery({
    queryKey: ['sign-on-token'],
    queryFn: async () => {
      await call<unknown>('POST', '/auth/sign-on/token', {})
      await queries.invalidateQueries({ queryKey: ['session'] })
      return true
    },
    enabled: word === 'ready',
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const failure =
    word !== null && word !== 'ready'
      ? { code: word, detail: '' }
      : taken.isError
        ? failureFrom(taken.error)
        : null
  const names = providers.data ?? []
  return (
    <>
      {failure === null ? null : <FailureNotice failure={failure} />}
      {names.length === 0 ? null : (
        <div className="form">
          <p className="quiet">{t('console.door.sign-on.or')}</p>
          {names.map(({ name }) => (
            <Button key={name} asChild size="3" variant="surface" color="gray" highContrast>
              <a href={`/api/v1/auth/sign-on/${encodeURIComponent(name)}/start`}>
                {t('console.door.sign-on.by', { name })}
              </a>
            </Button>
          ))}
        </div>
      )}
    </>
  )
}

/** The word that the server put after the #. It is removed, so that reloading does not repeat it. */
function takeSignOnWord(): string | null {
  const word = /^#sign-on=([A-Za-z0-9-]{1,64})$/.exec(location.hash)?.[1] ?? null
  if (word !== null) history.replaceState(null, '', location.pathname)
  return word
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
