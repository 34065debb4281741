import type { State } from '@lux/ceremony'
import { abilitiesOf, rehearsalLabel, tokenProfiles } from '@lux/ceremony/plan'
import { evidenceReasons, type ProbeReport, profileById, profiles, type TokenInfo } from '@lux/hsm'
import { describe, expect, it } from 'vitest'
import { shownBefore } from '../../../../packages/hsm/test/stand-in/rules.ts'
import { evidenceReasonCodes, libraryVariables } from '../../src/contract/index.ts'
import type { RunContext } from '../../src/core/runs/effects/context.ts'
import { initialiseToken, logIn, probeToken } from '../../src/core/runs/effects/token/token.ts'
import { probesInRun } from '../../src/core/services/tokens/token-probes.ts'
import { pinStateOf, probeViewOf, tokenViewOf } from '../../src/core/services/tokens/token-view.ts'

describe('token profiles of the driver and of the plan', () => {
  it('name no variable that the window does not pass on to core', () => {
    const named = profiles.flatMap(({ environment }) => environment)
    expect(named.filter((name) => !(libraryVariables as readonly string[]).includes(name))).toEqual([])
  })

  it('are the same ones, but for the unknown token and for one that no step of a plan can use', () => {
    expect([...tokenProfiles].sort()).toEqual(
      profiles
        .map(({ id }) => id)
        .filter((id) => id !== 'generic' && id !== 'nethsm')
        .sort(),
    )
    expect(Object.values(profileById('nethsm')?.plan ?? {})).toEqual([false, false, false, false])
  })

  it.each(tokenProfiles)('%s can do the same in both, and is a program in both or in neither', (id) => {
    const profile = profileById(id)
    expect({ ...profile?.plan, soft: profile?.soft, replication: profile?.replication }).toEqual(
      abilitiesOf(id),
    )
  })

  it.each([...new Set(shownBefore().map(({ vendor }) => vendor))])(
    '%s is planned for what one of its stand-ins has shown, and for nothing else',
    (vendor) => {
      const rows = shownBefore().filter((row) => row.vendor === vendor)
      const holds = (...roles: ('root' | 'ceremony' | 'backup')[]) =>
        rows.some((row) => roles.every((role) => row.roles[role] === null))
      expect(profileById(vendor)?.plan).toMatchObject({
        keyWrapping: holds('root'),
        sealing: holds('root', 'ceremony'),
        trustedWindow: holds('backup'),
      })
    },
  )

  it('the window knows every reason of an evidence level', () => {
    expect([...evidenceReasonCodes]).toEqual([...evidenceReasons])
  })
})

describe('the level of a token in the window', () => {
  const info = {
    manufacturer: 'SoftHSM project',
    model: 'SoftHSM v2',
    serial: '00',
    pin: { user: 'ok', so: 'ok' },
    abilities: [],
  } as unknown as TokenInfo
  const day = (n: number) => `2026-05-0${n}T10:00:00.000Z`
  /** A probe by hand and runs whose one token was probed: when, and how it ended. */
  const levelAfter = (byHand: [number, boolean] | null, ...runs: [number, boolean, State['domain']][]) => {
    const report = { passed: byHand?.[1], lacking: [], attacks: [], knownAnswers: { tried: [] } }
    const probe = byHand === null ? null : { at: day(byHand[0]), report: report as unknown as ProbeReport }
    const inRuns = runs.flatMap(([n, passed, domain]) => probesInRun(stateOf(n, passed, domain), '00'))
    const view = tokenViewOf(info, { probe, inRuns, ceremonies: [], padMs: 0 })
    const why = view.evidenceReasons.find(({ code }) => code === 'probe-passed')
    return `${view.evidence} ${why?.detail}`
  }
  const stateOf = (n: number, passed: boolean, domain: State['domain']) =>
    ({
      domain,
      tokens: [{ role: 'ceremony', serial: '00', probed: passed }],
      steps: [
        {
          step: { id: 'probe', do: 'probe-token', token: 'ceremony' },
          started: day(n),
          finished: passed ? day(n) : null,
        },
      ],
      exceptions: passed ? [] : [{ step: 'probe', about: 'mismatch' }],
    }) as unknown as State

  it('falls with a probe that failed after a ceremony, and is not held up by a rehearsal before it', () => {
    expect(levelAfter([5, false], [3, true, 'production'], [4, true, 'rehearsal'])).toBe(
      'E0 the hardened template did not hold',
    )
    expect(levelAfter([3, true], [5, false, 'production'])).toBe(
      'E0 the hardened template did not hold; in a ceremony on 2026-05-05',
    )
  })

  it('rises with the newest probe that held, and says of which run and day it is when that is all there is', () => {
    expect(levelAfter([5, true], [3, false, 'production'])).toBe('E1 the hardened template held')
    expect(levelAfter(null, [3, true, 'production'], [4, true, 'rehearsal'])).toBe(
      'E1 the hardened template held; in a rehearsal on 2026-05-04',
    )
    expect(levelAfter([3, false], [4, true, 'production'])).toBe(
      'E1 the hardened template held; in a ceremony on 2026-05-04',
    )
    expect(levelAfter(null)).toBe('E0 not probed')
  })

  it('is not touched by another token’s probe, nor by one that did not end', () => {
    expect(probesInRun(stateOf(3, true, 'production'), '01')).toEqual([])
    const open = { ...stateOf(3, false, 'production'), exceptions: [] }
    expect(probesInRun(open, '00')).toEqual([])
  })
})

describe('wrapping to trusted keys alone', () => {
  const info = { manufacturer: 'SoftHSM project', model: 'SoftHSM v2', pin: {}, abilities: [] }
  const stateAfter = (...attacks: Pick<ProbeReport['attacks'][number], 'name' | 'outcome'>[]) => {
    const hardened = attacks.map((one) => ({ ...one, template: 'hardened', detail: '' }))
    const report = { passed: true, lacking: [], attacks: hardened, knownAnswers: { tried: [] } }
    const probe = { at: '2026-05-01T10:00:00.000Z', report: report as unknown as ProbeReport }
    const known = { probe, inRuns: [], ceremonies: [], padMs: 0 }
    const { capabilities } = tokenViewOf(info as unknown as TokenInfo, known)
    return capabilities.find(({ id }) => id === 'trusted-wrap')?.state
  }
  const other = { name: 'copy-escalate', outcome: 'held' } as const

  it.each([
    ['held', 'yes'],
    ['broken', 'no'],
    ['not-applicable', 'no'],
    ['undecided', 'listed'],
  ] as const)('is what the attack on an open root showed: %s means %s', (outcome, state) => {
    expect(stateAfter(other, { name: 'wrap-to-untrusted', outcome })).toBe(state)
  })

  it('is only said to be taken where an older probe did not try it', () => {
    expect(stateAfter(other)).toBe('listed')
  })
})

describe('erasing', () => {
  /** Only what the view of a token is made of. */
  const tokenOf = (manufacturer: string, model: string) =>
    tokenViewOf(
      {
        manufacturer,
        model,
        serial: '00',
        initialised: true,
        pin: { user: 'ok', so: 'ok' },
        abilities: [],
      } as unknown as TokenInfo,
      { probe: null, inRuns: [], ceremonies: [], padMs: 0 },
    )

  it.each([
    ['SoftHSM project', 'SoftHSM v2', 'again'],
    ['IBM', 'SW   TPM', 'once'],
    ['IBM', 'IBM SoftTok', 'once'],
    ['Yubico (www.yubico.com)', 'YubiHSM', 'vendor-tool'],
  ])('is offered for %s %s as its profile says: %s', (manufacturer, model, initialises) => {
    expect(tokenOf(manufacturer, model)).toMatchObject({ initialises })
  })
})

describe('a PIN in the window', () => {
  it('that has to be changed is not one that was never set', () => {
    expect(pinStateOf('must-change').state).toBe('must-change')
    expect(pinStateOf('not-set').state).toBe('unset')
  })
})

describe('initialising a token', () => {
  const half = (serial: string) => ({
    serial,
    label: 'root',
    initialised: true,
    pin: { user: 'not-set' },
    model: 'm',
    firmware: '1',
  })
  const effect = { token: 'ceremony', serial: '', label: 'root', step: 'init', attempt: 1 } as Parameters<
    typeof initialiseToken
  >[0]

  /** Tokens that are there, a run's folder, and which tokens were initialised. */
  function run(tokens: ReturnType<typeof half>[]): [RunContext, string[]] {
    const done: string[] = []
    const files = new Map<string, unknown>()
    const context = {
      folder: {
        plan: { tokens: [] },
        state: { domain: 'rehearsal' },
        has: (name: string) => files.has(name),
        writeDocument: (name: string, value: unknown) => files.set(name, value),
        readDocument: (name: string) => files.get(name),
      },
      hsm: {
        tokens: async () => tokens,
        token: (serial: string) => ({
          initialise: async () => {
            done.push(serial)
            if (done.length === 1) {
              tokens.push(half('ours'))
              throw new Error('the process was killed before the user PIN')
            }
            return half(serial)
          },
        }),
      },
      pins: { take: () => new Uint8Array([1]) },
    }
    return [context as unknown as RunContext, done]
  }

  it('leaves a half-initialised token of the same label alone that was there before, and takes its own up again', async () => {
    const [context, done] = run([half('theirs')])
    await expect(initialiseToken(effect, context)).rejects.toThrow('killed')
    expect(done).toEqual(['new'])
    await initialiseToken({ ...effect, attempt: 2 }, context)
    expect(done).toEqual(['new', 'ours'])
  })
})

describe('initialising the token that was planned', () => {
  const blank = (slot: string, manufacturer: string, model: string) => ({
    serial: '',
    label: '',
    slot,
    manufacturer,
    model,
    initialised: false,
    firmware: '1',
    pin: { user: 'not-set', so: 'not-set' },
  })
  const soft = (slot: string) => blank(slot, 'SoftHSM project', 'SoftHSM v2')
  const other = (slot: string) => blank(slot, 'Example', 'HSM 3000')
  const effect = { token: 'ceremony', serial: '', label: 'root', step: 'init', attempt: 1 } as Parameters<
    typeof initialiseToken
  >[0]

  function run(tokens: ReturnType<typeof blank>[]): [RunContext, unknown[]] {
    const done: unknown[] = []
    const context = {
      folder: {
        plan: { tokens: [{ role: 'ceremony', profile: 'softhsm' }] },
        state: { domain: 'production' },
        has: () => false,
        writeDocument: () => undefined,
      },
      hsm: {
        tokens: async () => tokens,
        token: () => ({
          initialise: async ({ slot }: { slot?: string }) => {
            done.push(slot ?? 'any')
            return soft('1')
          },
        }),
      },
      pins: { take: () => new Uint8Array([1]) },
    }
    return [context as unknown as RunContext, done]
  }

  it('TOKEN-PROFILE-OTHER is found before anything is erased', async () => {
    const [context, done] = run([other('1')])
    await expect(initialiseToken(effect, context)).rejects.toMatchObject({ code: 'TOKEN-PROFILE-OTHER' })
    expect(done).toEqual([])
  })

  it('takes the slot of the planned model where another blank token is there too', async () => {
    const [context, done] = run([other('1'), soft('2')])
    await initialiseToken(effect, context)
    const [alone, first] = run([soft('1')])
    await initialiseToken(effect, alone)
    expect([done, first]).toEqual([['2'], ['any']])
  })
})

describe('a probe', () => {
  const attack = { name: 'copy-escalate', template: 'hardened', detail: '' } as const
  const report = (profile: string, outcome: ProbeReport['attacks'][number]['outcome']): ProbeReport => ({
    serial: '00',
    profile,
    attacks: [{ ...attack, outcome }],
    knownAnswers: {
      chosen: { standard: 'KWP-RFC5649', name: 'CKM_AES_KEY_WRAP_KWP', number: 1, exactLengths: true },
      tried: [],
    },
    passed: outcome === 'held',
    lacking: [],
  })
  const library = 'ab'.repeat(32)
  const inRun = (found: ProbeReport, version: 1 | 2 = 1) => {
    const info = async () => ({ manufacturer: 'Example', model: 'HSM 3000', firmware: '7.1' })
    const capabilities = async () => [{ state: 'proved' }]
    const token = { probe: async () => found, info, capabilities }
    const folder = { plan: { v: version, tokens: [] }, header: { tokens: [{ role: 'ceremony', library }] } }
    return probeToken(
      { token: 'ceremony', serial: '00' } as Parameters<typeof probeToken>[0],
      { progress: () => {}, hsm: { token: () => token }, folder } as unknown as RunContext,
    )
  }

  it('names maker, model, firmware and library of its token in a run of version 2, and in no other', async () => {
    const said = { maker: 'Example', model: 'HSM 3000', firmware: '7.1', library }
    expect(await inRun(report('luna', 'held'), 2)).toMatchObject({ level: 'E1', token: said })
    expect(await inRun(report('luna', 'held'))).not.toHaveProperty('token')
  })

  it.each([
    ['softhsm', 'held', 'E1'],
    ['luna', 'held', 'E1'],
    ['generic', 'held', 'E0'],
    ['softhsm', 'broken', 'E0'],
    ['softhsm', 'undecided', 'E0'],
  ] as const)('of a %s token that is %s reaches %s in the transcript', async (profile, outcome, level) => {
    expect(await inRun(report(profile, outcome))).toMatchObject({ passed: outcome === 'held', level })
  })

  it('that proved no wrap mechanism can still be told, and so shown to the officers', async () => {
    const { knownAnswers, ...rest } = report('softhsm', 'broken')
    const result = await inRun({ ...rest, knownAnswers: { ...knownAnswers, chosen: null } })
    // An empty line is no result at all: the run would be stuck.
    expect(result).toMatchObject({ passed: false, wrapMechanism: 'none' })
  })

  it('that was not decided is not called held, in the transcript nor in the window', async () => {
    const found = report('softhsm', 'undecided')
    expect((await inRun(found)).attacks).toEqual([
      { name: 'copy-escalate', hardened: 'not-tried', default: 'not-tried' },
    ])
    expect(probeViewOf('', found).checks).toMatchObject([{ id: 'copy-escalate', outcome: 'undecided' }])
  })
})

describe('a log-in', () => {
  /** A token that says it is SoftHSM, in a run whose plan says `profile`; only what a log-in looks at. */
  function run(
    domain: 'production' | 'rehearsal',
    profile: string,
    { label = 'root', known = [] as string[], planned = '00' } = {},
  ): [RunContext, string[]] {
    const done: string[] = []
    const said = { manufacturer: 'SoftHSM project', model: 'SoftHSM v2', loggedIn: null }
    const token = {
      info: async () => ({ ...said, serial: '00', label }),
      logIn: async () => void done.push('log-in'),
      pinState: async () => ({ user: 'ok' }),
    }
    const context = {
      folder: {
        plan: { tokens: [{ role: 'ceremony', profile, serial: planned }] },
        // As a started run has it: a planned serial is an initialised token.
        state: { domain, exceptions: [], tokens: [{ role: 'ceremony', initialised: true }] },
      },
      hsm: { token: () => token },
      rehearsed: () => new Set(known),
      pins: {
        take: () => {
          done.push('pin')
          return new Uint8Array([1])
        },
      },
    }
    return [context as unknown as RunContext, done]
  }
  const effect = { token: 'ceremony', serial: '00' } as Parameters<typeof logIn>[0]

  it.each([
    ['the store knows its serial', { known: ['00'] }],
    ['its label says that a rehearsal initialised it', { label: rehearsalLabel('Lux ceremony') }],
    ['its label says that it stood in for one', { label: 'stand-in ceremony' }],
  ])('TOKEN-REHEARSED in production a token of a rehearsal gets no PIN: %s', async (_how, given) => {
    const [context, done] = run('production', 'softhsm', given)
    await expect(logIn(effect, context)).rejects.toMatchObject({ code: 'TOKEN-REHEARSED' })
    expect(done).toEqual([])
  })

  it('a run logs in to the token that it initialised itself, whoever had it before', async () => {
    const [context, done] = run('production', 'softhsm', { known: ['00'], planned: 'new' })
    await logIn(effect, context)
    expect(done).toContain('log-in')
  })

  it('TOKEN-PROFILE-OTHER in production a program that poses as the planned hardware gets no PIN', async () => {
    const [context, done] = run('production', 'luna')
    await expect(logIn(effect, context)).rejects.toMatchObject({ code: 'TOKEN-PROFILE-OTHER' })
    expect(done).toEqual([])
  })

  it.each([
    ['production', 'softhsm'],
    ['rehearsal', 'luna'],
  ] as const)('goes on in %s where the plan says %s', async (domain, profile) => {
    const [context, done] = run(domain, profile)
    await logIn(effect, context)
    expect(done).toEqual(['pin', 'log-in'])
  })
})
