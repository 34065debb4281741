import {
  equalBytes,
  generateSealIdentity,
  openWith,
  openWithPassphrase,
  type SelfTestResult,
  sealTo,
  sealWithPassphrase,
  selfTest,
} from '../src/index.ts'

/**
 * One entry to bundle for Electron's main process, its renderer and a browser page, without Node's modules: the
 * known answers, and a round trip of each way of sealing, which needs the host's WebCrypto and streams.
 */
export async function runInElectron(): Promise<SelfTestResult[]> {
  const plaintext = Uint8Array.of(1, 2, 3)
  return [
    ...selfTest(),
    await roundTrip('seal-to-recipient', async () => {
      const { identity, recipient } = await generateSealIdentity()
      return equalBytes(await openWith(identity, await sealTo([recipient], plaintext)), plaintext)
    }),
    await roundTrip('seal-with-passphrase', async () => {
      const sealed = await sealWithPassphrase('passphrase', plaintext, { workFactor: 4 })
      return equalBytes(await openWithPassphrase('passphrase', sealed), plaintext)
    }),
  ]
}

async function roundTrip(name: string, run: () => Promise<boolean>): Promise<SelfTestResult> {
  try {
    return { name, ok: await run() }
  } catch {
    return { name, ok: false }
  }
}
