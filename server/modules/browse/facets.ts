import type { Facets } from '../catalog/index.ts'
import { labelOf, namedAttribute, shownCategory } from './product-details.ts'

/** What a list could be narrowed by, named in the shopper's language. */
export function facetsJson({ categories, brands, attributes, matched, isCapped }: Facets, locale: string): object {
  return {
    matched,
    isCapped,
    categories: categories.map(({ category, count }) => ({ ...shownCategory(category, locale), count })),
    brands: brands.map(({ brand, count }) => ({ value: brand, count })),
    attributes: attributes.map(({ attribute, values, span }) => ({
      ...namedAttribute(attribute, locale),
      values: values.map(({ value, count }) => ({ value, label: labelOf(attribute, value, locale) ?? value, count })),
      ...(span === null ? {} : { from: span.low, to: span.high }),
    })),
  }
}
