import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import postcssRTLCSS from 'postcss-rtlcss'
import { Mode } from 'postcss-rtlcss/options'
import { defineConfig } from 'vite'
import { inlineWasm } from '../../scripts/build/inline-wasm.ts'
import { languages } from '../../scripts/build/languages.ts'
import { phoneTexts } from '../../scripts/build/phone-texts.ts'
import { componentClasses, trimStyles } from '../../scripts/build/trim-styles.ts'
import { wellKnownOnly } from '../../scripts/build/well-known.ts'

const here = (path: string): string => join(import.meta.dirname, path)

const used = {
  components: componentClasses(
    [here('src'), here('../../packages/ui/src')],
    here('../../node_modules/@radix-ui/themes/dist/esm'),
  ),
  accents: new Set(['gray', 'indigo', 'red', 'amber', 'green']),
  layout: false,
}

const sections = new Set(['act', 'errors', 'meta', 'roles', 'rules', 'phone', 'phone-errors', 'ui'])

export default defineConfig({
  base: './',
  plugins: [react(), languages((section) => sections.has(section), {}), phoneTexts()],
  css: { postcss: { plugins: [trimStyles(used), postcssRTLCSS({ mode: Mode.combined })] } },
  worker: { format: 'es', plugins: () => [inlineWasm(), wellKnownOnly()] },
  build: {
    target: 'safari17',
    outDir: 'out',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
