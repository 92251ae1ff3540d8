/** How a product's stock is spread over the demo's locations; the quantities stand in stock-table.ts. */
export type Spread =
  | 'everywhere'
  | 'warehouses'
  | 'west'
  | 'east'
  | 'stores'
  | 'low'
  | 'sold_out'
  | 'vendor'
  | 'on_its_way'
  | 'backorder'

/** One product a line of a shop's list: what a merchandiser would keep in a spreadsheet. */
export interface DemoProduct {
  readonly handle: string
  readonly title: string
  readonly titleDe: string
  readonly brand: string
  readonly category: string
  readonly description: string
  readonly kind: 'physical' | 'digital' | 'gift_card' | 'service'
  readonly taxClass: 'standard' | 'clothing' | 'food' | 'exempt'
  readonly spread: Spread
  readonly variants: readonly DemoVariant[]
}

export interface DemoVariant {
  readonly sku: string
  /** `Moss / M`; empty when there is only one. */
  readonly title: string
  readonly options: Readonly<Record<string, string>>
  /** Cents before sales tax. */
  readonly usd: number
  /** Cents with VAT. */
  readonly eur: number
  readonly grams: number
  readonly mm: readonly [length: number, width: number, height: number]
}

export interface DemoBundle {
  readonly sku: string
  readonly handle: string
  readonly title: string
  readonly titleDe: string
  readonly category: string
  readonly description: string
  readonly usd: number
  readonly eur: number
  /** Whether a buyer may cancel or send back a single part. */
  readonly separable: boolean
  readonly components: readonly { readonly sku: string; readonly quantity: number }[]
}

/** What the lines of the product tables say; the rest follows from it. */
interface Line {
  readonly sku: string
  readonly handle: string
  readonly title: string
  readonly de: string
  readonly brand: string
  readonly in: string
  readonly about: string
  readonly usd: number
  readonly eur: number
  readonly grams: number
  readonly mm: readonly [length: number, width: number, height: number]
  readonly comesIn?: readonly Choice[]
  readonly kind?: DemoProduct['kind']
  readonly tax?: DemoProduct['taxClass']
  readonly spread?: Spread
}

/** One of a product's variants: what its SKU ends in, its options, and how it differs from the line. */
export interface Choice {
  readonly suffix: string
  readonly options: Readonly<Record<string, string>>
  readonly usdMore?: number
  readonly eurMore?: number
  /** Hundredths of the line's weight and size; 100 when it is the same. */
  readonly percent?: number
}

export function product(line: Line): DemoProduct {
  const choices = line.comesIn ?? [{ suffix: '', options: {} }]
  return {
    handle: line.handle,
    title: line.title,
    titleDe: line.de,
    brand: line.brand,
    category: line.in,
    description: line.about,
    kind: line.kind ?? 'physical',
    taxClass: line.tax ?? 'standard',
    spread: line.spread ?? 'everywhere',
    variants: choices.map((choice) => variant(line, choice)),
  }
}

function variant(line: Line, { suffix, options, usdMore = 0, eurMore = 0, percent = 100 }: Choice): DemoVariant {
  const [length, width, height] = line.mm
  return {
    sku: suffix === '' ? line.sku : `${line.sku}-${suffix}`,
    title: Object.values(options).join(' / '),
    options,
    usd: line.usd + usdMore,
    eur: line.eur + eurMore,
    grams: scale(line.grams, percent),
    // A heavier variant grows in length; boxes are cut to length from the same stock.
    mm: [scale(length, percent), width, height],
  }
}

function scale(value: number, percent: number): number {
  return Math.round((value * percent) / 100)
}

/** `colours('Moss', 'Deep Sea')` → suffixes MOS and DEE. */
export function colours(...names: readonly string[]): Choice[] {
  return names.map((colour) => ({ suffix: suffixOf(colour), options: { colour } }))
}

/** Sizes as printed on the label; `8.5` becomes 85 in the SKU. */
export function sizes(...labels: readonly string[]): Choice[] {
  return labels.map((size) => ({ suffix: size.replace(/[^A-Za-z0-9]/g, ''), options: { size } }))
}

/** Every colour in every size. */
export function coloursAndSizes(names: readonly string[], labels: readonly string[]): Choice[] {
  return colours(...names).flatMap((colour) =>
    sizes(...labels).map((size) => ({
      suffix: `${colour.suffix}-${size.suffix}`,
      options: { ...colour.options, ...size.options },
    })),
  )
}

/** Sizes that cost and weigh more the larger they are. */
export function growing(
  name: string,
  ...steps: readonly (readonly [label: string, usdMore: number, eurMore: number, percent: number])[]
): Choice[] {
  return steps.map(([label, usdMore, eurMore, percent]) => ({
    suffix: label.replace(/[^A-Za-z0-9]/g, '').toUpperCase(),
    options: { [name]: label },
    usdMore,
    eurMore,
    percent,
  }))
}

function suffixOf(word: string): string {
  return word
    .replace(/[^A-Za-z]/g, '')
    .slice(0, 3)
    .toUpperCase()
}
