/** Made by scripts/build/languages.ts, of the folders of resources/locales. */
declare module 'virtual:languages' {
  export const loaders: import('@lux/ui/i18n').TextLoaders<string>
}
