import { join } from 'node:path'
import { expect, test } from 'vitest'
import { servedFile } from '../../src/main/served-file.ts'

const folder = join('/app', 'out', 'renderer')

test('SERVE-FILE files of the window are found below its folder', () => {
  expect(servedFile(folder, 'app://lux/index.html')).toBe(join(folder, 'index.html'))
  expect(servedFile(folder, 'app://lux/')).toBe(join(folder, 'index.html'))
  expect(servedFile(folder, 'app://lux/assets/index-1.js')).toBe(join(folder, 'assets', 'index-1.js'))
})

test.each(['app://lux/../../secret.js', 'app://lux/%2e%2e/%2e%2e/secret.js', 'app://lux//../secret.js'])(
  'SERVE-FILE %s stays below the folder',
  (url) => {
    expect(servedFile(folder, url)).toBe(join(folder, 'secret.js'))
  },
)

test.each([
  'app://other/index.html',
  'https://lux/index.html',
  'app://lux/../../package.json',
  'app://lux/assets%2f..%2f..%2fsecret.js',
  'app://lux/index.html?x=1',
  'app://lux/main.map',
  'app://lux/folder',
  'not an address',
])('SERVE-FILE %s is not served', (url) => {
  expect(servedFile(folder, url)).toBe(null)
})
