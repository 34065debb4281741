import { useTranslation } from 'react-i18next'
import { ChosenSome, useChoices } from '../components/chosen.tsx'
import { Field, type Fields } from '../components/form.tsx'

/** The limits that a role can be given with. */
export function ConditionFields() {
  const { t } = useTranslation()
  const approvers = useChoices('person')
  return (
    <details className="snippets">
      <summary>{t('console.new-identity.conditions')}</summary>
      <div className="form">
        <Field
          name="networks"
          label={t('console.new-identity.networks')}
          hint={t('console.new-identity.networks-hint')}
          dir="ltr"
        />
        <div className="field-row">
          <Field
            name="hours-from"
            type="number"
            min={0}
            max={24}
            label={t('console.new-identity.hours-from')}
          />
          <Field
            name="hours-until"
            type="number"
            min={0}
            max={24}
            label={t('console.new-identity.hours-until')}
          />
        </div>
        <Field
          name="not-after"
          type="date"
          min={new Date().toISOString().slice(0, 10)}
          label={t('console.new-identity.not-after')}
        />
        <Field name="key-names" label={t('console.new-identity.key-names')} dir="ltr" />
        {approvers.choices.length === 0 && approvers.search === null ? null : (
          <fieldset className="ticks">
            <legend>{t('console.new-identity.approvers')}</legend>
            <Field
              name="approvals"
              type="number"
              min={1}
              label={t('console.new-identity.approvals')}
              hint={t('console.new-identity.approvals-hint')}
              className="short"
            />
            <ChosenSome from={approvers} name="approver" />
          </fieldset>
        )}
      </div>
    </details>
  )
}

/** What was typed there, as the server takes it; null for no limit. */
export function conditionsOf({ text, all }: Fields): object | null {
  const listOf = (name: string): readonly string[] =>
    text(name)
      .split(/[\s,]+/)
      .filter(Boolean)
  const networks = listOf('networks')
  const keyNames = listOf('key-names')
  const [from, until] = [text('hours-from'), text('hours-until')]
  const by = all('approver')
  const conditions = {
    ...(networks.length === 0 ? {} : { networks }),
    ...(keyNames.length === 0 ? {} : { keyNames }),
    ...(from === '' && until === '' ? {} : { hours: { from: numberIn(from), until: numberIn(until) } }),
    ...(text('approvals') === '' && by.length === 0
      ? {}
      : { approvals: { count: numberIn(text('approvals')), by } }),
    // The day that was chosen is the last one.
    ...(text('not-after') === '' ? {} : { notAfter: `${text('not-after')}T23:59:59.999Z` }),
  }
  return Object.keys(conditions).length === 0 ? null : conditions
}

const numberIn = (text: string): number | undefined => (text === '' ? undefined : Number(text))
