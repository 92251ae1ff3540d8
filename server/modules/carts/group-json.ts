import { Type, type Static } from 'typebox'
import { AddressJson, line, strict } from '../../platform/http/index.ts'
import { GROUP_NUMBER_MAX } from './price-sale.ts'

/** What carts and orders in one call are told of delivery groups. */

export const GroupNumberJson = Type.Integer({
  minimum: 1,
  maximum: GROUP_NUMBER_MAX,
  description: 'Delivery group; the first when nothing is said.',
})
export const DeliveryOptionChoice = Type.Union([line(100), Type.Null()], {
  description: 'null: the cheapest way to ship.',
})
export const GroupsBody = Type.Array(
  strict({
    number: Type.Integer({ minimum: 2, maximum: GROUP_NUMBER_MAX }),
    deliveryOption: Type.Optional(DeliveryOptionChoice),
    shippingAddress: Type.Optional(
      Type.Union([AddressJson, Type.Null()], { description: 'null: where the first group goes.' }),
    ),
  }),
  {
    maxItems: GROUP_NUMBER_MAX - 1,
    description:
      'Delivery groups after the first, for what reaches the buyer another way or elsewhere. The first one has the ' +
      '`shippingAddress` and `deliveryOption` beside this. In an edit, groups not named stay as they are.',
  },
)

/** The number that two entries have; null when each has its own. */
export function repeatedGroup(groups: Static<typeof GroupsBody> = []): number | null {
  const numbers = groups.map((group) => group.number)
  return numbers.find((number, index) => numbers.indexOf(number) < index) ?? null
}
