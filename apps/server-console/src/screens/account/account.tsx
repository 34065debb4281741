import { EmptyState, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/client.ts'
import { usePerson } from '../../api/queries.ts'
import { addSecurityKey, type SecurityKey } from '../../api/security-keys.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Field, Form } from '../../components/form.tsx'
import { NewPassword, twiceTheSame } from '../../components/new-password.tsx'
import { Asked, Card, Page } from '../../components/page.tsx'
import { useRoleSentence } from '../../components/role-sentence.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'

/** One's own account: roles, security keys, password and sessions. */
export function Account() {
  const { t } = useTranslation()
  const { name } = usePerson()
  return (
    <Page title={<Rec>{name}</Rec>} lead={t('console.account.lead')}>
      <div className="pair-columns">
        <SecurityKeys />
        <div className="column">
          <OwnRoles />
          <Password />
          <Sessions />
        </div>
      </div>
    </Page>
  )
}

function SecurityKeys() {
  const { t } = useTranslation()
  const { time } = useFormats()
  const queries = useQueryClient()
  const [adding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<SecurityKey | null>(null)
  const again = () => queries.invalidateQueries({ queryKey: ['security-keys'] })
  const found = useQuery({
    queryKey: ['security-keys'],
    queryFn: async () =>
      (await call<{ authenticators: SecurityKey[] }>('GET', '/authenticators')).authenticators,
  })
  const adder = (
    <Button size="3" onClick={() => setAdding(true)}>
      {t('console.account.add')}
    </Button>
  )
  return (
    <Card title={t('console.account.keys')}>
      <Asked query={found}>
        {(keys) =>
          keys.length === 0 ? (
            <EmptyState
              icon="key"
              title={t('console.account.none.title')}
              what={t('console.account.none.what')}
              cost={t('console.account.none.cost')}
              action={adder}
            />
          ) : (
            <>
              <ul className="version-list">
                {keys.map((one) => (
                  <li key={one.id}>
                    <span className="version-text">
                      <strong>
                        <Rec>{one.name}</Rec>
                      </strong>
                      <span className="quiet">
                        {one.usedAt === null
                          ? t('console.account.not-used', { time: time(one.createdAt) })
                          : t('console.account.used', { time: time(one.usedAt) })}
                      </span>
                    </span>
                    <button type="button" className="link" data-tone="bad" onClick={() => setLeaving(one)}>
                      {t('console.account.remove')}
                      <span className="visually-hidden">
                        <Rec>{one.name}</Rec>
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
              <p className="quiet">{t('console.account.lost')}</p>
              <div>{adder}</div>
            </>
          )
        }
      </Asked>
      <CallSnippets method="GET" path="/authenticators" />
      {adding ? <AddKey onClose={() => setAdding(false)} onDone={again} /> : null}
      {leaving === null ? null : (
        <RemoveKey leaving={leaving} onClose={() => setLeaving(null)} onDone={again} />
      )}
    </Card>
  )
}

function AddKey({ onClose, onDone }: { onClose: () => void; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation()
  const add = useMutation({
    mutationFn: addSecurityKey,
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog title={t('console.account.add')} onClose={onClose}>
      <Form
        work={add}
        submit={t('console.account.add-submit')}
        onSubmit={({ text }) => add.mutate(text('name').trim())}
      >
        <p>{t('console.account.add-what')}</p>
        <Field
          name="name"
          label={t('console.account.name')}
          hint={t('console.account.name-hint')}
          required
          maxLength={64}
          autoComplete="off"
        />
      </Form>
    </Dialog>
  )
}

function RemoveKey({
  leaving,
  onClose,
  onDone,
}: {
  leaving: SecurityKey
  onClose: () => void
  onDone: () => Promise<unknown>
}) {
  const { t } = useTranslation()
  const remove = useMutation({
    mutationFn: () => call<unknown>('DELETE', `/authenticators/${leaving.id}`),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog title={t('console.account.remove-title', { name: leaving.name })} onClose={onClose}>
      <Form work={remove} danger submit={t('console.account.remove-submit')} onSubmit={() => remove.mutate()}>
        <p>{t('console.account.remove-what')}</p>
      </Form>
    </Dialog>
  )
}

function OwnRoles() {
  const { t } = useTranslation()
  const person = usePerson()
  const sentence = useRoleSentence()
  return (
    <Card title={t('console.people.own')}>
      <ul className="sentences">
        {person.grants.map((grant) => (
          <li key={`${grant.role}${grant.organisationId}${grant.projectId}`}>{sentence(grant)}</li>
        ))}
      </ul>
      <p className="quiet">{t('console.people.own-what')}</p>
    </Card>
  )
}

function Password() {
  const { t } = useTranslation()
  const [times, setTimes] = useState(0)
  const change = useMutation({
    mutationFn: (body: object) => call<unknown>('POST', '/auth/password/change', body),
    // A new key clears the form.
    onSuccess: () => setTimes(times + 1),
  })
  const example = { password: '…', newPassword: '…' }
  return (
    <Card title={t('console.account.password')}>
      <Form
        key={times}
        work={change}
        plain
        submit={t('console.account.password-submit')}
        check={twiceTheSame}
        onSubmit={({ text }) => change.mutate({ password: text('old'), newPassword: text('password') })}
      >
        <p>{t('console.account.password-what')}</p>
        <Field
          name="old"
          type="password"
          label={t('console.account.password-now')}
          required
          maxLength={256}
          autoComplete="current-password"
        />
        <NewPassword />
        {change.isSuccess ? <p role="status">{t('console.account.password-done')}</p> : null}
      </Form>
      <CallSnippets method="POST" path="/auth/password/change" body={example} />
    </Card>
  )
}

function Sessions() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const out = useMutation({
    mutationFn: () => call<unknown>('POST', '/auth/log-out-everywhere'),
    onSuccess: async () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      await queries.invalidateQueries({ queryKey: ['session'] })
    },
  })
  return (
    <Card title={t('console.account.sessions')}>
      <Form work={out} plain submit={t('console.account.everywhere')} onSubmit={() => out.mutate()}>
        <p>{t('console.account.everywhere-what')}</p>
      </Form>
      <CallSnippets method="POST" path="/auth/log-out-everywhere" />
    </Card>
  )
}
