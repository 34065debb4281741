import { spawn } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { crc32, deflateSync } from 'node:zlib'
import { asUser } from './as-user.ts'
import { privateFolder } from './launch.ts'
import { readSetUp } from './set-up.ts'

/** A running X server without a screen: `name` is what DISPLAY has to say. */
export type Display = {
  name: string
  /** What the screen shows now, as PNG. */
  screenshot(): Buffer
  stop(): Promise<void>
}

/** X servers of every user put their sockets here: root makes it as the system does, and repairs a mode cut by a umask. */
function makeSocketFolder(): void {
  const folder = '/tmp/.X11-unix'
  mkdirSync(folder, { recursive: true })
  const { uid, mode } = lstatSync(folder)
  if (uid === 0 && (mode & 0o7777) !== 0o1777) chmodSync(folder, 0o1777)
}

/** Starts Xvfb on a number that it finds free itself, as the user whose windows it shows. */
export function startDisplay(): Promise<Display> {
  const { user } = readSetUp()
  const folder = privateFolder('lux-display-')
  if (user.change) makeSocketFolder()
  const [command, args] = asUser(user, 'Xvfb', [
    '-displayfd',
    '3',
    '-screen',
    '0',
    '1440x900x24',
    '-nolisten',
    'tcp',
    '-noreset',
    '-fbdir',
    folder,
  ])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let complaints = ''
  child.stderr?.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-2000)
  })
  // File descriptor 3 is a pipe by the stdio list above, and pipes of a child are readable here.
  const numbers = child.stdio[3] as Readable
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL')
      reject(new Error(`Xvfb ${why}\n${complaints}`))
    }
    const late = setTimeout(() => fail('gave no display within 20 s'), 20_000)
    child.once('error', (error) => fail(error.message))
    child.once('close', (code) => fail(`ended with ${code}`))
    numbers.once('data', (chunk) => {
      clearTimeout(late)
      resolve({
        name: `:${String(chunk).trim()}`,
        screenshot: () => pngOfFramebuffer(readFileSync(join(folder, 'Xvfb_screen0'))),
        async stop() {
          child.kill('SIGTERM')
          await exited
          rmSync(folder, { recursive: true, force: true })
        },
      })
    })
  })
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/**
 * PNG of the frame buffer that `Xvfb -fbdir` keeps: an XWD version 7 file with a big-endian header and 32 bits a pixel
 * (X11/XWDFile.h). Throws on any other layout.
 */
function pngOfFramebuffer(xwd: Buffer): Buffer {
  const word = (index: number): number => xwd.readUInt32BE(index * 4)
  const [headerSize, version, width, height] = [word(0), word(1), word(4), word(5)]
  const [littleEndian, bitsPerPixel, bytesPerLine, colours] = [word(7) === 0, word(11), word(12), word(19)]
  if (version !== 7 || bitsPerPixel !== 32 || !littleEndian)
    throw new RangeError('frame buffer: unknown layout')
  const pixels = headerSize + colours * 12
  const lines = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0, to = 0; y < height; y++) {
    // Each line begins with PNG's filter type, 0 for none.
    to++
    for (let x = 0, from = pixels + y * bytesPerLine; x < width; x++, from += 4, to += 3) {
      lines[to] = xwd.readUInt8(from + 2)
      lines[to + 1] = xwd.readUInt8(from + 1)
      lines[to + 2] = xwd.readUInt8(from)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits a sample, RGB.
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
