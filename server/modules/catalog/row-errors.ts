export const VARIANTS_PER_PRODUCT_MAX = 250

/** Why a row cannot be saved. `path` is a JSON pointer into the row. */
export interface RowError {
  readonly path: string
  readonly code: RowErrorCode
  readonly message: string
}

export const rowErrors = {
  handle_repeated: 'An earlier row has the same handle.',
  handle_taken: 'The handle is, or once was, that of another product.',
  title_required: 'A new product needs a title.',
  variants_required: 'A new product needs at least one variant.',
  too_many_variants: `A product has at most ${VARIANTS_PER_PRODUCT_MAX} variants.`,
  sku_repeated: 'An earlier variant has the same SKU.',
  sku_taken: 'The SKU is a variant of another product.',
  kind_fixed: 'The kind of a variant stays as it was made.',
  measure_not_allowed: 'Only physical variants have a weight and a size.',
  separable_not_allowed: 'Only a bundle has components to keep together.',
  components_required: 'A bundle needs at least one component.',
  components_not_allowed: 'Only bundles have components.',
  component_repeated: 'The bundle has this component twice; give its quantity instead.',
  component_unknown: 'There is no variant with this SKU.',
  bundle_contains_itself: 'A bundle cannot contain itself, not even through other bundles.',
  component_is_gift_card: 'A bundle cannot contain a gift card: what a card is worth is its own price.',
  component_is_bundle: 'A bundle cannot contain a bundle; name what is in it instead.',
  channel_unknown: 'There is no channel with this code.',
  category_unknown: 'There is no category with this code.',
  attribute_unknown: 'There is no attribute with this code.',
  attribute_of_variants: 'Variants have this attribute, each its own; products do not.',
  attribute_of_products: 'Products have this attribute, one for all variants; variants do not.',
  value_not_text: 'The attribute takes text.',
  value_not_number: 'The attribute takes a number.',
  value_not_boolean: 'The attribute takes true or false.',
  value_not_a_choice: 'The value is not one of those that the attribute lets choose.',
  media_without_place: 'Say where it lies: either `url` or `ref`.',
  media_address: 'The address is not one of the web: https or http, with a host and without a password.',
  media_sku_unknown: 'The product has no variant with this SKU.',
  rule_names_nothing: 'The rule names no channel, country, region, segment, location or time: it would hold for all.',
  rule_ends_before_it_begins: '`until` is not after `from`.',
  country_unknown: 'This is not an ISO 3166-1 alpha-2 code.',
  region_elsewhere: 'The region is not in one of the countries that the rule names.',
  segment_unknown: 'There is no segment with this id.',
  location_unknown: 'There is no location with this id.',
} as const

export type RowErrorCode = keyof typeof rowErrors

export function errorAt(path: string, code: RowErrorCode): RowError {
  return { path, code, message: rowErrors[code] }
}
