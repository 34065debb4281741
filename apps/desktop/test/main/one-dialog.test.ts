import { expect, test } from 'vitest'
import { oneDialog } from '../../src/main/one-dialog.ts'

test('one dialog is open at a time: a press meanwhile opens none, and one that failed keeps none closed', async () => {
  let close = (_path: string): void => undefined
  const shown: string[] = []
  const show = (name: string) => () => {
    shown.push(name)
    return new Promise<string>((resolve) => {
      close = resolve
    })
  }
  const first = oneDialog(show('first'))
  expect(await oneDialog(show('second'))).toBe(null)
  close('/card.json')
  expect(await first).toBe('/card.json')
  await expect(oneDialog(() => Promise.reject(new Error('no display')))).rejects.toThrow('no display')
  const third = oneDialog(show('third'))
  close('/plan.yaml')
  expect([await third, shown]).toEqual(['/plan.yaml', ['first', 'third']])
})
