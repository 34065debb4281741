import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../api/client.ts'
import { maxDescription, maxHolders, maxRotationDays } from '../api/limits.ts'
import type { ProjectChoice } from '../api/queries.ts'
import type { Key, Usage } from '../api/types.ts'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Field, Form, Tick } from '../components/form.tsx'
import { KeyName } from '../components/key-name.tsx'
import { go } from '../components/route.ts'
import { CallSnippets } from '../components/snippets.tsx'

const algorithms: Readonly<Record<Usage, readonly string[]>> = {
  'encrypt-decrypt': ['aes-256-gcm', 'aes-128-gcm'],
  'sign-verify': [
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'RSA_4096',
    'RSA_2048',
    'ML_DSA_65',
    'ML_DSA_87',
    'ML_DSA_44',
  ],
  'generate-verify-mac': ['HMAC_256', 'HMAC_384', 'HMAC_512'],
  'fhe-computation': ['TFHE_INTEGER', 'TFHE_BINARY'],
}
// Object.keys gives what the literal above has.
const usages = Object.keys(algorithms) as Usage[]

export function NewKey({
  projects,
  onClose,
}: {
  /** The projects in which this person may make keys. */
  projects: readonly ProjectChoice[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [usage, setUsage] = useState<Usage>('encrypt-decrypt')
  const work = useMutation({
    mutationFn: async (body: object) => (await call<{ key: Key }>('POST', '/kms/keys', body)).key,
    onSuccess: async ({ id, projectId }) => {
      await queries.invalidateQueries({ queryKey: ['keys', projectId] })
      go('keys', id)
    },
  })
  const threshold = usage === 'fhe-computation'
  const example = {
    ...{
      projectId: projects[0]?.value ?? '',
      name: 'orders',
      keyUsage: usage,
      algorithm: algorithms[usage][0],
    },
    ...(threshold ? { threshold: { t: 3, n: 5, mode: 'S' } } : {}),
  }
  return (
    <Dialog title={t('console.new-key.title')} onClose={onClose}>
      <Form
        work={work}
        submit={threshold ? t('console.new-key.ask') : t('console.new-key.submit')}
        onSubmit={({ text, all }) =>
          work.mutate({
            projectId: text('project'),
            name: text('name').trim(),
            ...(text('description') === '' ? {} : { description: text('description') }),
            keyUsage: usage,
            algorithm: text('algorithm'),
            ...(threshold
              ? { threshold: { t: Number(text('t')), n: Number(text('n')), mode: text('mode') } }
              : {
                  ...(text('days') === '' ? {} : { rotateEveryDays: Number(text('days')) }),
                  ...(all('exportable').length === 0 ? {} : { isExportable: true }),
                }),
          })
        }
      >
        <Choice name="project" label={t('console.new-key.project')} options={projects} />
        <KeyName />
        <Choice
          label={t('console.new-key.usage')}
          value={usage}
          onChange={(value) => setUsage(usages.find((one) => one === value) ?? 'encrypt-decrypt')}
          options={usages.map((one) => ({ value: one, label: t(`console.usage.${one}`) }))}
        />
        <Choice
          key={usage}
          name="algorithm"
          label={t('console.new-key.algorithm')}
          hint={t(`console.new-key.algorithm-hint.${usage}`)}
          options={algorithms[usage].map((one) => ({ value: one, label: t(`console.algorithm.${one}`) }))}
        />
        {threshold ? (
          <div className="field-row">
            <Field
              name="t"
              type="number"
              min={2}
              max={maxHolders}
              defaultValue={3}
              required
              label={t('console.new-key.t')}
            />
            <Field
              name="n"
              type="number"
              min={2}
              max={maxHolders}
              defaultValue={5}
              required
              label={t('console.new-key.n')}
            />
            <Choice
              name="mode"
              label={t('console.new-key.mode')}
              options={['S', 'F'].map((mode) => ({ value: mode, label: t(`console.new-key.modes.${mode}`) }))}
            />
          </div>
        ) : (
          <>
            <Field
              name="days"
              type="number"
              min={1}
              max={maxRotationDays}
              label={t('console.new-key.days')}
              hint={t('console.new-key.days-hint')}
              className="short"
            />
            <Tick name="exportable" label={t('console.new-key.exportable')} />
          </>
        )}
        <Field name="description" label={t('console.new-key.description')} maxLength={maxDescription} />
      </Form>
      <CallSnippets method="POST" path="/kms/keys" body={example} />
    </Dialog>
  )
}
