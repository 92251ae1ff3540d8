/**
 * What the commands ask of server/main.ts, which is loaded only by the command that needs it. Every function returns
 * when its work is done or, for the servers, when they have been asked to end and have ended.
 */
export interface MainDoor {
  /** Installs nothing; brings the database, migrates, seeds an empty one, serves and works in one process. */
  start(options: ListenOptions): Promise<ExitCode>
  serve(options: ListenOptions): Promise<ExitCode>
  work(): Promise<ExitCode>
  migrate(): Promise<ExitCode>
  seed(): Promise<ExitCode>
  importOrders(options: ImportOrdersOptions): Promise<ExitCode>
  importFile(options: ImportFileOptions): Promise<ExitCode>
  exportFile(options: ExportFileOptions): Promise<ExitCode>
  keys(options: KeysOptions): Promise<ExitCode>
  audit(options: AuditOptions): Promise<ExitCode>
}

export interface AuditOptions {
  readonly json: boolean
  /** Whether our money book is held against the providers' own. */
  readonly providerBooks: boolean
}

/** Nothing stands for 0. */
export type ExitCode = number | void

/** What is left out is taken from the configuration. */
export interface ListenOptions {
  readonly host?: string
  readonly port?: number
}

export interface ImportOrdersOptions {
  readonly file: string
  /** Where rejected lines go; beside the file when left out. */
  readonly rejectsFile?: string
}

export const fileKinds = ['products', 'prices', 'stock', 'customers'] as const
export type FileKind = (typeof fileKinds)[number]

export interface ImportFileOptions {
  readonly kind: FileKind
  readonly file: string
  /** Tell what would become of each row, and change nothing. */
  readonly dryRun: boolean
  /** Where refused rows go; beside the file when left out. */
  readonly rejectsFile?: string
}

export interface ExportFileOptions {
  readonly kind: FileKind
  /** Standard output when left out. */
  readonly file?: string
}

export type KeysOptions =
  | { readonly action: 'list' }
  | { readonly action: 'create'; readonly name: string; readonly reach: KeyReach }
  /** `key` is the public id, `key_01h…`. */
  | { readonly action: 'revoke'; readonly key: string }

/** A head's key sells through one channel, a partner's serves locations, a secret one does what its scopes say. */
export type KeyReach =
  | { readonly kind: 'publishable'; readonly channel: string }
  | { readonly kind: 'secret'; readonly scopes: readonly string[] }
  | { readonly kind: 'partner'; readonly locations: readonly string[] }
