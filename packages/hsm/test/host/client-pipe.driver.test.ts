import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { clientPipe } from '../../src/host/client-pipe.ts'

const source = new URL('../../src/host/client-pipe.ts', import.meta.url).href

describe('the client’s end of the pipe to a host', { skip: process.platform !== 'linux' }, () => {
  it('is left to Node where the C library has another name, as on musl', () => {
    expect(clientPipe(() => {}, 'libc.of-another-name.so')).toBeNull()
  })

  it('HSM-HOST-FAILED is what a process that has no file descriptors left is told', () => {
    const program = `
      import { openSync } from 'node:fs'
      const { clientPipe } = await import(${JSON.stringify(source)})
      try {
        for (;;) openSync('/dev/null')
      } catch {}
      try {
        clientPipe(() => {})
      } catch ({ code, detail }) {
        process.stdout.write(code + ' ' + detail)
      }`
    const limited = [
      '-c',
      'ulimit -n 256; exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]
    expect(execFileSync('bash', limited, { encoding: 'utf8' })).toBe(
      'HSM-HOST-FAILED the pipe to the token host could not be made',
    )
  })
})
