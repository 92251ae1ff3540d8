import { hash } from 'node:crypto'
import { formatId, type Id } from '../../kernel/id.ts'
import { subtreeOf, trailOf } from '../catalog/index.ts'
import type { Answer } from './answer.ts'
import { shownCategory } from './product-details.ts'
import type { World } from './world.ts'

export interface CategoryTreeQuestion {
  readonly channelId: Id<'channel'>
  readonly locale?: string | undefined
}

/** Every category that shoppers are shown, parents before what is below them. */
export function categoryTree({ channelId, locale }: CategoryTreeQuestion, { merchant, catalog }: World): Answer {
  const channel = merchant.channelById.get(channelId)
  if (channel === undefined || !channel.active) return { kind: 'not_found' }
  const spoken = locale ?? channel.locale
  const shown = new Set(
    catalog.categories.filter(({ parentId }) => parentId === null).flatMap(({ id }) => subtreeOf(catalog, id)),
  )
  const items = catalog.categories
    .filter(({ id }) => shown.has(id))
    .map((category) => ({
      ...shownCategory(category, spoken),
      id: formatId('category', category.id),
      parent: category.parentId === null ? null : (catalog.categoryById.get(category.parentId)?.code ?? null),
      level: trailOf(catalog, category.id).length - 1,
      alternates: [...new Set([channel.locale, ...Object.keys(category.texts)])]
        .toSorted()
        .map((hreflang) => ({ hreflang, handle: shownCategory(category, hreflang).handle })),
    }))
  const json = JSON.stringify({ items, nextCursor: null })
  return { kind: 'found', json, tag: `W/"${hash('sha1', json, 'base64url')}"` }
}
