import { expect, test } from 'vitest'
import { readMainMessage } from '../../src/core/serve.ts'

test('frames of the window, the order to stop, the question whether core lives and a choice of a person are what main says', () => {
  for (const message of [
    '{"id":1}',
    { stop: true },
    { beat: true },
    { grant: { use: 'read', path: '/media/card.json' } },
    { grant: { use: 'folder', path: '/media' } },
    { paper: { id: 1, end: { made: true } } },
    { paper: { id: 2, end: { code: 'PRINTER-NONE', detail: '' } } },
  ]) {
    expect(readMainMessage(message)).toEqual(message)
  }
})

test('a message of any other form is left alone', () => {
  for (const message of [
    null,
    7,
    [],
    {},
    { stop: false },
    { beat: 1 },
    { stop: true, grant: { use: 'read', path: '/x' } },
    { grant: { use: 'execute', path: '/x' } },
    { grant: { use: 'read', path: '' } },
    { grant: { use: 'read', path: '/x'.repeat(4096) } },
    { grant: { use: 'read' } },
    { paper: { id: 1, end: { made: 'yes' } } },
    { paper: { id: 1, end: { code: 'SEEN', detail: '' } } },
  ]) {
    expect(readMainMessage(message)).toBeNull()
  }
})
