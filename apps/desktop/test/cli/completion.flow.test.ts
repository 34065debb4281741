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
