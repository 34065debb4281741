import type { TranscriptAccount } from '../../src/contract/index.ts'
import { hex, words } from './fake-views.ts'

const at = '2026-11-25T09:41:00.000Z'

/** Of a rehearsal with one step, one deviation and one signature. */
export const account: TranscriptAccount = {
  ...{ domain: 'rehearsal', organisation: 'Meridian Health Trust', ceremonyId: '9b1e44c072da0f35' },
  ...{ title: 'Root 2026', state: 'Sealed', tool: { version: '1.2.0', build: hex } },
  machine: { kernel: '6.1.0', measurement: hex },
  ...{ planHash: hex, policyDigest: hex, begun: at, ended: '2026-11-25T11:18:00.000Z', entries: 10_000 },
  bundle: { digest: hex, entries: 53 },
  head: { node: hex, words },
  words: { plan: words, policy: words, bundle: words },
  tokens: [
    {
      ...{ role: 'ceremony', label: 'Lux train', serial: 'DENK0388', profile: 'luna', library: hex },
      ...{ shim: null, device: { maker: 'Example', model: 'HSM 4', firmware: '4.0' } },
    },
  ],
  people: [{ name: 'Ada Lindqvist', roles: ['administrator'], presence: 'late', since: at }],
  standIns: [{ what: 'token', name: 'ceremony', listed: 'DENK0401', standIn: 'DENK0388' }],
  clocks: [{ step: 'clock-check', read: '2026-11-25T09:41Z', at, seconds: -2 }],
  parts: [
    {
      ...{ kind: 'root-kek', begun: at, ended: '2026-11-25T09:51:00.000Z' },
      steps: [
        {
          ...{ number: 1, id: 'generate-root', do: 'generate-root', actor: 'operator', state: 'Done' },
          ...{ by: ['Ines Duarte'], begun: at, ended: '2026-11-25T09:41:14.000Z' },
          outcome: [{ label: 'key', value: 'root' }],
          ...{
            evidence: ['E1'],
            entries: { first: 24, last: 31 },
            heard: [{ what: 'plan', names: ['Wim Maas'] }],
            heardSigned: [],
          },
          notes: [{ by: 'Mei Tanaka', text: 'The seal is whole.', at }],
          signed: [{ what: 'opening', name: 'Amara Okafor', at, here: true }],
          deviations: [1],
        },
      ],
    },
  ],
  keys: [
    {
      ...{ id: 'root', level: 'root', serial: 'DENK0388', ckaId: '5e90b1c4', evidence: 'E1', proof: hex },
      wrapped: false,
    },
    {
      ...{ id: 'payroll', level: 'data', serial: 'DENK0388', ckaId: '77aa01ff', evidence: 'E1', proof: null },
      wrapped: true,
    },
  ],
  threshold: { keyId: hex, t: 2, holders: ['Hana Ito', 'Hugo Lind', 'Hedi Amsel'] },
  servers: [{ name: 'main', id: hex }],
  deviations: [
    {
      ...{ id: 1, step: 'generate-root', at, by: 'Tomas Novak', expected: 'Bag 4402', happened: 'Bag 4420' },
      ...{ decision: 'continue', decidedBy: 'Amara Okafor', reason: 'Misread.', decidedAt: at },
      signed: ['Amara Okafor'],
    },
  ],
  checkpoints: [{ size: 53, reason: 'sealing', digest: hex, cosigned: ['Mei Tanaka'] }],
  ...{ signedHere: ['Amara Okafor'], unproved: ['rehearsal', 'hardware', 'signed-here'] },
}
