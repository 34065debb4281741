import type { AccountStep, Heard } from '@lux/ceremony/account'
import type { Language } from './languages.ts'
import type { Paper, PaperBlock } from './paper.ts'
import type { TranscriptAccount, TranscriptEntry } from './records.ts'
import { isDeviation, type Say, storyOf } from './story.ts'

/** Entries on one paper: a longer transcript is saved as JSON lines, and the paper says where it ends. */
export const entriesOnPaper = 5000

/** What happened, for somebody who was not there: by window, command and folder that leaves the room alike. */
export function transcriptPaper(
  say: Say,
  language: Language,
  account: TranscriptAccount,
  entries: readonly TranscriptEntry[],
): Paper {
  const { t } = say
  const { domain, title, ceremonyId } = account
  const mark = t(`transcript.paper.${domain}`)
  return {
    title: t('transcript.paper-title', { title }),
    language,
    running: {
      top: `${mark}  ${t(`transcript.paper.${domain}-what`)}`,
      bottom: `${mark}  ${title}  ${ceremonyId}`,
    },
    blocks: [
      { kind: 'paragraph', text: `${mark}. ${t(`transcript.paper.${domain}-what`)}`, weight: 'strong' },
      headBlock(say, account),
      ...wordBlocks(say, account),
      tokenBlock(say, account),
      peopleBlock(say, account),
      ...standInBlocks(say, account),
      { kind: 'heading', text: t('transcript.paper.steps') },
      ...partBlocks(say, account),
      keyBlock(say, account),
      ...thresholdBlocks(say, account),
      ...account.servers.map(({ name, id }) => ({
        kind: 'paragraph' as const,
        text: t('transcript.paper.for-server', { name, id: id.slice(0, 16) }),
      })),
      { kind: 'heading', text: t('transcript.paper.deviations') },
      deviationBlock(say, account),
      signatureBlock(say, account),
      checkpointBlock(say, account),
      { kind: 'heading', text: t('bundles.not-proved') },
      {
        kind: 'list',
        items: account.unproved.map((what) =>
          t(`bundles.unproved.${what}`, { names: account.signedHere.join(', ') }),
        ),
      },
      { kind: 'page-break' },
      ...entryBlocks(say, account, entries),
    ],
  }
}

const asItIs = (text: string): string => text

/** To the second, in UTC, as every entry has it. */
const minute = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
const ofDay = (iso: string): string => iso.slice(11, 19)

function lasted({ t }: Say, from: string | null, to: string | null): string {
  if (from === null || to === null) return ''
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))
  return seconds < 60
    ? t('transcript.paper.seconds', { count: seconds })
    : t('transcript.paper.minutes', { count: Math.round(seconds / 60) })
}

function headBlock(say: Say, account: TranscriptAccount): PaperBlock {
  const { t } = say
  const { bundle, clocks, begun, ended, tool, machine } = account
  const held = begun === null ? '' : [minute(begun), ended === null ? '…' : minute(ended)].join(' – ')
  return {
    kind: 'facts',
    facts: [
      { name: t('bundles.organisation'), value: account.organisation },
      { name: t('bundles.ceremony'), value: account.title },
      { name: t('bundles.ceremony-id'), value: account.ceremonyId },
      {
        name: t('transcript.paper.held'),
        value: [held, lasted(say, begun, ended)].filter((one) => one !== '').join(', '),
      },
      {
        name: t('transcript.paper.state'),
        value: t(`states.run-end.${account.state.toLowerCase()}`),
      },
      { name: t('transcript.paper.build'), value: `${tool.version}  ${tool.build}` },
      { name: t('transcript.paper.machine'), value: `${machine.kernel}  ${machine.measurement}` },
      {
        name: t('transcript.paper.clock'),
        value:
          clocks.length === 0
            ? t('transcript.paper.clock-none')
            : clocks
                .map(({ read, at, seconds }) =>
                  t('transcript.paper.clock-apart', { seconds: Math.abs(seconds), read, at: minute(at) }),
                )
                .join('\n'),
      },
      {
        name: t('transcript.paper.recorded'),
        value: [
          t('bundles.recorded', { count: account.entries }),
          bundle === null
            ? t('transcript.paper.no-bundle')
            : t('transcript.paper.in-bundle', { count: bundle.entries }),
        ].join('. '),
      },
    ],
  }
}

function wordBlocks({ t }: Say, { words, head, ...account }: TranscriptAccount): PaperBlock[] {
  return [
    { kind: 'words', title: t('facts.plan-hash'), words: words.plan, hex: account.planHash },
    { kind: 'words', title: t('facts.policy-digest'), words: words.policy, hex: account.policyDigest },
    account.bundle === null
      ? { kind: 'paragraph', text: t('transcript.paper.no-bundle') }
      : {
          kind: 'words',
          title: t('facts.bundle-digest'),
          words: words.bundle,
          hex: account.bundle.digest,
        },
    { kind: 'words', title: t('transcript.head-words'), words: head.words, hex: head.node },
  ]
}

function tokenBlock({ t }: Say, { tokens }: TranscriptAccount): PaperBlock {
  return {
    kind: 'table',
    title: t('transcript.paper.tokens'),
    columns: [
      { title: t('transcript.paper.token'), width: 22 },
      { title: t('transcript.paper.device'), width: 26 },
      { title: t('facts.serial'), width: 18, code: true },
      { title: t('facts.library'), width: 34, code: true },
    ],
    rows: tokens.map(({ role, label, device, profile, serial, library, shim }) => [
      [label, role].filter((one) => one !== '').join('\n'),
      device === null
        ? t('transcript.paper.device-none', { profile })
        : t('transcript.paper.device-of', device),
      serial,
      [library, ...(shim === null ? [] : [shim])].join('\n'),
    ]),
  }
}

function peopleBlock({ t }: Say, { people }: TranscriptAccount): PaperBlock {
  return {
    kind: 'table',
    title: t('transcript.paper.people'),
    columns: [
      { title: t('paper.plan.name'), width: 34 },
      { title: t('paper.plan.role'), width: 36 },
      { title: t('transcript.paper.presence'), width: 30 },
    ],
    rows: people.map(({ name, roles, presence, since }) => [
      name,
      roles.map((role) => t(`roles.${role}`)).join(', '),
      t(`transcript.paper.in-room.${presence}`, { at: since === null ? '' : ofDay(since) }),
    ]),
  }
}

function standInBlocks({ t }: Say, { standIns }: TranscriptAccount): PaperBlock[] {
  if (standIns.length === 0) return []
  return [
    {
      kind: 'table',
      title: t('transcript.paper.stand-ins'),
      columns: [
        { title: t('transcript.paper.stand-in-for'), width: 30 },
        { title: t('transcript.paper.listed'), width: 35, code: true },
        { title: t('transcript.paper.used'), width: 35, code: true },
      ],
      rows: standIns.map(({ name, listed, standIn }) => [name, listed, standIn]),
    },
  ]
}

function partBlocks(say: Say, { parts }: TranscriptAccount): PaperBlock[] {
  const { t, has } = say
  return parts.map(({ kind, begun, ended, steps }): PaperBlock => {
    const name = has(`script.part.${kind}`) ? t(`script.part.${kind}`) : kind
    const times = begun === null ? '' : [ofDay(begun), ended === null ? '…' : ofDay(ended)].join(' – ')
    return {
      kind: 'table',
      title: [name, times, lasted(say, begun, ended)].filter((one) => one !== '').join('   '),
      columns: [
        { title: t('transcript.column.seq'), width: 6 },
        { title: t('transcript.paper.began'), width: 12 },
        { title: t('transcript.paper.step-who'), width: 24 },
        { title: t('transcript.paper.outcome'), width: 30 },
        { title: t('transcript.paper.evidence-who'), width: 28 },
      ],
      rows: steps.map((step) => [
        String(step.number),
        step.begun === null ? '' : [ofDay(step.begun), lasted(say, step.begun, step.ended)].join('\n'),
        [titleOf(say, step), ...(step.by.length === 0 ? [] : [step.by.join(', ')])].join('\n'),
        outcomeOf(say, step).join('\n'),
        evidenceOf(say, step).join('\n'),
      ]),
    }
  })
}

function titleOf({ t, has }: Say, { id, do: kind }: Pick<AccountStep, 'id' | 'do'>): string {
  const key = [`script.title.${id}`, `steps.${kind}`].find((one) => has(one))
  return key === undefined ? id : t(key)
}

/** Whole where people compare it elsewhere on the paper: a digest's beginning is enough to find it. */
const shortened = (value: string): string =>
  /^[0-9a-f]{40,}$/.test(value) ? `${value.slice(0, 16)}…` : value.split(/[/\\]/).at(-1) || value

function outcomeOf({ t, has }: Say, { state, outcome, deviations }: AccountStep): string[] {
  const named = (label: string): string => {
    const key = [`facts.${label}`, `script.field.${label}`].find((one) => has(one))
    return key === undefined ? label : t(key)
  }
  return [
    ...(state === 'Done' ? [] : [t(`transcript.paper.step.${state === 'Skipped' ? 'skipped' : 'open'}`)]),
    ...outcome
      .filter(({ value }) => value !== 'here' && value !== 'away')
      .map(({ label, value }) => `${named(label)}: ${shortened(value)}`),
    ...deviations.map((id) => t('transcript.paper.deviation', { id })),
  ]
}

function evidenceOf({ t }: Say, step: AccountStep): string[] {
  const { evidence, entries, heard, heardSigned, notes, signed } = step
  const signers = [...new Set(signed.filter(({ what }) => what !== 'hearing').map(({ name }) => name))]
  const line = (key: string, names: readonly string[]) =>
    names.length === 0 ? [] : [t(`transcript.paper.${key}`, { names: names.join(', ') })]
  const heardBy = (key: string, all: readonly Heard[]) =>
    all.flatMap(({ what, names }) => line(key, [`${t(`stage.reading.of.${what}`)}: ${names.join(', ')}`]))
  return [
    ...line('evidence', evidence),
    ...(entries === null
      ? []
      : [t(`transcript.paper.${entries.first === entries.last ? 'entry-at' : 'entries-from'}`, entries)]),
    ...heardBy('heard-by', heard),
    ...heardBy('heard-signed-by', heardSigned),
    ...line('signed-by', signers),
    ...notes.map(({ by, text }) => `${by}: ${text}`),
  ]
}

function keyBlock({ t }: Say, { keys }: TranscriptAccount): PaperBlock {
  return {
    kind: 'table',
    title: t('transcript.paper.keys'),
    columns: [
      { title: t('facts.key'), width: 18 },
      { title: t('facts.cka-id'), width: 26, code: true },
      { title: t('facts.evidence'), width: 10 },
      { title: t('facts.serial'), width: 14, code: true },
      { title: t('transcript.paper.check-value'), width: 32, code: true },
    ],
    rows: keys.map(({ id, level, ckaId, evidence, serial, proof, wrapped }) => [
      level === 'ceremony' ? t('transcript.paper.ceremony-key') : `${id}\n${t(`stage.level.${level}`)}`,
      ckaId,
      evidence,
      wrapped ? t('transcript.paper.wrapped', { serial }) : serial,
      proof ?? t('transcript.paper.no-proof'),
    ]),
  }
}

/** Who has which share of the threshold key, and how many of them are enough. */
function thresholdBlocks({ t }: Say, { threshold }: TranscriptAccount): PaperBlock[] {
  if (threshold === null) return []
  const { keyId, t: enough, holders } = threshold
  return [
    {
      kind: 'paragraph',
      text: t('transcript.paper.threshold', { id: keyId, enough, all: holders.length }),
    },
    { kind: 'list', items: holders.map((name, at) => t('transcript.paper.share-of', { at: at + 1, name })) },
  ]
}

function deviationBlock(say: Say, { deviations }: TranscriptAccount): PaperBlock {
  const { t, has } = say
  if (deviations.length === 0) return { kind: 'paragraph', text: t('transcript.paper.no-deviations') }
  const title = (id: string) => (has(`script.title.${id}`) ? t(`script.title.${id}`) : id)
  return {
    kind: 'table',
    title: t('transcript.paper.deviations-count', { count: deviations.length }),
    columns: [
      { title: t('transcript.column.seq'), width: 6 },
      { title: t('transcript.paper.reported'), width: 24 },
      { title: t('facts.expected'), width: 20 },
      { title: t('facts.happened'), width: 22 },
      { title: t('facts.decided'), width: 28 },
    ],
    rows: deviations.map((one) => [
      String(one.id),
      [title(one.step), one.by, minute(one.at)].join('\n'),
      one.expected,
      one.happened,
      one.decision === null
        ? t('transcript.paper.undecided')
        : [
            t(one.decision === 'read-again' ? 'stage.reading.again' : `runner.decision.${one.decision}`),
            one.reason ?? '',
            one.decidedBy ?? '',
            one.decidedAt === null ? '' : minute(one.decidedAt),
            ...(one.signed.length === 0
              ? []
              : [t('transcript.paper.signed-by', { names: one.signed.join(', ') })]),
          ]
            .filter((line) => line !== '')
            .join('\n'),
    ]),
  }
}

function signatureBlock({ t }: Say, { parts }: TranscriptAccount): PaperBlock {
  const signed = parts.flatMap(({ steps }) => steps.flatMap((step) => step.signed))
  return {
    kind: 'table',
    title: t('transcript.paper.signatures', { count: signed.length }),
    columns: [
      { title: t('paper.plan.name'), width: 28 },
      { title: t('transcript.paper.signed-what'), width: 30 },
      { title: t('transcript.column.time'), width: 22, code: true },
      { title: t('transcript.paper.signed-where'), width: 20 },
    ],
    rows: signed.map(({ name, what, at, here }) => [
      name,
      t(`transcript.signed.${what}`),
      minute(at),
      t(`transcript.paper.${here ? 'signed-here' : 'signed-elsewhere'}`),
    ]),
  }
}

function checkpointBlock({ t }: Say, { checkpoints }: TranscriptAccount): PaperBlock {
  return {
    kind: 'table',
    title: t('bundles.checkpoints'),
    columns: [
      { title: t('bundles.entries'), width: 14 },
      { title: t('facts.digest'), width: 50, code: true },
      { title: t('transcript.paper.cosigned'), width: 36 },
    ],
    rows: checkpoints.map(({ size, digest, cosigned }) => [
      String(size),
      digest,
      cosigned.length === 0 ? t('transcript.paper.nobody') : cosigned.join(', '),
    ]),
  }
}

/** Every entry, told as people would tell it. */
function entryBlocks(
  say: Say,
  account: TranscriptAccount,
  entries: readonly TranscriptEntry[],
): PaperBlock[] {
  const { t } = say
  const left = account.entries - entries.length
  return [
    {
      kind: 'table',
      title: t('transcript.entries'),
      columns: [
        { title: t('transcript.column.seq'), width: 8 },
        { title: t('transcript.column.time'), width: 30, code: true },
        { title: t('transcript.column.summary'), width: 62 },
      ],
      rows: entries.map((entry) => {
        const what = storyOf(say, entry, asItIs)
        return [
          String(entry.seq),
          entry.time,
          isDeviation(entry.kind) ? t('transcript.marked', { what }) : what,
        ]
      }),
    },
    ...(left > 0 ? [{ kind: 'paragraph' as const, text: t('transcript.cut', { count: left }) }] : []),
  ]
}
