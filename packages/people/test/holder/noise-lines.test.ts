import { expect, test } from 'vitest'
import { canaryNoiseLines, noiseLines } from '../../src/index.ts'

const noise = {
  source: 'squashing',
  blockBits: 51,
  floorBits: 40,
  belowFloor: false,
  lifeBits: 24.04,
} as const

test.each([noiseLines, canaryNoiseLines])(
  'what is left for life is a reckoning, and no bound, in every epoch but the first: %o',
  (lines) => {
    expect(lines(noise, 0).map(({ text }) => text)).toEqual([
      'noise hides each block, squashed, by 51 bits (floor 40); 24.0 are left for the key’s life (floor 20)',
    ])
    for (const epoch of [1, 7])
      expect(lines(noise, epoch, 22).map(({ text }) => text)).toEqual([
        'noise hides each block, squashed, by 51 bits (floor 40); 24.0 are reckoned to be left for the key’s life (floor 22)',
      ])
  },
)

test('a life that is just below its floor is not rounded up to it, and is named', () => {
  const below = 'BELOW THE FLOOR OF A LIFE, 20 bits'
  const lines = noiseLines({ ...noise, lifeBits: 19.95 }, 0).map(({ text }) => text)
  expect(lines[0]).toContain('19.9 are left for the key’s life (floor 20)')
  expect(lines.slice(1)).toEqual([below])
  expect(noiseLines({ ...noise, lifeBits: 20 }, 0)).toHaveLength(1)
  expect(noiseLines({ ...noise, lifeBits: 21.9 }, 1, 22)[1]?.text).toBe(
    'BELOW THE FLOOR OF A LIFE, 22 bits, as is reckoned',
  )
})
