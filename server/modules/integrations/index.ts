export { importRetailOrders, type ImportDeps, type ImportOptions } from './import-retail-orders.ts'
export type { JoinNetwork } from './ports.ts'
