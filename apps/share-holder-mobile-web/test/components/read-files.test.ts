import { expect, test } from 'vitest'
import { readFiles } from '../../src/components/take-in.tsx'

function file(name: string, size: number, read: () => Promise<ArrayBuffer>) {
  return { name, size, arrayBuffer: read }
}
const never = (): Promise<ArrayBuffer> => expect.unreachable('it was read')
const bytes = async (): Promise<ArrayBuffer> => new Uint8Array([1, 2]).buffer

test('PHONE-FILE-LARGE what is too large for its kind, or is too many, is refused before a byte of it is read', async () => {
  const large = { ok: false, rule: 'PHONE-FILE-LARGE' }
  expect(await readFiles([file('policy.json', (1 << 20) + 1, never)], ['policy'])).toMatchObject(large)
  expect(
    await readFiles([file('a', 40 << 20, never), file('b', 30 << 20, never)], ['request-package']),
  ).toMatchObject(large)
  const many = Array.from({ length: 129 }, (_, at) => file(`${at}`, 1, never))
  expect(await readFiles(many, ['epoch-package'])).toMatchObject(large)
  expect(await readFiles([file('a', (1 << 20) + 1, bytes)], ['policy', 'epoch-live'])).toMatchObject({
    ok: true,
  })
})

test('PHONE-FILE-UNREADABLE a file that is gone or may not be read is named, and nothing of the others is taken', async () => {
  const gone = file('gone.json', 2, () => Promise.reject(new DOMException('', 'NotReadableError')))
  expect(await readFiles([file('a.json', 2, bytes), gone], ['request-package'])).toEqual({
    ok: false,
    rule: 'PHONE-FILE-UNREADABLE',
    detail: 'gone.json',
  })
  expect(await readFiles([file('a.json', 2, bytes)], ['policy'])).toEqual({
    ok: true,
    value: [{ name: 'a.json', bytes: new Uint8Array([1, 2]) }],
  })
})
