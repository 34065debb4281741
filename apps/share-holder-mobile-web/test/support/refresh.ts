import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { planFromScript } from '@lux/ceremony/plan'
import { policyDigest } from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  type EpochLive,
  epochApprovalCodec,
  epochLiveCodec,
  type OpeningCertificate,
  openingCodec,
  redealCodec,
} from '@lux/ceremony/wire'
import { fromHex, sha256Hex, toHex, utf8 } from '@lux/crypto'
import { nextPublic, parsePublic } from '@lux/crypto/fhe'
import { enrol } from '@lux/people'
import { accepted } from '../../../../packages/people/test/support/outcome.ts'
import {
  entropyOf,
  quorum,
  signedSeeds,
  type World,
} from '../../../../packages/people/test/support/share-world.ts'
import type { Files } from '../../src/device/api.ts'

const domain = 'production'
const script = new Uint8Array(
  readFileSync(fileURLToPath(new URL('../../../../resources/scripts/resharing.yaml', import.meta.url))),
)

/** The folder of a run that moves the world's key: what its workstation would have written. */
export class MovingRun {
  readonly #world: World
  readonly #plan: Uint8Array
  readonly #opening: OpeningCertificate
  readonly #cards: readonly Uint8Array[]
  readonly next: readonly Card[]
  readonly approvals: Uint8Array[] = []
  readonly redealt: Files[] = []

  private constructor(
    world: World,
    of: {
      plan: Uint8Array
      opening: OpeningCertificate
      cards: readonly Uint8Array[]
      next: readonly Card[]
    },
  ) {
    this.#world = world
    this.#plan = of.plan
    this.#opening = of.opening
    this.#cards = of.cards
    this.next = of.next
  }

  /** `next`: the cards of the next holders, renewed where they stay. `ceremonyId`: one plan can be opened twice. */
  static async opened(world: World, next: readonly Card[], ceremonyId = '7a'.repeat(16)): Promise<MovingRun> {
    const old = world.holders.map(({ card }) => card)
    const staff = await Promise.all(
      (
        [
          ['administrator', 'Adam'],
          ['operator', 'Olga'],
          ['witness', 'Walter'],
          ['witness', 'Wanda'],
        ] as const
      ).map(async ([kind, name]) => accepted(await enrol({ kind, domain, name }, entropyOf(name))).key.card),
    )
    const pub = world.held[0]?.pub ?? new Uint8Array()
    const { header } = parsePublic(pub)
    const nextNames = next.map(({ name }) => name)
    const made = planFromScript(script, {
      title: 'the key moves',
      policy: policyDigest(world.policy),
      tool: 'b1'.repeat(32),
      people: [...staff, world.officer.card, ...old, ...next].map((card) => ({
        role: card.kind,
        name: card.name,
        card: cardCodec.digest(card),
      })),
      library: 'aa'.repeat(32),
      serial: '1234',
      fheMode: 'S',
      fheSquash: true,
      holders: old.map(({ name }) => name),
      keyId: toHex(header.keyId),
      epochId: toHex(header.epochId),
      epoch: header.epoch,
      publicFile: sha256Hex(pub),
      nextHolders: nextNames,
      nextKind: nextNames.every((name, at) => name === old[at]?.name) ? 'refresh' : 'reshare',
      dealers: old.slice(0, quorum.t).map(({ name }) => name),
    })
    if (!made.ok) throw new Error(JSON.stringify(made.refusals))
    const opening = {
      ceremonyId,
      domain,
      planHash: made.value.hash,
      policyDigest: policyDigest(world.policy),
      node0: '00'.repeat(32),
      tokenSerials: [],
      ceremonyKeys: world.ceremony.keys,
    } as OpeningCertificate
    const cards = [...old, ...next].map((card) => cardCodec.encode(card))
    return new MovingRun(world, { plan: utf8(made.value.text), opening, cards, next })
  }

  /** What every holder's device is given. */
  files(): Files {
    const { officer, held } = this.#world
    const opening = openingCodec.file.encode({
      payload: this.#opening,
      signatures: [openingCodec.sign(officer.identity, this.#opening, domain)],
    })
    return [
      { name: 'opening.json', bytes: opening },
      { name: 'plan.yaml', bytes: this.#plan },
      { name: 'public.bin', bytes: held[0]?.pub ?? new Uint8Array() },
      ...this.#cards.map((bytes, at) => ({ name: `card-${at}.json`, bytes })),
      ...this.approvals.map((bytes, at) => ({ name: `approval-${at}.json`, bytes })),
    ]
  }

  /** And what a new holder is given, from 0. */
  filesFor(at: number): Files {
    const seeds = this.redealt.flatMap((files) => files[at + 2] ?? [])
    return [
      ...this.files(),
      ...this.redealt.flatMap((files) => files.slice(0, 2)),
      ...seeds,
      {
        name: `next-${at + 1}.sig`,
        bytes: signedSeeds(
          this.#world,
          seeds.map(({ bytes }) => bytes),
        ),
      },
    ]
  }

  /** "Epoch n live" over what the new holders proved. `acknowledgements`: digests, by index. */
  live(
    acknowledgements: readonly string[],
    change: Partial<EpochLive> = {},
    by = this.#world.ceremony,
  ): Files {
    const pub = this.#world.held[0]?.pub ?? new Uint8Array()
    const [first] = this.approvals
    if (first === undefined) throw new Error('nobody approved')
    const said = accepted(epochApprovalCodec.file.parse(first)).payload
    const corrections = this.redealt.flatMap((files) => files[1]?.bytes ?? [])
    const dealers = this.redealt.map(
      ([redeal]) => accepted(redealCodec.file.parse(redeal?.bytes ?? new Uint8Array())).payload.dealer,
    )
    const next = accepted(
      nextPublic({
        pub,
        corrections,
        dealers,
        to: quorum,
        planHash: fromHex(said.planHash, 32),
        roster: this.next.map((card, at) => ({
          index: at + 1,
          name: card.name,
          card: cardCodec.digest(card),
        })),
      }),
    )
    const { ceremonyId, planHash, keyId, oldEpochId, epoch, t, n } = said
    const payload: EpochLive = {
      v: 1,
      kind: 'epoch-live',
      domain,
      ceremonyId,
      planHash,
      keyId,
      oldEpochId,
      epochId: toHex(next.epochId),
      epoch,
      t,
      n,
      acknowledgements: [...acknowledgements],
      time: '2026-01-31T09:31:00.000Z',
      ...change,
    }
    const live = epochLiveCodec.file.encode({
      payload,
      signatures: [epochLiveCodec.sign(by, payload, domain)],
    })
    return [
      { name: 'epoch-live.json', bytes: live },
      ...this.approvals.map((bytes, at) => ({ name: `approval-${at}.json`, bytes })),
    ]
  }
}
