import { expect, test } from 'vitest'
import { openLog } from '../../src/workers/log.ts'

test('SERVER-CONTAINED a line that cannot be written is lost, and whoever writes it goes on', () => {
  const lines: string[] = []
  const log = openLog('info', { write: (line) => lines.push(line) })
  const spoilt = {
    get method(): string {
      throw new Error('spoilt')
    },
  }
  log.info({ req: spoilt }, 'a serializer throws')
  log.child({ reqId: '1' }).error({ req: spoilt }, 'of a child too')
  log.info(spoilt, 'so does a field')
  const full = openLog('info', {
    write() {
      throw new Error('ENOSPC')
    },
  })
  full.error('the disk behind it is full')
  log.info({ req: { method: 'GET', routeOptions: { url: '/health' } } }, 'the next one is written')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ req: { method: 'GET', route: '/health' } }])
})
