import { type EpochLive, epochApprovalCodec } from '@lux/ceremony/wire'
import { openWith, sha256Hex, toHex } from '@lux/crypto'
import { parsePartial, readCiphertext } from '@lux/crypto/fhe'
import fc from 'fast-check'
import { expect } from 'vitest'
import {
  acknowledge,
  approveEpoch,
  blocksLeft,
  carriedWithin,
  encodeHeldShare,
  encodeState,
  forgetShareOf,
  freshState,
  type HeldShare,
  keepAfterAbort,
  nextShare,
  type OpenedShare,
  openHeldShare,
  openShare,
  prepareAnswer,
  redeal,
  refuseRequest,
  sealAnswer,
  takeEpochLive,
} from '../../src/index.ts'
import { accepted, ruleOf } from './outcome.ts'
import {
  entropyOf,
  type Fault,
  faults,
  most,
  now,
  quorum,
  refreshOf,
  requestFor,
  shareWorld,
  signedSeeds,
  type World,
} from './share-world.ts'

let world: World

/** What a device has on disk: what it loses in a crash was never there. */
type Disk = { held: HeldShare; state: Uint8Array }

function opened({ held, state }: Disk, at = 0): OpenedShare {
  return accepted(openShare({ key: world.holders[at]!, share: encodeHeldShare(held), state }))
}

const saidIn = (approval: Uint8Array) => accepted(epochApprovalCodec.file.parse(approval)).payload

/** A device some time after the dealing, with so many blocks left. */
function device(at: number, left: number): Disk {
  const held = world.held[at]!
  const envelope = accepted(openHeldShare(held, world.holders[at]!))
  const state = { ...freshState(), spent: { at64: 0, at128: most - left } }
  return { held, state: encodeState(state, { key: world.holders[at]!, envelope }) }
}

type Step =
  | { do: 'ask'; of: number[]; crash: boolean; decline: boolean }
  | { do: 'fault'; of: number[]; fault: Fault }
  | { do: 'refuse'; of: number[] }
  | { do: 'replay' }
  | { do: 'refresh'; crashes: Crash[] }

/** Where a device breaks down while the key moves on, and begins again with what is on its disk. */
const crashes = [
  // The record of the approval is on disk, and the approval has not left.
  'approved',
  // Dealt again, and nothing of it has left.
  'dealt',
  // Put together, and the next share is not on disk.
  'assembled',
  // The next share is on disk, and the ceremony key's word has not come.
  'kept',
  // The word was taken, and its record is not on disk.
  'taken',
  // The next share answers, and the old one is not wiped.
  'live',
] as const
type Crash = (typeof crashes)[number]

const some = fc.subarray([0, 1, 2], { minLength: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      of: some,
      crash: fc.boolean(),
      decline: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      of: some,
      fault: fc.constantFrom(...faults),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), of: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replay' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refresh' as const), crashes: fc.subarray([...crashes]) }),
  },
)

/** Everything that ever left the device, and what a life so far allows to leave. */
class Life {
  disk: Disk
  /** Those of the two others, of whom the first deals too. */
  others: [Disk, Disk]
  /** Blocks that left, by epoch, each lot with the noisy values that it left with. */
  readonly blocks = new Map<string, string>()
  /** Blocks of the distinct ciphertexts that were answered in the present epoch, whether the answers left or not. */
  readonly counted = new Map<string, number>()
  /** What was spent when this epoch began. */
  begun: number
  readonly decided: ReturnType<typeof requestFor>[] = []
  requests = 0
  runs = 0

  constructor(left: number) {
    this.disk = device(0, left)
    this.others = [device(1, enough), device(2, enough)]
    this.begun = most - left
  }

  async take(one: Step): Promise<void> {
    const share = opened(this.disk)
    try {
      if (one.do === 'refresh') await this.#refresh(share, new Set(one.crashes))
      else if (one.do === 'replay') this.#replay(share)
      else if (one.do === 'refuse') this.#refuse(share, one.of)
      else if (one.do === 'fault') this.#fault(share, one)
      else await this.#ask(share, one)
    } finally {
      forgetShareOf(share)
    }
    this.#withinBudget()
  }

  #next(share: OpenedShare, of: readonly number[], fault?: Fault) {
    this.requests += 1
    return requestFor(world, share, { id: this.requests, of, fault })
  }

  async #ask(share: OpenedShare, { of, crash, decline }: Step & { do: 'ask' }): Promise<void> {
    const asked = this.#next(share, of)
    const fresh = of.map((at) => world.ciphertexts[at]!).filter(({ digest }) => !this.counted.has(digest))
    const cost = fresh.reduce((sum, { bytes }) => sum + readCiphertext(bytes).blocks.length, 0)
    const left = share.envelope.share.budgets.at128 - share.before.spent.at128
    const prepared = prepareAnswer(share, { ...asked, policy: world.policy, now })
    if (cost > left) {
      expect(ruleOf(prepared)).toBe('REQUEST-BUDGET')
      return
    }
    const ready = accepted(prepared)
    expect(ready.spends).toBe(cost)
    if (decline) return
    const { state, sealed } = accepted(await sealAnswer(ready, now))
    this.disk = { ...this.disk, state }
    for (const { digest, bytes } of fresh) this.counted.set(digest, readCiphertext(bytes).blocks.length)
    this.decided.push(asked)
    if (crash) return
    await this.#left(sealed)
  }

  /** No block leaves with two noises. */
  async #left(sealed: Uint8Array): Promise<void> {
    const { header, answers } = parsePartial(await openWith(world.combiner.identity, sealed))
    for (const { ciphertextDigest, elements } of answers) {
      const { bytes } = world.ciphertexts.find(({ digest }) => digest === toHex(ciphertextDigest))!
      const blocks = readCiphertext(bytes).blocks.map(({ mask, body }) => `${sha256Hex(mask)} ${body}`)
      const place = `${toHex(header.epochId)} ${blocks.join(' ')}`
      expect(this.blocks.get(place) ?? String(elements)).toBe(String(elements))
      this.blocks.set(place, String(elements))
    }
  }

  #fault(share: OpenedShare, { of, fault }: Step & { do: 'fault' }): void {
    const prepared = prepareAnswer(share, { ...this.#next(share, of, fault), policy: world.policy, now })
    expect(ruleOf(prepared)).toMatch(/^(REQUEST|PROVENANCE|FHE)-/)
  }

  #refuse(share: OpenedShare, of: readonly number[]): void {
    const asked = this.#next(share, of)
    const { state, said } = accepted(refuseRequest(share, { request: asked.request, reason: 'no', now }))
    expect(said).toMatchObject({ decision: 'refused', sealed: null, spent: 0 })
    this.disk = { ...this.disk, state }
    this.decided.push(asked)
  }

  /** What was decided once is decided, whatever became of the answer. */
  #replay(share: OpenedShare): void {
    const asked = this.decided.at(-1)
    if (asked === undefined) return
    const again = prepareAnswer(share, { ...asked, policy: world.policy, now })
    const ofThisEpoch = asked.request.request.payload.epochId === toHex(share.envelope.share.header.epochId)
    expect(ruleOf(again)).toBe(ofThisEpoch ? 'REQUEST-REPLAYED' : 'REQUEST-EPOCH')
    // A no to a request of an epoch that is over says nothing that matters.
    if (!ofThisEpoch) return
    const refused = refuseRequest(share, { request: asked.request, reason: 'no', now })
    expect(ruleOf(refused)).toBe('REQUEST-REPLAYED')
  }

  /** The key moves on among the same holders; until it has, the old share decrypts nothing more. */
  async #refresh(share: OpenedShare, crash: ReadonlySet<Crash>): Promise<void> {
    this.runs += 1
    const run = refreshOf(world, share, this.runs)
    const given = { policy: world.file, previous: null }
    const [second, third] = [opened(this.others[0], 1), opened(this.others[1], 2)]
    const signed = [share, second, third].map((one) => accepted(approveEpoch(one, run, given)).sign())
    this.disk = { ...this.disk, state: signed[0]!.state }
    const leaving = opened(this.disk)
    this.#mayNot(leaving, 'HOLDER-LEAVING')
    if (crash.has('approved')) {
      // The same is said again: nothing was answered in between.
      const again = accepted(approveEpoch(leaving, run, given)).sign()
      expect(sha256Hex(again.state)).toBe(sha256Hex(this.disk.state))
      expect(saidIn(again.approval)).toEqual(saidIn(signed[0]!.approval))
      signed[0] = again
    }
    // Another run is told nothing of what is left.
    const elsewhere = refreshOf(world, share, this.runs + 1000)
    expect(ruleOf(approveEpoch(leaving, elsewhere, given))).toBe('HOLDER-LEAVING')
    const approvals = signed.map(({ approval }) => approval)
    const deal = async (dealer: OpenedShare, seed: string) => {
      const prepared = accepted(redeal(dealer, run, { ...given, approvals }))
      return accepted(await prepared.deal(entropyOf(`redeal ${this.runs} ${seed}`)))
    }
    if (crash.has('dealt')) {
      await deal(leaving, 'lost')
      this.#mayNot(opened(this.disk), 'HOLDER-LEAVING')
    }
    const dealt = await Promise.all([deal(leaving, '0'), deal(second, '1')])
    const nextOf = (at: number) => {
      const seeds = dealt.map(({ files }) => files[at + 1]!.bytes)
      const files = {
        approvals,
        redeals: dealt.map((one) => one.redeal),
        corrections: dealt.map(({ files: [correction] }) => correction!.bytes),
        seeds,
        signature: signedSeeds(world, seeds),
      }
      return nextShare(run, files, { key: world.holders[at]!, received: null, path: 'next', lost: false })
    }
    const left = [share, second, third].map(({ envelope, before }) => blocksLeft(envelope, before.spent))
    const budgets = carriedWithin(world.policy, { from: quorum, to: quorum, left, squash: true })
    if (budgets.at128 === 0) {
      expect(ruleOf(await nextOf(0))).toBe('FHE-BUDGET-NONE')
      this.disk = { ...this.disk, state: accepted(keepAfterAbort(leaving, run, { assembled: false })).state }
      return
    }
    expect(budgets.at128 * 2).toBeLessThanOrEqual(left[0]!.at128 + left[1]!.at128)
    const lost = crash.has('assembled') ? accepted(await nextOf(0)) : null
    const kept = [accepted(await nextOf(0)), accepted(await nextOf(1)), accepted(await nextOf(2))] as const
    expect(kept.map((one) => one.budgets)).toEqual([budgets, budgets, budgets])
    const next = kept.map(({ held, state }) => ({ held, state })) as [Disk, Disk, Disk]
    if (lost !== null) expect(sha256Hex(lost.held.content)).toBe(sha256Hex(next[0].held.content))
    const unproven = opened(next[0])
    const neitherAnswers = () => {
      this.#mayNot(opened(next[0]), 'HOLDER-UNPROVEN')
      this.#mayNot(opened(this.disk), 'HOLDER-LEAVING')
    }
    if (crash.has('kept')) neitherAnswers()
    // The ceremony key's word, whose signature `checkLive` looks at.
    const live = {
      epochId: toHex(unproven.envelope.share.header.epochId),
      epoch: run.terms.epoch,
      acknowledgements: kept.map(
        (one, at) => accepted(acknowledge({ key: world.holders[at]!, ...one }, world.policy)).digest,
      ),
    } as unknown as EpochLive
    if (crash.has('taken')) {
      accepted(takeEpochLive(unproven, run, live, { forgetsKey: false }))
      neitherAnswers()
    }
    const proven = next.map((one, at) => {
      const taken = accepted(takeEpochLive(opened(one, at), run, live, { forgetsKey: false }))
      if (taken.do === 'wipe') throw new Error('a new share is wiped')
      return { ...one, state: taken.state }
    }) as [Disk, Disk, Disk]
    if (crash.has('live')) this.#mayNot(opened(this.disk), 'HOLDER-LEAVING')
    expect(accepted(takeEpochLive(leaving, run, live, { forgetsKey: false })).do).toBe('wipe')
    this.disk = proven[0]
    this.others = [proven[1], proven[2]]
    this.counted.clear()
    this.begun = 0
  }

  #mayNot(share: OpenedShare, rule: string): void {
    const asked = { ...this.#next(share, [0]), policy: world.policy, now }
    expect(ruleOf(prepareAnswer(share, asked))).toBe(rule)
  }

  #withinBudget(): void {
    const { before, envelope } = opened(this.disk)
    const total = [...this.counted.values()].reduce((sum, blocks) => sum + blocks, this.begun)
    expect(before.spent.at128).toBe(total)
    expect(before.spent.at128).toBeLessThanOrEqual(envelope.share.budgets.at128)
  }
}

/** Just enough for a canary of the next epoch and a few blocks. */
const enough = 262

// Few or just enough for a canary of the next epoch, so that budgets come to their end in the first or in the second.
const start = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 259, max: 265 }))

/** A life that meets everything at least once: the runs that follow it are random. */
const full: [number, Step[]] = [
  265,
  [
    { do: 'ask', of: [0], crash: false, decline: false },
    { do: 'ask', of: [0, 1], crash: false, decline: true },
    { do: 'ask', of: [0, 1], crash: true, decline: false },
    { do: 'replay' },
    { do: 'refuse', of: [2] },
    ...faults.map((fault): Step => ({ do: 'fault', of: [2], fault })),
    { do: 'refresh', crashes: [...crashes] },
    { do: 'ask', of: [1, 2], crash: false, decline: false },
    { do: 'ask', of: [0], crash: true, decline: false },
    { do: 'ask', of: [1, 2], crash: false, decline: false },
    { do: 'refresh', crashes: [] },
    { do: 'ask', of: [0, 1, 2], crash: false, decline: false },
  ],
]

/** So many lives of a share of a device, the first of them a full one. */
export async function liveThrough(runs: number): Promise<void> {
  world = await shareWorld()
  const lives = fc.asyncProperty(
    start,
    fc.array(step, { minLength: 1, maxLength: 6 }),
    async (left, steps) => {
      const life = new Life(left)
      for (const one of steps) await life.take(one)
    },
  )
  await fc.assert(lives, { numRuns: runs, examples: [full] })
}
