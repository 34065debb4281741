import { crc32, deflateSync } from 'node:zlib'

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
export function pngOfFramebuffer(xwd: Buffer): Buffer {
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
