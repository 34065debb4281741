import { Rec, WordCards } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { Paper, PaperBlock } from '../../contract/index.ts'

/** What will be printed, block by block. */
export function PaperPreview({ paper }: { paper: Paper }) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <article className="paper-preview" tabIndex={0} aria-label={t('designer.paper')}>
      <h3>
        <Rec>{paper.title}</Rec>
      </h3>
      {paper.blocks.map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other name, and none keeps a state
        <Block key={at} block={block} />
      ))}
    </article>
  )
}

function Block({ block }: { block: PaperBlock }) {
  switch (block.kind) {
    case 'heading':
      return <h4>{block.text}</h4>
    case 'paragraph':
      return <p>{block.text}</p>
    case 'words':
      return (
        <WordCards
          words={block.words}
          label={block.title}
          {...(block.hex === undefined ? {} : { hex: block.hex })}
        />
      )
    case 'table':
      return (
        <table>
          <caption>{block.title}</caption>
          <thead>
            <tr>
              {block.columns.map(({ title, width }) => (
                <th key={title} scope="col" style={width === undefined ? {} : { inlineSize: `${width}%` }}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row) => (
              <tr key={row.join(' ')}>
                {row.map((text, column) => (
                  <td key={block.columns[column]?.title}>{text === '' ? null : <Rec>{text}</Rec>}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )
    default:
      return null
  }
}
