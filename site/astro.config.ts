import starlight from '@astrojs/starlight'
import { defineConfig } from 'astro/config'

export default defineConfig({
  // Pictures of docs/, read where they stand.
  publicDir: '../docs/images',
  integrations: [
    starlight({
      title: 'Lux Custody',
      // Nothing is fetched from elsewhere: the site works from a medium. Search needs a server on the machine, which the first page says.
      credits: false,
      head: [
        {
          tag: 'script',
          // Beginning with the page, so that nothing is shown that is taken away again.
          content: "if (location.protocol === 'file:') document.documentElement.dataset.fromDisk = ''",
        },
      ],
      customCss: ['./src/from-disk.css'],
      sidebar: [
        {
          label: 'Run ceremonies',
          items: [
            'install',
            'guide/first-ceremony',
            'guide/production',
            'guide/production-commands',
            'guide/run-commands',
            'guide/backup',
            'guide/use-backup',
            'guide/change',
            'guide/open-a-result',
            'guide/new-epoch',
            'guide/serve-phone',
          ],
        },
        {
          label: 'Hold a share, sign, witness',
          items: ['guide/officer', 'guide/holder', 'guide/phone', 'guide/threshold-fhe'],
        },
        {
          label: 'Choose a token',
          items: [
            'guide/tokens',
            'guide/token-kinds',
            'guide/probe',
            'guide/several-tokens',
            'guide/evidence',
            'guide/token-driver',
          ],
        },
        {
          label: 'Run the server',
          items: [
            'install-server',
            'guide/first-encrypt',
            'guide/server',
            'guide/access',
            'guide/operate',
            'guide/settings',
            'guide/restore',
            'guide/audit-log',
            'guide/sign-on',
            'guide/alerts',
            'guide/kmip',
            'guide/kmip-profiles',
            'guide/doors',
            'guide/providers',
            'guide/kubernetes',
            'api',
          ],
        },
        { label: 'When something is wrong', items: ['guide/troubleshooting'] },
        {
          label: 'Audit',
          items: [
            'guide/audit',
            'threat-model',
            'spec',
            'assurance',
            'bad-input',
            'crash-matrix',
            'token-tests',
            'figures',
          ],
        },
        {
          label: 'Build and publish',
          items: [
            'maturity',
            'architecture',
            'threshold-fhe',
            'release',
            'glossary',
            'third-party-licences',
            'adr',
          ],
        },
      ],
    }),
  ],
})
