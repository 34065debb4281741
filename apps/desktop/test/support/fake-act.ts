import type { ShownAct } from '@lux/ceremony/act'
import { hex, words } from './fake-views.ts'

const people = 'Yusuf Demir, Samuel Osei, Clara Rossi'
const sentence = (
  about: ShownAct['act']['changes'][number]['about'],
  name: string,
  values: Record<string, string | number> = {},
) => ({ about, told: { name, values, text: name } })

/** A plan with two tokens, two servers, a threshold key, and marks against the plan that was rehearsed. */
export const planAct: ShownAct = {
  what: 'plan-approval',
  act: {
    changes: [
      sentence('lost', 'plan-token-erased', { key: 'Lux spare' }),
      sentence('key', 'plan-root-made', { key: 'Root key', token: 'Lux main', algorithm: 'AES-256' }),
      {
        ...sentence('place', 'plan-root-servers', { key: 'Root key', names: 'main-1, main-2' }),
        mark: 'changed',
        was: { name: 'plan-root-servers', values: { key: 'Root key', names: 'main-1' }, text: '' },
      },
      sentence('key', 'plan-keys-under', { key: 'Root key', names: 'Organisation key' }),
      { ...sentence('share', 'plan-dealt', { key: 'Study 14', t: 2, n: 3, names: people }), mark: 'new' },
      sentence('rule', 'plan-steps', { steps: 22 }),
    ],
    people: [
      { name: 'Amara Okafor', roles: ['officer'] },
      { name: 'Lena Fischer', roles: ['officer', 'holder'], mark: 'new' },
      { name: 'Omar Haddad', roles: ['officer'], mark: 'gone' },
      { name: 'Mei Tanaka', roles: ['witness'] },
    ],
    keys: {
      places: [
        { kind: 'token', name: 'Lux main', count: 1 },
        { kind: 'servers', name: '', count: 2 },
        { kind: 'bundle', name: '', count: 1 },
        { kind: 'people', name: '', count: 3 },
      ],
      rows: [
        { name: 'Root key', depth: 0, at: ['lives', 'lives', null, null] },
        { name: 'Organisation key', depth: 1, at: [null, 'wrapped', 'wrapped', null] },
        { name: 'Project key', depth: 2, at: [null, 'wrapped', 'wrapped', null] },
        { name: 'Study 14', depth: 0, at: [null, null, null, 'share'], mark: 'new' },
      ],
    },
    devices: [
      { kind: 'token', name: 'Lux main', serial: 'DENK 0401 8831', make: 'Example HSM 4' },
      {
        ...{ kind: 'token', name: 'Lux spare', serial: 'DENK 0401 9022', make: 'Example HSM 4' },
        ...{ mark: 'changed', was: 'DENK 0388 1170' },
      },
      { kind: 'server', name: 'main-1', serial: null, make: '' },
      { kind: 'server', name: 'main-2', serial: null, make: '', mark: 'new' },
    ],
    claims: [
      {
        ...{ whose: 'claimed', name: 'tokens', value: '' },
        told: { name: 'claim-tokens', values: { names: 'Lux main, Lux spare' }, text: '' },
      },
    ],
    prints: [{ whose: 'proved', name: 'policy', value: hex, print: true }],
    since: { name: 'since-plan', values: { title: 'Root 2025' }, text: '' },
  },
  facts: [{ whose: 'proved', name: 'plan', value: hex, print: true }],
  digest: hex,
  words,
  fresh: [],
  claims: ['Root 2026', 'warning, PLAN-W1: no witness cosigns the root'],
  text: ['Root 2026', 'Meridian Health Trust (meridian)', '', 'People', '  officer  Amara Okafor'],
}

/** What a ceremony has signed first. */
export const openingAct: ShownAct = {
  ...planAct,
  what: 'opening',
  act: {
    ...{
      changes: [sentence('rule', 'act-opening')],
      people: [],
      keys: null,
      claims: [],
      prints: [],
      since: null,
    },
    devices: planAct.act.devices.slice(0, 1),
  },
  facts: [{ whose: 'proved', name: 'tokens', value: 'DENK 0401 8831' }, ...planAct.facts],
  claims: [],
  text: [],
}

export const decryptionAct: ShownAct = {
  ...openingAct,
  what: 'decryption-approval',
  act: {
    ...openingAct.act,
    devices: [],
    changes: [
      sentence('share', 'act-decryption', { time: '2026-11-24T15:43:00.000Z', blocks: 96 }),
      sentence('lost', 'act-decrypted'),
    ],
  },
  facts: [
    { whose: 'claimed', name: 'what', value: 'Sum and mean of 6 columns, cohort B' },
    { whose: 'claimed', name: 'requester', value: 'Jan Peeters' },
    { whose: 'proved', name: 'until', value: '2026-11-24T15:43:00.000Z' },
  ],
}
