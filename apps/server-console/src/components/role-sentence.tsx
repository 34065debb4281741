import { useTranslation } from 'react-i18next'
import type { Grant } from '../api/types.ts'
import { useFormats } from './times.ts'

/** A role as one sentence: what it allows, where, and when. */
export function useRoleSentence(): (grant: Grant) => string {
  const { t, i18n } = useTranslation()
  const { list, time } = useFormats()
  const dayName = (day: number): string =>
    new Intl.DateTimeFormat(i18n.language, { weekday: 'long', timeZone: 'UTC' }).format(
      // 2 January 2000 was a Sunday.
      new Date(Date.UTC(2000, 0, 2 + day)),
    )
  return ({ role, organisationName, organisationId, projectName, projectId, conditions }) => {
    const where =
      organisationId === null
        ? t('console.sentence.everywhere')
        : projectId === null
          ? t('console.sentence.organisation', { organisation: organisationName ?? organisationId })
          : t('console.sentence.project', {
              project: projectName ?? projectId,
              organisation: organisationName ?? organisationId,
            })
    const parts = [
      ...(conditions?.days ? [t('console.sentence.days', { days: list(conditions.days.map(dayName)) })] : []),
      ...(conditions?.hours ? [t('console.sentence.hours', conditions.hours)] : []),
      ...(conditions?.notBefore
        ? [t('console.sentence.not-before', { time: time(conditions.notBefore) })]
        : []),
      ...(conditions?.notAfter ? [t('console.sentence.not-after', { time: time(conditions.notAfter) })] : []),
      ...(conditions?.networks
        ? [t('console.sentence.networks', { networks: list(conditions.networks) })]
        : []),
      ...(conditions?.keyNames
        ? [t('console.sentence.key-names', { names: list(conditions.keyNames) })]
        : []),
      ...(conditions?.keyAlgorithms
        ? [t('console.sentence.key-algorithms', { names: list(conditions.keyAlgorithms) })]
        : []),
    ]
    if (conditions?.approvals)
      parts.push(
        t('console.sentence.approvals', {
          count: conditions.approvals.count,
          of: conditions.approvals.by.length,
        }),
      )
    const said = t(`console.sentence.may.${role}`, { where })
    return parts.length === 0 ? said : t('console.sentence.only', { said, conditions: list(parts) })
  }
}
