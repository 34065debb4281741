import { expect, test } from 'vitest'
import { keepToOwnScripts } from '../src/own-scripts.ts'

test('PHONE-SCRIPTS a worker is a script of this app below its own address, and nothing else', () => {
  let ask: (url: string) => string = () => ''
  const policies = {
    createPolicy: (_: string, rules: { createScriptURL(url: string): string }) => {
      ask = rules.createScriptURL
    },
  }
  keepToOwnScripts(policies, 'https://shares.example/app/index.html')
  expect(ask('./sw.js')).toBe('https://shares.example/app/sw.js')
  expect(ask('/app/assets/worker-1.js')).toBe('https://shares.example/app/assets/worker-1.js')
  for (const other of [
    'https://elsewhere.example/app/sw.js',
    '/sw.js',
    '../sw.js',
    'data:text/javascript,1',
    'blob:https://shares.example/1.js',
    './page.html',
    './sw.js?next',
  ])
    expect(() => ask(other)).toThrow(TypeError)
  expect(() => keepToOwnScripts(undefined, 'https://shares.example/')).not.toThrow()
})
