import { Type } from 'typebox'
import { idJson, machineCode } from '../../platform/http/index.ts'
import { dispositions } from './inventory.sql.ts'

/** The gates of all entries are held together: about 100 ms in which nobody else sells these SKUs. */
export const ENTRIES_MAX = 1_000
/** More on one shelf is a slip of the hand. */
const UNITS_PER_ENTRY_MAX = 100_000_000

export const Units = Type.Integer({ minimum: 0, maximum: UNITS_PER_ENTRY_MAX, description: 'Whole units.' })
export const Delta = Type.Integer({
  minimum: -UNITS_PER_ENTRY_MAX,
  maximum: UNITS_PER_ENTRY_MAX,
  not: { const: 0 },
  description: 'Units that came (+) or went (−), not 0.',
})
export const LocationRef = machineCode(40, { description: 'Code or id of a location.', examples: ['nyc-store'] })
export const ChannelRef = machineCode(40, { description: 'Code or id of the only channel that may sell these units.' })
export const SenderKey = machineCode(100, {
  description: "The sender's own key: the same again has no further effect and gets the same answer.",
})
export const Disposition = Type.Enum(dispositions)
export const NullableChannelId = Type.Union([idJson('channel'), Type.Null()])

export const wrongCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }
