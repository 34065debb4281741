import { expect, test } from 'vitest'
import { contentSecurityPolicy, isWorkerScript, workerPolicy } from '../../src/main/served-file.ts'

test('CSP-POLICY nothing is allowed but own files, and styles with the nonce of this load', () => {
  const directives = contentSecurityPolicy('bm9uY2U=').split('; ')
  expect(directives).toContain("default-src 'none'")
  expect(directives).toContain("script-src 'self'")
  expect(directives).toContain("connect-src 'none'")
  expect(directives.find((one) => one.startsWith('style-src '))).toContain("'nonce-bm9uY2U='")
  expect(directives.join(' ')).not.toMatch(/unsafe|https?:|data:|\*/)
})

test('CSP-POLICY the worker for codes alone makes WebAssembly, and loads nothing', () => {
  expect(workerPolicy).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
  expect(isWorkerScript('/app/out/renderer/assets/qr-worker-DW5OM9uf.js')).toBe(true)
  for (const other of [
    '/app/out/renderer/index.html',
    '/app/out/renderer/assets/index-a.js',
    '/app/qr-worker-a.js',
  ])
    expect(isWorkerScript(other)).toBe(false)
})
