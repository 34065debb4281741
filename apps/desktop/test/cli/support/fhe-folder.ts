import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { custodyJson, each, temporaryFolder } from './custody.ts'

export const LIMIT = 1n << 30n

/** A folder in which keys, ciphertexts, shares and answers of rehearsals lie, each under its name. */
export class FheFolder {
  readonly #folder = temporaryFolder()

  at(...parts: string[]): string {
    return join(this.#folder, ...parts)
  }

  /** Share of a holder, in the folder that `deal` made. */
  holder(dir: string, i: number): string {
    return this.at(dir, `holder-${i}.bin`)
  }

  write(name: string, made: { safe_serialize(limit: bigint): Uint8Array }): void {
    writeFileSync(this.at(name), made.safe_serialize(LIMIT))
  }

  deal(key: string, out: string, t: number, n: number) {
    const quorum = ['--quorum', String(t), '--holders', String(n), '--mode', 'F']
    const files = ['--client-key', this.at(key), '--out', this.at(out)]
    return custodyJson(['fhe', 'deal', ...files, ...quorum, '--rehearsal'])
  }

  partial(i: number, out: string, ciphertexts: string[], { dir = 'dealt', more = [] as string[] } = {}) {
    const share = ['--share', this.holder(dir, i), '--public', this.at(dir, 'public.bin')]
    const files = [
      ...each('--ciphertext', ...ciphertexts.map((file) => this.at(file))),
      '--out',
      this.at(out),
    ]
    return custodyJson(['fhe', 'partial', ...share, ...files, '--rehearsal', ...more])
  }

  combine(partials: string[], ciphertexts: string[], dir = 'dealt') {
    const files = [...each('--ciphertext', ...ciphertexts.map((file) => this.at(file)))]
    const answers = partials.map((file) => this.at(file))
    return custodyJson(['fhe', 'combine', ...answers, '--public', this.at(dir, 'public.bin'), ...files])
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
