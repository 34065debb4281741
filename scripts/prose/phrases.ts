/** What readers had to read twice, each met in our own pages and texts. A page or a text says it in other words. */
const phrases = [
  /\bof (?:its|another|the expected) form\b/,
  /\bof (?:now|before|old)\b/,
  /\bday of asking\b/,
  /\bin earnest\b/,
  /\bbe it\b/,
  /\bwhatever c(?:ame|omes) of (?:it|that)\b/,
  /\banother one than\b/,
  /\bthe one before ends\b/,
  /\bis fulfilled\b/,
  /\bis (?:to be )?had\b/,
  /\bwhat has none\b/,
  /\bsaid of\b/,
  /\bthat very\b/,
] as const

/** The first banned phrase in `text`, as it stands there. */
export function bannedPhrase(text: string): string | undefined {
  return phrases.map((phrase) => new RegExp(phrase, 'i').exec(text)?.[0]).find((found) => found !== undefined)
}
