import type { FileColumn } from './file-kind.ts'
import { fileKinds } from './file-kinds.ts'

const TITLES = { products: 'Products', prices: 'Prices', stock: 'Stock', customers: 'Customers' } as const

/** docs/csv.md: every column of every kind of file, made from what the import itself goes by. */
export function describeFiles(): string {
  const kinds = fileKinds.map(({ name, columns }) => `## ${TITLES[name]}\n\n${notes[name]}\n\n${tableOf(columns)}\n`)
  return `${introduction}\n${kinds.join('\n')}`
}

function tableOf(columns: readonly FileColumn[]): string {
  const rows = columns.map(({ name, about, required }) => {
    const shown = name.endsWith(':') ? `${name}…` : name
    return `| \`${shown}\` | ${required === true ? 'yes' : ''} | ${about.replaceAll('|', '\\|')} |`
  })
  return ['| column | required | what it says |', '|---|---|---|', ...rows].join('\n')
}

const notes = {
  products: `A row a variant. Rows of one product stand together; what the product says stands on the first of them, and
below it is left empty or said again. Bundles are taken after everything else of the file, wherever they stand. Media,
references to content and the rules of the assortment are not in the file and stay as they are. A product with a problem
in one row is refused with all of them.`,
  prices: `A row for each quantity from which a price holds; those of one list and SKU stand together. The list itself, with
the time it holds, is made under \`/v1/admin/price-lists\`.`,
  stock: `A row a SKU, location and disposition: the units there, over all channels. A count is the truth about its own
moment: what was sold or received after \`counted_at\` is kept, and one that is older than the last count of the place is
refused. An export names the moment it was read as of, so it can be corrected for hours and handed in. A SKU or location
that is not in the file stays as it is.`,
  customers: `A row an account, by its e-mail. New accounts have no password, and their owners still prove the e-mail. The
address becomes the default one; others stay in the book. Rows wait encrypted, under a key that is destroyed seven days
after the import; events, logs and the audit hold ids only.`,
} as const

const introduction = `# Files

Products, prices, stock and customers go in and out as CSV. What comes out can be handed in again and changes nothing.

    curl -H "Authorization: Bearer $KEY" $URL/v1/admin/exports/prices > prices.csv
    curl -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: text/csv' \\
         --data-binary @prices.csv "$URL/v1/admin/imports/prices?dryRun=true"
    curl -H "Authorization: Bearer $KEY" $URL/v1/admin/imports/fim_01h…            how far it is
    curl -H "Authorization: Bearer $KEY" $URL/v1/admin/imports/fim_01h…/rows       every row, with its problems
    curl -H "Authorization: Bearer $KEY" $URL/v1/admin/imports/fim_01h…/refused    a file of the refused rows

or on the machine itself:

    waybill export prices > prices.csv
    waybill import prices prices.csv --dry-run

**The file.** UTF-8, with or without a byte order mark; comma, semicolon or tab; LF, CRLF or CR; quotes as RFC 4180 has
them. Also in gzip (\`Content-Encoding: gzip\`, or a name that ends in \`.gz\`). At most 500,000 rows and 128 MB. The first
line names the columns, in any order. A column that is not there leaves what it is about as it is; an empty cell says
"none", where that can be, and else leaves it.

**Rows.** Each is created, changed, unchanged or refused, and told with its line; a refused one with its columns, what
stands in them and everything that is wrong. The others go in. The file of refused rows has two columns more, which are
not read: correct it, and hand it in.

**Dry run.** The same answers from the same code, and nothing is changed.

**What was taken stays.** Rows are taken some hundreds at a time, each part in one transaction with the record of what
became of it. If the server dies, it goes on where it was. Two files at once take turns; whoever edits meanwhile loses
nothing that their edit and the file do not both name.

**Cells.** Several things in one cell have a bar between them: \`tents|outdoor\`; a bar within one is \`\\|\`. A text that a
spreadsheet would run as a formula, since it begins with \`=\`, \`+\`, \`-\` or \`@\`, comes out with an apostrophe before it,
and goes in without.

**Scopes.** A file of products needs \`catalog:write\`, of prices \`pricing:write\`, of stock \`inventory:write\`, of customers
\`customers:write\`; an export the \`:read\`. To follow an import needs \`integrations:read\`.
`
