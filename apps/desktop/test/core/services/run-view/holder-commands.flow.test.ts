import type { Needs, RunView } from '@lux/ceremony'
import { expect, test } from 'vitest'
import { nextForPeople } from '../../../../src/cli/ceremony/outcome.ts'
import type { RunFolder } from '../../../../src/core/runs/folder/run-folder.ts'
import { holderCommands, statementCommands } from '../../../../src/core/services/run-view/holder-commands.ts'
import { custody } from '../../../cli/support/custody.ts'

/** Only what names the files: who holds which share, and which epoch comes next. */
const folder = (next: { holders: string[] } | null) =>
  ({
    path: '/store/run',
    state: {
      fhe: {
        shares: [
          { holder: 'Hana', index: 1 },
          { holder: 'Ivan', index: 2 },
        ],
      },
      reshare: next === null ? null : { next },
      backups: [{ shares: [{ name: 'Gita', index: 1 }] }],
    },
  }) as unknown as RunFolder

const proving = (next: boolean): Needs => ({
  kind: 'acknowledgements',
  subject: '',
  present: ['Hana'],
  missing: ['Ivan', ...(next ? ['Lea'] : [])],
  next,
})
const dealt = holderCommands(folder(null), proving(false), ['/store/run/out/60-acknowledgement-2.json'])
const next = holderCommands(folder({ holders: ['Lea', 'Ivan'] }), proving(true), [
  '/store/run/out/52-acknowledgement-2.json',
  '/store/run/out/52-acknowledgement-1.json',
])
const asked: Needs = {
  kind: 'answers',
  decryption: 'first',
  subject: '',
  present: [],
  refused: [],
  missing: ['Hana', 'Ivan'],
  stillNeeded: 2,
}
const answers = holderCommands(folder(null), asked, ['/store/run/out/30-holder-answer.json'])
const alive: Needs = {
  kind: 'heartbeats',
  names: ['Administrator'],
  subject: '',
  present: [],
  missing: ['Hana'],
}
const heartbeats = holderCommands(folder(null), alive, ['/store/run/out/31-heartbeat.json'])
const paper: Needs = { kind: 'custodian-acknowledgements', present: [], missing: ['Gita'] }
const custodians = holderCommands(folder(null), paper, [])
const epoch = (kind: 'epoch-approvals' | 'redeals') =>
  holderCommands(
    folder(null),
    kind === 'redeals'
      ? { kind, present: [], missing: ['Hana'] }
      : { kind, subject: '', present: [], missing: ['Hana'], stillNeeded: 1 },
    [`/store/run/out/40-${kind === 'redeals' ? 'redeal' : 'epoch-approval'}.json`],
  )

test('RUNNER-DEVICE there is no command for a statement while no request for one lies in out/', () => {
  expect(statementCommands(['Hana'], ['/store/run/out/60-values.json'])).toBeNull()
})

test('RUNNER-DEVICE a holder receives and proves by the files of the own share, of a key that was dealt and of its next epoch', () => {
  expect(dealt).toEqual({
    at: 'medium',
    groups: [
      {
        who: ['Ivan'],
        lines: [
          'custody holder receive envelopes/holder-2.age --key key-file --policy policy.json --out share-2.sealed',
          'custody holder prove share-2.sealed --key key-file --policy policy.json --out holder-2.json',
        ],
      },
    ],
  })
  expect(next).toMatchObject({
    at: 'run',
    groups: [
      {
        lines: [
          'custody holder receive-next run/out/52-acknowledgement-2.json --key renewed-key-file --policy policy.json --out share-2.next',
          'custody holder prove share-2.next --key renewed-key-file --policy policy.json --out holder-2.json',
        ],
      },
      {
        lines: [
          'custody holder receive-next run/out/52-acknowledgement-1.json --key key-file --policy policy.json --out share-1.next',
          'custody holder prove share-1.next --key key-file --policy policy.json --out holder-1.json',
        ],
      },
    ],
  })
})

test('RUNNER-DEVICE nobody but a holder is given a command there', () => {
  expect(holderCommands(folder(null), { kind: 'receipt', missing: ['main'] }, [])).toBe(null)
})

test.each([
  ['of a key that was dealt', proving(false), dealt],
  ['of a next epoch', proving(true), next],
  ['of a backup', paper, custodians],
  ['who answer', asked, answers],
  ['who hold a share', alive, heartbeats],
])(
  'RUNNER-DEVICE a terminal has holders %s type what the window shows, under other names of files',
  (_who, needs, shown) => {
    const view = { needs, current: 'step', carried: null, unstated: [] } as unknown as RunView
    const said = nextForPeople(view, { folder: '/run', files: ['/run/out/1.json'], unanswered: false })
    const options = (lines: readonly string[]) =>
      lines
        .filter((line) => line.trimStart().startsWith('custody '))
        .map((line) =>
          line
            .trim()
            .split(' ')
            .filter((word, at) => at < 3 || word.startsWith('--')),
        )
    expect(options(said)).toEqual(options(shown?.groups[0]?.lines ?? []))
    expect(options(said)).not.toEqual([])
  },
)

test('RUNNER-DEVICE every command that is shown is one of the command line, with the options that it asks for', async () => {
  const all = [dealt, next, answers, heartbeats, custodians, epoch('epoch-approvals'), epoch('redeals')]
  const shown = all.flatMap((commands) => commands?.groups.flatMap(({ lines }) => lines) ?? [])
  expect(new Set(shown.map((line) => line.split(' ')[2]))).toEqual(
    new Set(['receive', 'receive-next', 'prove', 'approve', 'approve-epoch', 'redeal', 'heartbeat']),
  )
  const ran = await Promise.all(shown.map(async (line) => custody(['--json', ...line.split(' ').slice(1)])))
  // No file is there and nobody types a passphrase; nothing is wrong with the command.
  for (const [at, { stdout }] of ran.entries())
    expect([shown[at], JSON.parse(stdout).code]).toEqual([
      shown[at],
      expect.stringMatching(/^(FILE-MISSING|SECRET-NO-TERMINAL)$/),
    ])
}, 60_000)
