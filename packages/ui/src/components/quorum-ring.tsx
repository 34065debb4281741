import { useTranslation } from 'react-i18next'

type Voice = { readonly name: string; readonly given: boolean }

const radius = 42
const around = 2 * Math.PI * radius
const gap = 14

/** One arc for each person, closed for those who signed and dotted for the others. The text beside it names who is missing. */
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
  const missing = voices.filter((voice) => !voice.given).map(({ name }) => name)
  const arc = around / Math.max(1, voices.length)
  const count = t('ui.quorum', { given, needed })
  return (
    <span className="quorum">
      <svg width={size} height={size} viewBox="0 0 100 100" role="img" aria-label={count}>
        {voices.length > 0 ? null : (
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
        {voices.map((voice, index) => (
          <circle
            key={voice.name}
            className={voice.given ? 'quorum-given' : 'quorum-missing'}
            cx="50"
            cy="50"
            r={radius}
            fill="none"
            strokeLinecap="round"
            strokeWidth={voice.given ? 10 : 4}
            strokeDasharray={
              voice.given
                ? `${Math.max(1, arc - gap)} ${around}`
                : `${dots(Math.max(1, arc - gap))} ${around}`
            }
            transform={`rotate(${-90 + (360 / voices.length) * index + gap} 50 50)`}
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
