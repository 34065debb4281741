import type { EffectKind, Results } from '@lux/ceremony'

/**
 * What an effect had made before its outcome reached the log, so that a crash in between loses nothing: the part of
 * the result that the token cannot tell again. Written durably, before what it describes is final.
 */
export type AttemptRecord<K extends EffectKind> = { effect: K; part: AttemptPart[K] }

type AttemptPart = {
  [K in EffectKind]: K extends 'generate-root' ? Omit<Results[K], 'evidence' | 'held'> : Results[K]
}
