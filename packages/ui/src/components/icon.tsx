/** Line icons on a 16-unit square. They are in the source, so that no file is loaded for them. */
const paths = {
  home: 'M2 7.2 8 2.5l6 4.7M3.5 6.2v7.3h9V6.2M6.5 13.5V9.5h3v4',
  ceremonies: 'M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2.5',
  tokens: 'M2.5 6.5h7v5h-7zM9.5 7.5h4v3h-4M5 9h1.5',
  holders:
    'M6 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM2 13c.3-2.4 1.8-3.7 4-3.7s3.7 1.300 4 3.700M10.500 3.500a2 2 0 0 1 0 3.800M11.500 9.500c1.500.4 2.300 1.700 2.500 3.500',
  approvals:
    'M8 2 13 3.800v3.700c0 3-2 5.300-5 6.500-3-1.200-5-3.500-5-6.500V3.800zM5.800 8 7.400 9.600 10.300 6.400',
  bundles: 'M2.500 5 8 2.300 13.500 5v6L8 13.700 2.500 11zM2.500 5 8 7.700 13.500 5M8 7.700v6',
  transcript: 'M4 3.500h8.500M4 8h8.500M4 12.500h5.500M2 3.500h.01M2 8h.01M2 12.500h.01',
  settings: 'M2.500 4.500h7M12.500 4.500h1M2.500 11.500h1M6.500 11.500h7M11 3v3M5 10v3',
  check: 'M3 8.500 6.500 12 13 4.500',
  cross: 'M4 4l8 8M12 4l-8 8',
  dash: 'M4 8h8',
  alert: 'M8 2.500 14 13.200H2zM8 6.500v3M8 11.300v.01',
  circle: 'M8 13a5 5 0 1 0 0-10 5 5 0 0 0 0 10Z',
  find: 'M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM10.700 10.700 14 14',
  cover: 'M4.500 7.500V5a3.500 3.500 0 0 1 7 0v2.500M3.500 7.500h9v6h-9z',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.200 6.300a1.800 1.800 0 1 1 2.700 1.600c-.6.3-.9.7-.9 1.300M8 11.300v.01',
  current: 'M5.500 3.500 11 8l-5.500 4.500z',
  key: 'M5.5 11.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 7.200l5.500-4.200M11.500 4.500l1.800 2',
  file: 'M4 2.500h5.500L12.500 5.500v8H4zM9.500 2.500v3h3',
  qr: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5v4M9.5 11.5h2M13.5 9.5v1.5M11.5 13.5h2',
  save: 'M8 2.500v7M5 7l3 3 3-3M3 12.500h10',
  back: 'M10 3 5 8l5 5',
  hand: 'M5.500 8V4.300a1 1 0 0 1 2 0V7.500M7.500 7V3.300a1 1 0 0 1 2 0V7.500M9.500 7.500V4.300a1 1 0 0 1 2 0v5c0 2.500-1.500 4.200-3.800 4.200-1.700 0-2.700-.8-3.500-2.200L3 9.200c-.3-.7.7-1.400 1.300-.7L5.500 10',
  note: 'M3.5 2.5h9v6.500l-4 4.500h-5zM8.500 13.500V9h4M6 5.500h4M6 8h2',
  flag: 'M4 14V2.500M4 3h8l-1.800 2.800L12 8.500H4',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.500 12 8l-7 4.500z',
  stop: 'M8 13.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11ZM4.200 4.200l7.600 7.600',
  eye: 'M1.800 8C3.200 5.300 5.400 4 8 4s4.800 1.300 6.200 4c-1.400 2.700-3.600 4-6.200 4S3.200 10.700 1.800 8ZM8 9.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600Z',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  shield: 'M8 2 13 3.800v3.700c0 3-2 5.300-5 6.500-3-1.200-5-3.500-5-6.500V3.800z',
  panel: 'M2.500 3h11v10h-11zM10 3v10',
  wall: 'M2 3h12v8H2zM8 11v2.500M5 13.500h6',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8l2.200 1.500',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      data-icon={name}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  )
}
