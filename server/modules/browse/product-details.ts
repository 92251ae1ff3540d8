import {
  lookUpLocale,
  trailOf,
  type Attribute,
  type AttributeValue,
  type CatalogBook,
  type Product,
} from '../catalog/index.ts'
import { handleIn, shownMedia } from './product-card.ts'

/** What only the page of a single product tells: texts, pictures, what it is made of, and where else it stands. */
export function productDetails(
  product: Product,
  {
    book,
    locale,
    channelLocale,
  }: { readonly book: CatalogBook; readonly locale: string; readonly channelLocale: string },
): object {
  const { description, texts, media, content, attributes, categoryIds } = product
  return {
    description: lookUpLocale(texts, locale, (text) => text.description) ?? description,
    media: media.map((each) => shownMedia(each, locale)),
    content,
    attributes: shownAttributes(book, attributes, locale),
    breadcrumbs: categoryIds
      .map((id) => trailOf(book, id))
      .filter((trail) => trail.every(({ active }) => active))
      .map((trail) => trail.map((category) => shownCategory(category, locale))),
    alternates: alternatesOf(product, channelLocale),
  }
}

export function shownCategory(
  { code, name, texts }: Pick<CatalogBook['categories'][number], 'code' | 'name' | 'texts'>,
  locale: string,
): { readonly code: string; readonly handle: string; readonly name: string } {
  return {
    code,
    handle: lookUpLocale(texts, locale, (text) => text.handle) ?? code,
    name: lookUpLocale(texts, locale, (text) => text.name) ?? name,
  }
}

function shownAttributes({ attributes }: CatalogBook, values: Product['attributes'], locale: string): object[] {
  return attributes.flatMap((attribute) => {
    const value = values[attribute.code]
    return value === undefined
      ? []
      : [{ ...namedAttribute(attribute, locale), value, label: labelOf(attribute, value, locale) }]
  })
}

export function namedAttribute(
  { code, name, names, type, unit }: Attribute,
  locale: string,
): { readonly code: string; readonly name: string; readonly type: Attribute['type']; readonly unit: string | null } {
  return { code, name: lookUpLocale(names, locale, (text) => text) ?? name, type, unit }
}

/** As a page writes it: a choice by its name, a number with its unit; of what is or is not so, nothing. */
export function labelOf({ type, unit, choices }: Attribute, value: AttributeValue, locale: string): string | null {
  switch (type) {
    case 'text':
      return String(value)
    case 'boolean':
      return null
    case 'number':
      return `${new Intl.NumberFormat(locale).format(Number(value))}${unit === null ? '' : ` ${unit}`}`
    case 'choice': {
      const choice = choices.find(({ code }) => code === value)
      return choice === undefined ? null : (lookUpLocale(choice.names, locale, (text) => text) ?? choice.name)
    }
  }
}

/** The same page in other languages, for `<link rel="alternate" hreflang>`; `x-default` for everybody else. */
function alternatesOf(
  product: Product,
  channelLocale: string,
): readonly { readonly hreflang: string; readonly handle: string }[] {
  const locales = [...new Set([channelLocale, ...Object.keys(product.texts)])].toSorted()
  return [
    ...locales.map((locale) => ({ hreflang: locale, handle: handleIn(product, locale) })),
    { hreflang: 'x-default', handle: product.handle },
  ]
}
