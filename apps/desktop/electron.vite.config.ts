import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import postcssRTLCSS from 'postcss-rtlcss'
import { Mode } from 'postcss-rtlcss/options'

export default defineConfig({
  main: {
    build: {
      target: 'node20.18',
      outDir: 'out/main',
      rollupOptions: { input: { index: 'src/main/index.ts' } },
    },
  },
  preload: {
    build: {
      target: 'node20.18',
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [react()],
    html: { cspNonce: '__CSP_NONCE__' },
    css: { postcss: { plugins: [postcssRTLCSS({ mode: Mode.combined })] } },
    build: {
      target: 'chrome130',
      // electron-vite leaves it off; a page of half the size is interactive sooner.
      minify: true,
      cssMinify: true,
      outDir: 'out/renderer',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { index: 'src/renderer/index.html' } },
    },
  },
})
