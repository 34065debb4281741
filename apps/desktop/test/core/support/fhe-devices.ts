import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWithPassphrase, sealWithPassphrase } from '@lux/crypto'
import tfhe from 'node-tfhe'
import { type Answer, custodyJson, each } from '../../cli/support/custody.ts'
import { passphrase } from '../../cli/support/people.ts'
import type { FhePeople } from './fhe-people.ts'

const LIMIT = 1n << 30n

export type Ran = { exit: number | null; json: Answer }

/** The commands that people run on their own devices; every share is `<name>.<epoch>` in the place's folder. */
export class FheDevices {
  readonly #place: FhePeople

  constructor(place: FhePeople) {
    this.#place = place
  }

  async receive(
    name: string,
    run: string,
    index: number,
    file = `${name}.0`,
    ...more: string[]
  ): Promise<Ran> {
    const { place, keyed } = this.#of(name)
    const share = place.file(file)
    const envelope = place.file(run, 'envelopes', `holder-${index}.age`)
    const ran = await custodyJson([
      'holder',
      'receive',
      envelope,
      ...keyed,
      ...this.#policy(),
      '--out',
      share,
      ...more,
    ])
    await this.#cheaply(share)
    return ran
  }

  prove(share: string, name: string, out: string): Promise<Ran> {
    const { place, keyed } = this.#of(name, share)
    return custodyJson(['holder', 'prove', place.file(share), ...keyed, ...this.#policy(), '--out', out])
  }

  /** `approve-epoch` or `redeal`. */
  epoch(verb: string, name: string, request: string, out: string, ...more: string[]): Promise<Ran> {
    const { place, keyed } = this.#of(name)
    const share = ['--share', place.file(`${name}.0`)]
    return custodyJson([
      'holder',
      verb,
      request,
      ...share,
      ...keyed,
      ...this.#policy(),
      '--out',
      out,
      '--yes',
      ...more,
    ])
  }

  async receiveNext(name: string, request: string, ...more: string[]): Promise<Ran> {
    const share = this.#place.file(`${name}.1`)
    const { keyed } = this.#of(name, share)
    const ran = await custodyJson([
      'holder',
      'receive-next',
      request,
      ...keyed,
      ...this.#policy(),
      '--out',
      share,
      ...more,
    ])
    await this.#cheaply(share)
    return ran
  }

  /** `live` or `keep`. */
  end(verb: string, share: string, run: string, ...more: string[]): Promise<Ran> {
    const { place, keyed } = this.#of(share.replace(/\..*/, ''), share)
    return custodyJson([
      'holder',
      verb,
      run,
      '--share',
      place.file(share),
      ...keyed,
      ...this.#policy(),
      '--yes',
      ...more,
    ])
  }

  answer(share: string, request: string, ciphertext: string, out: string): Promise<Ran> {
    const { place, keyed } = this.#of(share.replace(/\..*/, ''), share)
    const of = ['--share', place.file(share), '--ciphertext', place.file(ciphertext)]
    return custodyJson([
      'holder',
      'approve',
      request,
      ...of,
      ...keyed,
      ...this.#policy(),
      '--out',
      out,
      '--yes',
    ])
  }

  refuse(share: string, request: string, out: string): Promise<Ran> {
    const { place, keyed } = this.#of(share.replace(/\..*/, ''), share)
    const of = ['--share', place.file(share), '--reason', 'not today']
    return custodyJson(['holder', 'refuse', request, ...of, ...keyed, '--out', out])
  }

  /**
   * Encrypts with the public key and has the encryptor vouch. Nobody outside the dealer's process has a client key, so
   * "client-key" is the encryptor's untruth: it stands for a key whose ciphertexts were made before it was dealt.
   */
  async encrypt(
    run: string,
    name: string,
    value: bigint,
    type: 'u8' | 'u256',
    program: string,
  ): Promise<void> {
    const place = this.#place
    const bytes = new Uint8Array(readFileSync(place.file(run, 'fhe', 'compact-public-key.bin')))
    const key = tfhe.TfheCompactPublicKey.safe_deserialize(bytes, LIMIT)
    const builder = tfhe.CompactCiphertextList.builder(key)
    if (type === 'u8') builder.push_u8(Number(value))
    else builder.push_u256(value)
    const list = builder.build().expand()
    const ciphertext = type === 'u8' ? list.get_uint8(0) : list.get_uint256(0)
    writeFileSync(place.file(name), ciphertext.safe_serialize(LIMIT))
    await this.vouch('Enno', run, name, program, `client-key:Enno:${place.file(name)}`)
  }

  /** `<name>.provenance`: an evaluator or encryptor signs for a ciphertext of the place. */
  async vouch(who: string, run: string, name: string, program: string, input: string): Promise<void> {
    const { place, keyed } = this.#of(who)
    const vouched = await custodyJson([
      ...['fhe', 'provenance', 'sign', '--public', place.file(run, 'fhe', 'public.bin')],
      ...['--ciphertext', place.file(name), '--program', program, '--input', input],
      ...[...keyed, '--out', place.file(`${name}.provenance`)],
    ])
    if (vouched.exit !== 0) throw new Error(JSON.stringify(vouched.json))
  }

  /** A signed request, and where `approved` an approver's signature in it. */
  async request(
    pub: string,
    name: string,
    what: string,
    approved: boolean,
    provenance = `${name}.provenance`,
  ): Promise<string> {
    const place = this.#place
    const draft = place.file(`${name}.${what.length}.draft`)
    const made = await custodyJson([
      ...['request', 'new', '--public', pub, '--ciphertext', place.file(name)],
      ...['--provenance', place.file(provenance), '--what', what, '--purpose', 'a test'],
      ...['--requester', 'Rita', '--combiner', place.combiner.recipient, '--out', draft],
    ])
    if (made.exit !== 0) throw new Error(JSON.stringify(made.json))
    let last = draft
    for (const [verb, person] of [['sign', 'Rita'], ...(approved ? [['approve', 'Abe']] : [])] as const) {
      const next = `${draft}.${verb}`
      const { keyed } = this.#of(person!)
      const known = verb === 'approve' ? [...this.#policy(), '--public', pub] : []
      const signed = await custodyJson(['request', verb!, last, ...keyed, '--out', next, '--yes', ...known])
      if (signed.exit !== 0) throw new Error(JSON.stringify(signed.json))
      last = next
    }
    return last
  }

  combine(pub: string, name: string, answers: readonly string[], ...more: string[]): Promise<Ran> {
    const { place } = this.#of('Rita')
    const identity = ['--identity', place.file('combiner.identity')]
    return custodyJson([
      'fhe',
      'combine',
      ...answers,
      '--public',
      pub,
      '--ciphertext',
      place.file(name),
      ...identity,
      ...more,
    ])
  }

  result(
    pub: string,
    name: string,
    request: string,
    answers: readonly string[],
    out: string,
    ...more: string[]
  ): Promise<Ran> {
    const { place, keyed } = this.#of('Rita')
    return custodyJson([
      ...[
        'request',
        'result',
        request,
        '--public',
        pub,
        '--ciphertext',
        place.file(name),
        ...each('--answer', ...answers),
      ],
      ...['--identity', place.file('combiner.identity'), ...keyed, '--out', out, ...more],
    ])
  }

  copyShare(share: string, as: string): void {
    for (const end of ['', '.state'])
      copyFileSync(this.#place.file(`${share}${end}`), this.#place.file(`${as}${end}`))
  }

  /** With the key file of the share's epoch: who stays has another for the next one. */
  #of(name: string, share = '') {
    const place = this.#place
    const person = share.endsWith('.1') ? (place.renewed.get(name) ?? place.person(name)) : place.person(name)
    return { place, keyed: ['--key', person.keyPath, ...place.pass] }
  }

  #policy(): string[] {
    return ['--policy', join(this.#place.home, 'policy.json')]
  }

  /** A kept share under a cheaper passphrase: every command opens it again, and the tests are about something else. */
  async #cheaply(share: string): Promise<void> {
    if (!existsSync(share)) return
    const plain = await openWithPassphrase(passphrase, new Uint8Array(readFileSync(share)))
    writeFileSync(share, await sealWithPassphrase(passphrase, plain, { workFactor: 10 }), { mode: 0o600 })
  }
}
