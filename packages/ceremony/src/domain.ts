/** Stands in a run's header, in every signature's context and in every sealed header; never in a plan. */
export type Domain = 'production' | 'rehearsal'
