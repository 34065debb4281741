import * as v from 'valibot'
import { machineEvidence } from '../../documents/ceremony/machine.ts'
import { digest } from '../../documents/format/fields.ts'
import { short } from '../result-fields.ts'
import { asOwed, type EffectModules } from '../step-module.ts'

export const effects = {
  'measure-machine': {
    schema: v.strictObject({
      tool: short,
      kernel: short,
      library: digest,
      tpmQuote: v.string(),
      files: digest,
      machine: v.exactOptional(machineEvidence),
    }),
    effect: ({ base }) => ({ ...base, kind: 'measure-machine' }),
    verify: asOwed,
    apply(_state, _progress, { tool, kernel, library, tpmQuote }, show) {
      show('tool', tool)
      show('kernel', kernel)
      show('library', library)
      show('tpm-quote', tpmQuote)
    },
  },
} satisfies EffectModules<'measure-machine'>
