import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { custody } from './support/custody.ts'

/** What bash would offer for a line whose last word is not whole. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout } = await custody(['completion', 'bash'])
  const line = ['custody', ...words].map((word) => `'${word}'`).join(' ')
  const asked = `${stdout}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _custody; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout: said, stderr } = spawnSync('bash', ['-c', asked], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return said.split('\n').filter((word) => word !== '')
}

test('COMPLETION bash offers commands, their commands and their options, whatever options stand between', async () => {
  expect(await offered('cer')).toEqual(['ceremony'])
  expect(await offered('token', 'in')).toEqual(['info', 'init', 'inventory'])
  expect(await offered('--json', 'plan', 'lint', 'plan.yaml', '--pol')).toEqual(['--policy'])
  expect(await offered('verify', '--au')).toEqual(['--audience'])
})

test('COMPLETION zsh takes the same by bashcompinit, fish has a line for each', async () => {
  expect((await custody(['completion', 'zsh'])).stdout).toContain('bashcompinit')
  const fish = (await custody(['completion', 'fish'])).stdout.split('\n')
  expect(fish.some((line) => line.endsWith('-a ceremony'))).toBe(true)
  expect(fish.every((line) => line === '' || line.startsWith('complete -c custody'))).toBe(true)
})

test('USAGE no completion for a shell that nobody named', async () => {
  const { exit, stderr } = await custody(['completion', 'tcsh'])
  expect(exit).toBe(2)
  expect(stderr).toContain('bash, zsh, fish')
})

test('MANUAL every command and option that help knows stands in the page, with what is required, and man sets it without a complaint', async () => {
  const page = (await custody(['manual'])).stdout
  const offeredByBash = (await custody(['completion', 'bash'])).stdout
  const places = [...offeredByBash.matchAll(/^ {4}'([a-z -]+)'\) next='(.*)' ;;$/gm)]
  expect(places.length).toBeGreaterThan(60)
  for (const [, words = '', next = ''] of places) {
    // A group of commands has no section of its own.
    if (next.split(' ').some((word) => !word.startsWith('--'))) continue
    const at = page.indexOf(`.SS custody ${words.replaceAll('-', '\\-')}`)
    const section = page.slice(at + 1).split(/^\.SS /m)[0] ?? ''
    expect([words, at]).not.toEqual([words, -1])
    for (const option of next.split(' ').filter((word) => word !== '--help'))
      expect([words, section]).toEqual([words, expect.stringContaining(option.replaceAll('-', '\\-'))])
  }
  expect(page).toContain('a new folder for the run (required)')
  // No line of prose begins as a request of man(7) does.
  const requests = new Set([...page.matchAll(/^[.'](\S*)/gm)].map(([, name]) => name))
  expect([...requests].toSorted()).toEqual(['B', 'I', 'PP', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf'])
})
