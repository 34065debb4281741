const accents: Record<string, string> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  A: 'Á',
  E: 'É',
  I: 'Í',
  O: 'Ó',
  U: 'Ú',
}

const pseudoStart = '⟦'
const pseudoEnd = '⟧'

/** Marks a text and makes it 40 % longer. Text between backticks is to be typed, so it stays as it is. */
export function pseudo(text: string): string {
  return text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `\`${part}\`` : marked(part)))
    .join('')
}

function marked(text: string): string {
  const accented = text.replace(/[aeiou]/gi, (letter) => accents[letter] ?? letter)
  // The padding breaks like words, and makes the last word as long as the long ones of other languages.
  const added = '~'.repeat(Math.ceil(text.length * 0.4)).replaceAll(/~{12}(?=~)/g, '$& ')
  return `${pseudoStart}${accented}${added}${pseudoEnd}`
}
