import type { TFunction } from 'i18next'
import type {
  Language,
  Paper,
  PaperBlock,
  PersonRole,
  PlannedPart,
  PlanOnPaper,
  PolicyOnPaper,
} from '../../contract/index.ts'
import type { ScriptText } from '../i18n/step-text.ts'

/** What is on the paper of a script: of a plan with its people, or of a draft with those of a rehearsal. */
type OnPaper = {
  title: string
  people: readonly { name: string; role: PersonRole }[]
  facts: { name: string; value: string }[]
  hash: { title: string; words: string[]; hex: string | null }
  parts: readonly PlannedPart[]
}

/** The script of a ceremony, to tick off by hand: what is done, by whom, with a place for initials and time. */
export function planPaper(
  t: TFunction,
  said: ScriptText,
  language: Language,
  { title, people, organisation, script }: PlanOnPaper,
  parts: readonly PlannedPart[],
): Paper {
  return scriptPaper(t, said, language, {
    title,
    people,
    facts: [{ name: t('setup.policy.organisation-name'), value: organisation.name }],
    hash: { title: t('paper.plan.hash'), words: script.words, hex: script.hash },
    parts,
  })
}

export function scriptPaper(
  t: TFunction,
  said: ScriptText,
  language: Language,
  { title, people, facts, hash, parts }: OnPaper,
): Paper {
  let number = 0
  const tables = parts.map(
    (part): PaperBlock => ({
      kind: 'table',
      title: said.part(part),
      columns: [
        { title: t('paper.step'), width: 7 },
        { title: t('paper.activity'), width: 57 },
        { title: t('paper.initials'), width: 18 },
        { title: t('paper.time'), width: 18 },
      ],
      rows: part.steps.map((step) => {
        number += 1
        const { title, text } = said.step(step)
        const who = `${t(`roles.${step.actor.role}`)}: ${step.actor.name}`
        const toFill = step.values.map((label) => `${label}: ____________________`)
        const cosigned = step.cosigned ? [t('paper.plan.cosigned')] : []
        return [String(number), [title, who, text, ...toFill, ...cosigned].join('\n'), '', '']
      }),
      toWrite: true,
    }),
  )
  return {
    title,
    language,
    blocks: [
      { kind: 'paragraph', text: t('paper.plan.lead'), weight: 'strong' },
      ...(facts.length === 0 ? [] : [{ kind: 'facts' as const, facts }]),
      {
        kind: 'words',
        title: hash.title,
        words: hash.words,
        ...(hash.hex === null ? {} : { hex: hash.hex }),
      },
      {
        kind: 'table',
        title: t('paper.plan.people'),
        columns: [
          { title: t('paper.plan.name'), width: 40 },
          { title: t('paper.plan.role'), width: 36 },
          { title: t('paper.initials'), width: 24 },
        ],
        rows: people.map(({ name, role }) => [name, t(`roles.${role}`), '']),
        toWrite: true,
      },
      { kind: 'heading', text: t('paper.plan.steps') },
      ...tables,
    ],
  }
}

/** The policy as people read and sign it: what its sentences say, and who signs. */
export function policyPaper(
  t: TFunction,
  language: Language,
  { policy, people, organisation, title }: PolicyOnPaper,
): Paper {
  const of = (role: string, needed: number): string =>
    t('ui.quorum', { given: needed, needed: people.filter((one) => one.role === role).length })
  return {
    title: t('paper.policy.title', { title }),
    language,
    blocks: [
      {
        kind: 'facts',
        facts: [
          { name: t('setup.policy.organisation-name'), value: organisation.name },
          { name: t('setup.policy.officers-name'), value: of('officer', policy.officerQuorum) },
          { name: t('setup.policy.witnesses-name'), value: of('witness', policy.witnessQuorum) },
          { name: t('setup.policy.approvers-name'), value: of('approver', policy.approverThreshold) },
          { name: t('setup.policy.expiry'), value: policy.expiry.slice(0, 10) },
          {
            name: t('setup.policy.soft'),
            value: t(policy.softTokens ? 'paper.policy.yes' : 'paper.policy.no'),
          },
          { name: t('setup.policy.evidence-level'), value: t(`setup.evidence.${policy.leastEvidence}`) },
        ],
      },
      { kind: 'words', title: t('paper.policy.digest'), words: policy.words, hex: policy.digest },
      { kind: 'heading', text: t('setup.policy.text') },
      ...policy.lines
        .filter((line) => line !== '')
        .map((text): PaperBlock => ({ kind: 'paragraph', text, weight: 'quiet' })),
      { kind: 'heading', text: t('setup.policy.signed') },
      {
        kind: 'table',
        title: t('setup.policy.signed'),
        columns: [
          { title: t('paper.plan.name'), width: 40 },
          { title: t('paper.policy.state'), width: 30 },
          { title: t('paper.policy.by-hand'), width: 30 },
        ],
        rows: policy.signers.map(({ name, signed }) => [
          name,
          t(signed ? 'paper.policy.signed' : 'paper.policy.unsigned'),
          '',
        ]),
        toWrite: true,
      },
    ],
  }
}
