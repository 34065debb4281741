import type { RunView } from '../../src/contract/index.ts'
import { aborted, broken, closed, current, run, step } from './fake-views.ts'

/** Paused by a person after a step was skipped; its token is away, and one PIN was typed before. */
export const waiting: RunView = {
  ...run,
  id: 'c4',
  state: 'paused',
  paused: {
    cause: 'person',
    by: 'Ada Lindqvist',
    reason: 'the room was left for a fire drill',
    awaits: null,
  },
  tokens: run.tokens.map((one) => ({ ...one, present: false, pin: { state: 'final', left: null } })),
  parts: run.parts.map((part, index) =>
    index > 0
      ? part
      : { ...part, steps: part.steps.map((one) => (one.id === 's3' ? { ...one, state: 'skipped' } : one)) },
  ),
  current: {
    ...current,
    needs: current.needs.flatMap((need) => (need.need === 'pin' ? [{ ...need, taken: true }] : [])),
    facts: [...current.facts, { name: 'bag-number', value: '0042', form: 'text' }],
    blocked: 'token-missing',
  },
  may: { pause: false, resume: true, abort: true, cancel: false, note: true, hear: true, deviate: false },
}

/** Of production, started again while its officers sign on their own devices. */
export const away: RunView = {
  ...run,
  id: 'c5',
  domain: 'production',
  state: 'paused',
  people: run.people.map((one) => ({ ...one, standIn: false })),
  paused: {
    cause: 'restart',
    by: '',
    reason: 'the program was started again',
    awaits: {
      from: ['Mei Tanaka', 'Lena Brandt'],
      where: '/store/ceremonies/c5/in',
      vendor: false,
      come: false,
    },
  },
  current: {
    ...current,
    needs: current.needs.flatMap((need) =>
      need.need === 'sign'
        ? [{ ...need, signers: need.signers.map((one) => ({ ...one, standIn: false })) }]
        : [],
    ),
    blocked: 'paused',
  },
  may: { pause: false, resume: true, abort: true, cancel: false, note: true, hear: true, deviate: false },
}

/** Of production, at the step where two holders prove their shares on their own devices. */
export const proving: RunView = {
  ...away,
  id: 'c6',
  state: 'running',
  paused: null,
  remarks: [
    {
      kind: 'note',
      step: 's4',
      at: '2026-11-24T16:06:00.000Z',
      by: 'Mei Tanaka',
      text: 'Seen by Mei Tanaka: Attack the token',
      decided: null,
      compared: null,
    },
  ],
  current: {
    ...step(6, 'acknowledge-holder', 'Holders prove their shares', 'ready'),
    needs: [
      {
        need: 'file',
        what: 'acknowledgement',
        from: ['Hana Sato', 'Ivan Petrov'],
        file: '/store/ceremonies/c6/envelopes',
        commands: {
          at: 'medium',
          groups: ['Hana Sato', 'Ivan Petrov'].map((name, at) => ({
            who: [name],
            lines: [
              `custody holder receive envelopes/holder-${at + 1}.age --key key-file --policy policy.json --out share-${at + 1}.sealed`,
              `custody holder prove share-${at + 1}.sealed --key key-file --policy policy.json --out holder-${at + 1}.json`,
            ],
          })),
        },
      },
    ],
    facts: [],
    procedure: [],
    compares: [],
    mayProceed: false,
    blocked: 'file-missing',
    failure: null,
  },
  may: { pause: true, resume: false, abort: true, cancel: false, note: true, hear: true, deviate: true },
}

/** The same, before anybody has said that they saw the result of the step before it. */
const unseen: RunView = { ...proving, id: 'c10', remarks: [] }

/** Of production, where somebody may go on to the next epoch although one holder has not said what is left. */
export const assembling: RunView = {
  ...proving,
  id: 'c7',
  current: {
    ...step(6, 'assemble-epoch', 'Assemble the next epoch', 'ready'),
    needs: [],
    facts: [],
    procedure: [],
    compares: [],
    mayProceed: true,
    blocked: null,
    failure: null,
  },
  unstated: ['Ivan Petrov'],
  carried: { carried: 1, whole: 2 },
  statementCommands: {
    at: 'run',
    groups: [
      {
        who: ['Ivan Petrov'],
        lines: [
          'custody holder approve-epoch run/out/61-epoch-approval.json --share share.sealed --key key-file --policy policy.json --out approval.json',
        ],
      },
    ],
  },
}

const views = [run, broken, closed, waiting, away, proving, assembling, aborted, unseen]
export const runs = new Map(views.map((view) => [view.id, view]))
