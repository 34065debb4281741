import { Code, Sentence } from '@lux/ui'
import type { Tree } from '@lux/ui/i18n'
import { Dialog, TextField } from '@radix-ui/themes'
import type { i18n } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoute } from '../stores/route.ts'

const shortcuts = ['palette', 'help', 'close', 'hear', 'differs', 'move'] as const
const mostFound = 12

/** What this screen is for and what comes next, the keys, and every error code in words: nothing is fetched. */
export function Help({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const { name } = useRoute()
  const [sought, setSought] = useState('')
  const found = sought.trim() === '' ? [] : explained(i18n, sought)
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Content maxWidth="40rem" className="help">
        <Dialog.Title size="4">{t('help.title')}</Dialog.Title>
        <Dialog.Description size="2">{t(`help.screen.${name}.what`)}</Dialog.Description>
        <p>{t(`help.screen.${name}.next`)}</p>
        <h3>{t('help.code')}</h3>
        <div className="field">
          <label htmlFor="help-sought">{t('help.sought')}</label>
          <TextField.Root
            id="help-sought"
            dir="auto"
            value={sought}
            autoComplete="off"
            onChange={(event) => setSought(event.target.value)}
          />
        </div>
        <div role="status">
          {found.slice(0, mostFound).map((one) => (
            <Answer key={one.code} {...one} />
          ))}
          {sought.trim() !== '' && found.length === 0 ? <p>{t('help.none')}</p> : null}
          {found.length > mostFound ? (
            <p className="quiet">{t('help.more', { count: found.length - mostFound })}</p>
          ) : null}
        </div>
        <h3>{t('help.keys')}</h3>
        <dl className="facts">
          {shortcuts.map((key) => (
            <div key={key} className="fact-group">
              <dt>
                <Code>{t(`help.key.${key}.keys`)}</Code>
              </dt>
              <dd>{t(`help.key.${key}.does`)}</dd>
            </div>
          ))}
        </dl>
      </Dialog.Content>
    </Dialog.Root>
  )
}

function Answer({ code, what, why, todo }: Explained) {
  const { t } = useTranslation()
  return (
    <section className="help-answer">
      <strong>{what}</strong> <Code>{code}</Code>
      <dl className="facts">
        <dt>{t('errors.label-why')}</dt>
        <dd>
          <Sentence>{why}</Sentence>
        </dd>
        <dt>{t('errors.label-do')}</dt>
        <dd>
          <Sentence>{todo}</Sentence>
        </dd>
      </dl>
    </section>
  )
}

type Explained = { code: string; what: string; why: string; todo: string }

const sections = ['errors', 'rules'] as const

/** Every code whose name or sentences hold all the words of `sought`, the codes that begin with it first. */
function explained({ t, language, getResourceBundle }: i18n, sought: string): Explained[] {
  // A bundle is the tree of texts that a language was loaded with; what one lacks is said in English.
  const bundles = [language, 'en'].map((one) => getResourceBundle(one, 'translation') as Tree | undefined)
  const words = sought.toLocaleLowerCase(language).split(/\s+/).filter(Boolean)
  const all = sections.flatMap((section) => {
    const codes = bundles.flatMap((texts) => Object.keys(Object(texts?.[section])))
    return [...new Set(codes)]
      .filter((code) => /^[A-Z][A-Z0-9-]+$/.test(code))
      .map((code) => ({
        code,
        what: t(`${section}.${code}.what`),
        why: t(`${section}.${code}.why`),
        todo: t(`${section}.${code}.do`),
      }))
  })
  const begins = ({ code }: Explained): boolean => code.startsWith(sought.trim().toUpperCase())
  return all
    .filter((one) => {
      const text = Object.values(one).join(' ').toLocaleLowerCase(language)
      return words.every((word) => text.includes(word))
    })
    .toSorted((a, b) => Number(begins(b)) - Number(begins(a)) || (a.code < b.code ? -1 : 1))
}
