import { describe, expect, test } from 'vitest'
import { custody, custodyProcess, custodyProcessJson } from './support/custody.ts'

describe('the command line', () => {
  test('an unknown command is wrong use and names the one that was meant', async () => {
    const { exit, stdout, stderr } = await custodyProcess(['verfy', 'x.zip'])
    expect(exit).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      "USAGE: unknown command 'verfy'",
      '(Did you mean verify?)',
    ])
    expect(stderr).toMatch(/^Why: .+\nWhat to do: .*--help/m)
  })

  test('wrong use gives a program one JSON document too', async () => {
    const { exit, json } = await custodyProcessJson(['token', 'lst'])
    expect(exit).toBe(2)
    expect(json).toMatchObject({ ok: false, code: 'USAGE' })
    expect(json.detail).toContain('list')
  })

  test('a file of another form is refused with why, although its code has no sentence of its own', async () => {
    const file = import.meta.filename
    const { exit, stderr } = await custodyProcess(['verify', file, '--policy', file])
    expect(exit).toBe(1)
    expect(stderr).toMatch(/^POLICY-MALFORMED: .+\nWhy: It is damaged, cut short.+\nWhat to do: /m)
  })

  test('a missing option, a wrong value of one and a missing argument are wrong use', async () => {
    const runs = await Promise.all([
      custodyProcess(['officer', 'enrol', '--name', 'Ada']),
      custodyProcess(['officer', 'enrol', '--domain', 'prod', '--name', 'Ada', '--out', 'a', '--key', 'b']),
      custodyProcess(['verify']),
    ])
    expect(runs.map(({ exit }) => exit)).toEqual([2, 2, 2])
    expect(runs[1]?.stderr).toContain('expected production or rehearsal')
  })

  test('--version is the version alone, and no command at all shows the help on stderr', async () => {
    const [version, nothing] = await Promise.all([custodyProcess(['--version']), custodyProcess([])])
    expect(version).toMatchObject({ exit: 0, stderr: '' })
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(nothing).toMatchObject({ exit: 2, stdout: '' })
    expect(nothing.stderr).toContain('Start here:')
  })

  test('the help of every command shows an example', async () => {
    const commands = [
      'verify',
      'rehearse',
      'officer enrol',
      'officer approve',
      'witness cosign',
      'holder receive',
      'holder prove',
      ...['new', 'lint', 'hash', 'diff', 'print', 'request', 'approve'].map((name) => `plan ${name}`),
      ...['new', 'show', 'sign', 'check'].map((name) => `policy ${name}`),
      ...['list', 'info', 'init', 'inventory', 'probe'].map((name) => `token ${name}`),
      ...['keygen', 'deal', 'inspect'].map((name) => `fhe ${name}`),
    ]
    const helps = await Promise.all(commands.map((command) => custody([...command.split(' '), '--help'])))
    const without = commands.filter(
      (_, index) => !/Examples?[^\n]*:\n\s+\$ custody /.test(helps[index]?.stdout ?? ''),
    )
    expect(without).toEqual([])
  }, 60_000)
})
