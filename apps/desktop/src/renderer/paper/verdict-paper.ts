import type { TFunction } from 'i18next'
import type { Language, Paper, PaperBlock, VerifyView } from '../../contract/index.ts'
import { groupOf, groupsOf } from '../bundles/check-groups.ts'

/** The verdict on a bundle as people read and sign it. `said`: what a check claims. */
export function verdictPaper(
  t: TFunction,
  said: (check: string) => string,
  language: Language,
  result: VerifyView,
): Paper {
  const { verdict, contents, rule } = result
  const damaged = verdict === 'refused' && rule !== null ? groupOf(rule) : null
  const names = result.signedHere.join(', ')
  return {
    title: t('paper.verdict.title'),
    language,
    blocks: [
      { kind: 'paragraph', text: t(`bundles.verdict.${verdict}.title`), weight: 'strong' },
      ...(damaged === null
        ? [paragraph(t(`bundles.verdict.${verdict}.text`))]
        : [paragraph(t(`bundles.damage.${damaged}.what`)), paragraph(t(`bundles.damage.${damaged}.do`))]),
      { kind: 'facts', code: true, facts: [{ name: t('bundles.file'), value: nameOf(result.path) }] },
      ...policyBlocks(t, result.policy),
      ...(contents === null ? [] : contentBlocks(t, contents)),
      { kind: 'heading', text: t('bundles.signers') },
      ...signerBlocks(t, result),
      { kind: 'heading', text: t('bundles.not-proved') },
      { kind: 'list', items: result.unproved.map((what) => t(`bundles.unproved.${what}`, { names })) },
      ...(result.notes.length === 0
        ? []
        : [
            { kind: 'heading' as const, text: t('bundles.notes') },
            {
              kind: 'facts' as const,
              facts: result.notes.map(({ id, state, values }) => ({
                name: t(`bundles.note.${id}`),
                value: t(`bundles.note-state.${state}`, { values: values.join(', ') }),
              })),
            },
          ]),
      { kind: 'heading', text: t('bundles.checks') },
      ...groupsOf(result).map(
        ({ answer, checks }): PaperBlock => ({
          kind: 'table',
          title: t(`bundles.group.${answer}`),
          columns: [
            { title: t('paper.verdict.check'), width: 58 },
            { title: t('paper.verdict.id'), width: 26, code: true },
            { title: t('paper.verdict.outcome'), width: 16 },
          ],
          rows: checks.map(({ name, outcome }) => [said(name), name, t(`bundles.outcome.${outcome}`)]),
        }),
      ),
      { kind: 'signature', name: '', role: t('paper.verdict.verified-by') },
    ],
  }
}

/** The paper leaves the room: where the file lay on this machine is nobody's business there. */
const nameOf = (path: string): string => path.split(/[/\\]/).at(-1) ?? path

const paragraph = (text: string): PaperBlock => ({ kind: 'paragraph', text })

/** By which law it is a verdict. */
function policyBlocks(t: TFunction, policy: VerifyView['policy']): PaperBlock[] {
  if (policy === null) return [paragraph(t('bundles.judged-by-none'))]
  return [
    { kind: 'facts', facts: [{ name: t('bundles.judged-by'), value: policy.organisation }] },
    ...(policy.domain === 'rehearsal' ? [paragraph(t('bundles.policy-rehearsal'))] : []),
    ...(policy.ended === null
      ? []
      : [paragraph(t('bundles.policy-ended', { at: policy.ended.slice(0, 10) }))]),
    { kind: 'words', title: t('bundles.policy-words'), words: policy.words, hex: policy.digest },
  ]
}

function contentBlocks(t: TFunction, contents: NonNullable<VerifyView['contents']>): PaperBlock[] {
  return [
    {
      kind: 'facts',
      facts: [
        { name: t('bundles.ceremony'), value: contents.title },
        { name: t('bundles.organisation'), value: contents.organisation },
        { name: t('bundles.domain'), value: t(`states.domain.${contents.domain}`) },
      ],
    },
    {
      kind: 'facts',
      code: true,
      facts: [
        { name: t('bundles.ceremony-id'), value: contents.ceremony },
        { name: t('bundles.plan-hash'), value: contents.planHash },
      ],
    },
    { kind: 'words', title: t('bundles.digest-words'), words: contents.words, hex: contents.digest },
  ]
}

function signerBlocks(t: TFunction, { contents, checks }: VerifyView): PaperBlock[] {
  const signers = contents?.signers ?? null
  if (signers === null) {
    const failed = checks.find(({ name }) => name === 'MANIFEST-SIGNATURES')?.outcome === 'failed'
    return [paragraph(t(failed ? 'bundles.signers-refused' : 'bundles.signers-unchecked'))]
  }
  return [
    {
      kind: 'facts',
      facts: [
        ...signers.signed.map((name) => ({ name, value: t('bundles.signer') })),
        ...signers.missing.map((name) => ({ name, value: t('bundles.signer-missing') })),
      ],
    },
  ]
}
