import { Type } from 'typebox'

const data = Type.Object({
  id: Type.String({ description: 'The id of the product.' }),
  handle: Type.String(),
  title: Type.String(),
  status: Type.String({ description: '`draft`, `active` or `archived`.' }),
  variants: Type.Array(
    Type.Object({ id: Type.String(), sku: Type.String(), kind: Type.String(), status: Type.String() }),
    { description: 'All variants of the product, as they are now.' },
  ),
})

export const events = {
  'product.created': { summary: 'A product was added to the catalog.', data },
  'product.edited': { summary: 'A product, its variants or its assortment changed.', data },
} as const
