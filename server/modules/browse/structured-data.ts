import { minorDigits, type CurrencyCode } from '../../kernel/money.ts'
import { lookUpLocale } from '../catalog/index.ts'
import type { Availability, AvailabilityStatus } from './decide-availability.ts'
import { titleIn, variantTitleIn, type ProductCard, type VariantCard } from './product-card.ts'

const schemaAvailability: Readonly<Record<AvailabilityStatus, string>> = {
  in_stock: 'https://schema.org/InStock',
  low_stock: 'https://schema.org/LimitedAvailability',
  preorder: 'https://schema.org/PreOrder',
  backorder: 'https://schema.org/BackOrder',
  out_of_stock: 'https://schema.org/OutOfStock',
}

const GTIN_DIGITS = [8, 12, 13, 14]

/**
 * A product as search engines read it: schema.org's Product with its offer, or ProductGroup with a Product for every
 * variant. The head adds addresses of its own pages.
 * @param availabilities  of the card's variants, in their order
 */
export function structuredData(
  { product, variants }: ProductCard,
  availabilities: readonly Availability[],
  { locale, currency }: { readonly locale: string; readonly currency: CurrencyCode },
): object {
  const title = titleIn(product, locale)
  const images = product.media.flatMap(({ url, role }) =>
    url !== undefined && (role === 'main' || role === 'gallery') ? [url] : [],
  )
  const whole = {
    '@context': 'https://schema.org',
    name: title,
    description: lookUpLocale(product.texts, locale, (text) => text.description) ?? product.description,
    ...(images.length === 0 ? {} : { image: images }),
    ...(product.brand === null ? {} : { brand: { '@type': 'Brand', name: product.brand } }),
  }
  const sold = variants.map((card, index) => ({
    ...identityOf(card),
    offers: offerOf(card, availabilities[index]?.status ?? 'out_of_stock', currency),
  }))
  const [only] = sold
  if (sold.length === 1 && only !== undefined) return { ...whole, '@type': 'Product', ...only }
  const names = new Set(variants.flatMap(({ variant }) => Object.keys(variant.options)))
  return {
    ...whole,
    '@type': 'ProductGroup',
    productGroupID: product.handle,
    ...(names.size === 0 ? {} : { variesBy: [...names] }),
    hasVariant: variants.map(({ variant }, index) => {
      const own = variantTitleIn(variant, locale)
      return { '@type': 'Product', name: own === '' ? title : `${title} – ${own}`, ...sold[index] }
    }),
  }
}

/** The barcode is a GTIN where it has as many digits as one. */
function identityOf({ variant: { sku, barcode, weightGrams } }: VariantCard): object {
  const isGtin = barcode !== null && /^\d+$/.test(barcode) && GTIN_DIGITS.includes(barcode.length)
  return {
    sku,
    ...(isGtin ? { gtin: barcode } : {}),
    ...(weightGrams === null ? {} : { weight: { '@type': 'QuantitativeValue', value: weightGrams, unitCode: 'GRM' } }),
  }
}

function offerOf({ unitPriceMinor }: VariantCard, status: AvailabilityStatus, currency: CurrencyCode): object {
  return {
    '@type': 'Offer',
    price: decimal(unitPriceMinor, minorDigits(currency)),
    priceCurrency: currency,
    availability: schemaAvailability[status],
    itemCondition: 'https://schema.org/NewCondition',
  }
}

/** `19.99` of 1999 with two digits. */
function decimal(minor: bigint, digits: number): string {
  const text = minor.toString().padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}
