import starlight from '@astrojs/starlight'
import { defineConfig } from 'astro/config'

export default defineConfig({
  // Pictures of docs/, read where they stand.
  publicDir: '../docs/images',
  integrations: [
    starlight({
      title: 'Lux Custody',
      // Nothing is fetched: the site works from a medium, search included.
      credits: false,
      sidebar: [
        {
          label: 'Run ceremonies',
          items: [
            'guide/first-ceremony',
            'guide/production',
            'guide/production-commands',
            'guide/tokens',
            'guide/token-driver',
            'guide/moving-a-key',
          ],
        },
        { label: 'Hold a share', items: ['guide/phone', 'guide/threshold-fhe'] },
        { label: 'Run the server', items: ['guide/server', 'api', 'install'] },
        { label: 'When something is wrong', items: ['guide/troubleshooting'] },
        {
          label: 'Audit',
          items: ['threat-model', 'spec', 'assurance', 'bad-input', 'crash-matrix', 'token-tests', 'figures'],
        },
        {
          label: 'Build and publish',
          items: ['architecture', 'threshold-fhe', 'release', 'glossary', 'third-party-licences', 'adr'],
        },
      ],
    }),
  ],
})
