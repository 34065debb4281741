import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import postcssRTLCSS from 'postcss-rtlcss'
import { Mode } from 'postcss-rtlcss/options'
import { inlineWasm } from '../../scripts/build/inline-wasm.ts'
import { languageHint } from '../../scripts/build/language-hint.ts'
import { languages } from '../../scripts/build/languages.ts'
import { componentClasses, trimStyles } from '../../scripts/build/trim-styles.ts'

const used = {
  components: componentClasses(
    ['src/renderer', '../../packages/ui/src'],
    '../../node_modules/@radix-ui/themes/dist/esm',
  ),
  accents: new Set(['gray', 'indigo', 'red', 'amber', 'green']),
}

/** Sections of resources/locales that are other programs'. */
const elsewhere = new Set(['console', 'phone', 'phone-errors', 'server'])

export default defineConfig({
  main: {
    build: {
      target: 'node20.18',
      outDir: 'out/main',
      // Our own packages are TypeScript, which Electron's main process does not read.
      externalizeDeps: { exclude: ['@lux/crypto'] },
      rollupOptions: { input: { index: 'src/main/index.ts', look: 'src/shipped/look.ts' } },
    },
  },
  preload: {
    build: {
      target: 'node20.18',
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: {
        input: { index: 'src/preload/index.ts', wall: 'src/preload/wall.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [react(), languages((section) => !elsewhere.has(section)), languageHint()],
    html: { cspNonce: '__CSP_NONCE__' },
    // The one script that may make WebAssembly: main serves it with a policy of its own (served-file.ts).
    worker: {
      format: 'es',
      plugins: () => [inlineWasm()],
      rollupOptions: { output: { entryFileNames: 'assets/qr-worker-[hash].js' } },
    },
    css: { postcss: { plugins: [trimStyles(used), postcssRTLCSS({ mode: Mode.combined })] } },
    build: {
      target: 'chrome130',
      // electron-vite leaves it off; a page of half the size is interactive sooner.
      minify: true,
      cssMinify: true,
      outDir: 'out/renderer',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: {
          index: 'src/renderer/index.html',
          paper: 'src/renderer/paper.html',
          wall: 'src/renderer/wall.html',
        },
        // A language keeps its name, so that the page can ask for the one it will need before any script has run.
        output: {
          // With all that Home needs in one file, a start reads one script instead of a dozen.
          codeSplitting: {
            groups: [{ name: 'start', test: /src\/renderer\/(main|app|home\/home)\.tsx$/ }],
          },
          chunkFileNames: ({ name }) =>
            name.startsWith('language-') ? 'assets/[name].js' : 'assets/[name]-[hash].js',
        },
      },
    },
  },
})
