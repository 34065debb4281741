import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import postcssRTLCSS from 'postcss-rtlcss'
import { Mode } from 'postcss-rtlcss/options'
import { defineConfig } from 'vite'
import { languages } from '../../scripts/build/languages.ts'
import { componentClasses, trimStyles } from '../../scripts/build/trim-styles.ts'

const here = (path: string): string => join(import.meta.dirname, path)

const used = {
  components: componentClasses(
    [here('src'), here('../../packages/ui/src')],
    here('../../node_modules/@radix-ui/themes/dist/esm'),
  ),
  accents: new Set(['gray', 'indigo', 'red', 'amber', 'green']),
}

const sections = new Set(['console', 'errors', 'meta', 'server', 'ui'])

export default defineConfig({
  base: './',
  plugins: [react(), languages((section) => sections.has(section))],
  css: { postcss: { plugins: [trimStyles(used), postcssRTLCSS({ mode: Mode.combined })] } },
  build: {
    target: 'es2022',
    outDir: 'out',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
