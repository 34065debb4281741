import { expect, test } from 'vitest'
import { refuseUnparsed } from '../../src/platform/http/error-of.ts'

function answerTo(code: string): string {
  let written = ''
  const socket = {
    ...{ destroyed: false, writable: true },
    write(text: string) {
      written += text
    },
    destroy: () => undefined,
  }
  refuseUnparsed(Object.assign(new Error('parse'), { code }), socket as never)
  return written
}

test.each([
  ['HPE_INVALID_TRANSFER_ENCODING', 400],
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
])('CALL-UNREADABLE what is no HTTP request (%s) is refused by a code too', (code, status) => {
  const [head = '', body = ''] = answerTo(code).split('\r\n\r\n')
  expect(head).toMatch(`HTTP/1.1 ${status} `)
  expect(head).toMatch(`Content-Length: ${Buffer.byteLength(body)}`)
  expect(JSON.parse(body)).toMatchObject({ code: 'CALL-UNREADABLE', statusCode: status })
})

test('CALL-UNREADABLE a connection that is gone is answered by nothing', () => {
  expect(answerTo('ECONNRESET')).toBe('')
})
