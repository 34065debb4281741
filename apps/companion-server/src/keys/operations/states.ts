/** What a version may be set to. `compromised` is for ever. */
export const chosenStates = ['enabled', 'decrypt-only', 'disabled', 'compromised'] as const
export type ChosenState = (typeof chosenStates)[number]

export const undestroyed = ['pre-active', ...chosenStates] as const
