// A worker of the page of key-page.ts: makes a client key and its compressed server key with tfhe's web build, and says how
// many milliseconds the server key took. A pool waits for its threads, which a page itself may not: hence a worker.

import init, {
  initThreadPool,
  TfheClientKey,
  TfheCompressedServerKey,
  TfheConfigBuilder,
} from '/tfhe/tfhe.js'

const LIMIT = 1n << 30n

addEventListener('message', async ({ data: threads }) => {
  try {
    await init()
    if (threads > 1) await initThreadPool(threads)
    const key = TfheClientKey.generate(TfheConfigBuilder.default().build())
    const began = performance.now()
    const { length } = TfheCompressedServerKey.new(key).safe_serialize(LIMIT)
    postMessage({ milliseconds: performance.now() - began, length })
  } catch (error) {
    postMessage({ failed: String(error) })
  }
})
