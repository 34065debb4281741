/** Made by scripts/build/languages.ts. */
declare module 'virtual:languages' {
  export const loaders: import('@lux/ui/i18n').TextLoaders<import('../../contract/index.ts').Language>
}
