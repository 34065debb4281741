// A worker of key-page.ts. It makes a client key and its compressed server key with tfhe's web build, and reports the server key's
// milliseconds. A pool waits for its threads, and a page may not wait, hence a worker.

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
