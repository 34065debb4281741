import { ExpectedError } from '@lux/node-files'
import { afterEach, expect, test, vi } from 'vitest'
import { interruptible, resumeLine } from '../../../src/cli/ceremony/outcome.ts'
import { within } from '../../../src/cli/shell/surroundings.ts'

afterEach(() => vi.restoreAllMocks())

const said: string[] = []
const around = {
  out: () => undefined,
  err: (text: string) => void said.push(text),
  terminal: () => null,
}

test('RESUME-LINE how to go on is said after Ctrl-C, with the answers that the next command needs again', async () => {
  expect(resumeLine('run')).toBe('custody ceremony resume run')
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('ended')
  })
  const before = process.listenerCount('SIGINT')
  await within(around, () =>
    interruptible('run', 'answers.json', async () => {
      expect(() => process.emit('SIGINT')).toThrow('ended')
    }),
  )
  expect(exit).toHaveBeenCalledWith(130)
  expect(said.pop()).toContain('custody ceremony resume run --answers answers.json')
  // Work that ended takes its listener with it.
  expect(process.listenerCount('SIGINT')).toBe(before)
})

test('RESUME-LINE also where the terminal gives Ctrl-C to a prompt, and for no other failure', async () => {
  const cancelled = new ExpectedError('SECRET-CANCELLED', 'PIN: nothing was entered')
  const cut = within(around, () => interruptible('run', undefined, () => Promise.reject(cancelled)))
  await expect(cut).rejects.toBe(cancelled)
  expect(said.pop()).toContain('custody ceremony resume run')
  const full = new ExpectedError('DISK-FULL', 'run')
  await expect(
    within(around, () => interruptible('run', undefined, () => Promise.reject(full))),
  ).rejects.toBe(full)
  expect(said).toEqual([])
})
