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

const saved = Type.Object({
  id: Type.String({ description: 'The id of what was saved.' }),
  code: Type.String(),
  fields: Type.Array(Type.String(), { description: 'The names of the fields that were written.' }),
})

export const events = {
  'product.created': { summary: 'A product was added to the catalog.', data },
  'product.edited': { summary: 'A product, its variants or its assortment changed.', data },
  'category.created': { summary: 'A category was added.', data: saved },
  'category.edited': { summary: 'Fields of a category changed.', data: saved },
  'attribute.created': { summary: 'An attribute was added.', data: saved },
  'attribute.edited': { summary: 'Fields of an attribute changed.', data: saved },
} as const
