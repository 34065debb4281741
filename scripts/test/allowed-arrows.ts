import { type Arrow, ceremony, desktop, hsm, server, take } from './arrow-list.ts'

export const allowed: readonly Omit<Arrow, 'rule'>[] = [
  {
    claim: 'a family’s run knows another family’s',
    in: `${ceremony}/steps/replication`,
    text: take('../key/run.ts'),
  },
  { claim: 'the engine knows what is run', in: `${ceremony}/engine`, text: take('../steps/run.ts') },
  { claim: 'ceremony knows crypto', in: ceremony, text: take('@lux/crypto') },
  {
    claim: 'contract knows the types of ceremony',
    in: `${desktop}/contract`,
    text: "import type { It } from '@lux/ceremony'\n\nexport type { Plan } from '@lux/ceremony/plan'\nexport type Taken = It\n",
  },
  { claim: 'hsm knows node-files', in: hsm, text: take('@lux/node-files') },
  { claim: 'core knows node-files', in: `${desktop}/core`, text: take('@lux/node-files') },
  { claim: 'server knows node-files', in: server, text: take('@lux/node-files') },
  { claim: 'hsm’s process knows the driver', in: `${hsm}/host`, text: take('../pkcs11/module.ts') },
  { claim: 'hsm’s driver protects its process', in: `${hsm}/pkcs11`, text: take('../protect-process.ts') },
  { claim: 'main knows shipped', in: `${desktop}/main`, text: take('../shipped/index.ts') },
  { claim: 'core knows shipped', in: `${desktop}/core`, text: take('../shipped/index.ts') },
  { claim: 'shipped knows Node', in: `${desktop}/shipped`, text: take('node:fs/promises') },
  { claim: 'cli knows commander', in: `${desktop}/cli`, text: take('commander') },
  { claim: 'cli knows core', in: `${desktop}/cli`, text: take('../core/store.ts') },
  { claim: 'core knows valibot', in: `${desktop}/core`, text: take('valibot') },
  { claim: 'core knows ceremony', in: `${desktop}/core`, text: take('@lux/ceremony') },
  { claim: 'main knows the contract', in: `${desktop}/main`, text: take('../contract/index.ts') },
  { claim: 'preload knows the contract', in: `${desktop}/preload`, text: take('../contract/index.ts') },
  { claim: 'renderer knows the shared components', in: `${desktop}/renderer`, text: take('@lux/ui') },
  { claim: 'renderer knows the contract', in: `${desktop}/renderer`, text: take('../contract/index.ts') },
  ...['bundle', 'wire', 'policy', 'plan', 'transcript'].map((part) => ({
    claim: `server knows ceremony/${part}`,
    in: server,
    text: take(`@lux/ceremony/${part}`),
  })),
]
