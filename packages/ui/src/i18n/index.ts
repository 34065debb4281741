export { type ErrorText, type Failure, useErrorText } from './error-text.ts'
export { pseudo, pseudoEnd, pseudoStart } from './pseudo.ts'
export {
  createTexts,
  directionOf,
  type Language,
  type TextLoaders,
  type Texts,
  type Translated,
} from './start.ts'
export type { Tree } from './tree.ts'
