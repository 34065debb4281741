import { useTranslation } from 'react-i18next'

type Voice = { readonly name: string; readonly given: boolean }

const radius = 42
const around = 2 * Math.PI * radius
const gap = 14

/** As many arcs as signatures are needed, closed for each that is there and dotted for each that is not. The text beside it names who is missing. */
export function QuorumRing({
  voices,
  needed,
  size = 96,
  named = true,
}: {
  voices: readonly Voice[]
  needed: number
  size?: 64 | 96 | 144
  /** False where the text beside it names who is missing. */
  named?: boolean
}) {
  const { t } = useTranslation()
  const given = voices.filter((voice) => voice.given).length
  const missing = given >= needed ? [] : voices.filter((voice) => !voice.given).map(({ name }) => name)
  const arcs = Array.from({ length: Math.max(needed, given) }, (_, at) => at < given)
  const arc = around / Math.max(1, arcs.length)
  const count = t('ui.quorum', { given, needed })
  return (
    <span className="quorum">
      <svg width={size} height={size} viewBox="0 0 100 100" role="img" aria-label={count}>
        {arcs.length > 0 ? null : (
          <circle
            className="quorum-missing"
            cx="50"
            cy="50"
            r={radius}
            fill="none"
            strokeLinecap="round"
            strokeWidth={4}
            strokeDasharray={`${dots(around)} ${around}`}
          />
        )}
        {arcs.map((closed, index) => (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: an arc is its place
            key={index}
            className={closed ? 'quorum-given' : 'quorum-missing'}
            cx="50"
            cy="50"
            r={radius}
            fill="none"
            strokeLinecap="round"
            strokeWidth={closed ? 10 : 4}
            strokeDasharray={
              closed ? `${Math.max(1, arc - gap)} ${around}` : `${dots(Math.max(1, arc - gap))} ${around}`
            }
            transform={`rotate(${-90 + (360 / arcs.length) * index + gap} 50 50)`}
          />
        ))}
        <text
          x="50"
          y="50"
          textAnchor="middle"
          dominantBaseline="central"
          className={size === 64 ? 'quorum-alone' : undefined}
        >
          {size === 64 ? given : count}
        </text>
      </svg>
      {!named || missing.length === 0 ? null : (
        <span className="quorum-missing-names">{t('ui.quorum-missing', { names: missing.join(', ') })}</span>
      )}
    </span>
  )
}

/** A dash pattern of round dots along a length. Its last number is the gap to the end of the circle. */
function dots(length: number): string {
  const pairs = Math.max(1, Math.floor(length / 8))
  return `${Array.from({ length: pairs - 1 }, () => '0.1 7.9').join(' ')} 0.1`.trim()
}
