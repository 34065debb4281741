/** Letters of somebody's text turn nothing around it in the sentence in which it stands. */
export const inOwnDirection = (text: string): string =>
  `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')}\u2069`
