-- Up Migration

create schema integrations;

-- One file that is or was taken in. Running the same file again goes on with the same run.
create table integrations.import_run (
  id          uuid primary key,
  kind        text not null,
  file_name   text not null,
  -- SHA-256 of the file as it lay on the disk.
  file_hash   bytea not null check (length(file_hash) = 32),
  -- Preparing: what the orders need is being made. Placing: it is all there, orders come in. Each is left once.
  status      text not null check (status in ('preparing', 'placing', 'completed')),
  -- What all its lines came to, read back from them; amounts as exact decimals.
  books       jsonb,
  started_at  timestamptz not null,
  finished_at timestamptz,
  unique (kind, file_hash),
  check ((status = 'completed') = (finished_at is not null)),
  check ((status = 'completed') = (books is not null))
);

-- What became of every input line: written once, with all lines of its invoice. Without a foreign key on `run_id`,
-- which would look the run up half a million times.
create table integrations.import_line (
  run_id            uuid not null,
  -- As an editor counts: the header is line 1.
  line              int not null check (line > 1),
  raw               text not null,
  -- The invoice's number in the file; null where the line could not be read.
  reference         text,
  -- Thousandths of the file's currency: the finest it knows.
  amount_thousandths bigint not null,
  outcome           text not null check (outcome in ('accepted', 'rejected', 'set_aside')),
  reason            text not null,
  -- More about this line than the reason says.
  detail            text,
  order_id          uuid,
  primary key (run_id, line),
  check ((outcome = 'accepted') = (order_id is not null))
);
create index import_line_by_order on integrations.import_line (order_id) where order_id is not null;
-- Facts for later: a cancellation waits for its sale, a stock adjustment is posted once whichever file brings it.
create index import_line_set_aside on integrations.import_line (reference) where outcome = 'set_aside';

-- Who a file's own customer number stands for: orders of one customer belong to one person, in every file.
create table integrations.known_customer (
  kind      text not null,
  reference text not null,
  person_id uuid not null,
  primary key (kind, reference)
);

-- A file of products, prices, stock or customers that was handed in, and how far it is. What its rows say is sealed with
-- a key of the file's own: a file of customers is personal data, and is gone when its key is.
create table integrations.file_import (
  id           uuid primary key,
  kind         text not null check (kind in ('products', 'prices', 'stock', 'customers')),
  -- Nothing is changed; what would be is told.
  dry_run      boolean not null,
  -- Who handed it in, in the public form: named in the audit log for all that it changes.
  actor        text not null,
  -- Receiving: its rows are coming in. Running: they are all here and taken part by part. Each is left once.
  status       text not null check (status in ('receiving', 'running', 'completed', 'failed')),
  -- The names of its columns, in their order.
  columns      text[] not null,
  row_count    int not null default 0 check (row_count >= 0),
  created      int not null default 0 check (created >= 0),
  changed      int not null default 0 check (changed >= 0),
  unchanged    int not null default 0 check (unchanged >= 0),
  refused      int not null default 0 check (refused >= 0),
  received_at  timestamptz not null,
  finished_at  timestamptz,
  -- Wall time: when a part of it was received or taken last. Of several the one that waited for longest comes next.
  touched_at   timestamptz not null,
  -- How often in a row its next part could not be taken.
  failures     int not null default 0 check (failures >= 0),
  key_version  int not null,
  -- Null: the key is destroyed, and with it what the rows said.
  wrapped_key  bytea,
  check ((status in ('completed', 'failed')) = (finished_at is not null)),
  check (created + changed + unchanged + refused <= row_count or status = 'receiving'),
  -- Every row was created, changed, unchanged or refused: none is lost, whatever died in between.
  check (status <> 'completed' or created + changed + unchanged + refused = row_count),
  check (wrapped_key is not null or status in ('completed', 'failed'))
);
create index file_import_waiting on integrations.file_import (touched_at) where status = 'running';
create index file_import_receiving on integrations.file_import (touched_at) where status = 'receiving';
create index file_import_readable on integrations.file_import (finished_at)
  where wrapped_key is not null and finished_at is not null;

-- Rows that are still to be taken, a few hundred in a part; a part goes in the transaction that records its outcome.
create table integrations.file_part (
  import_id uuid not null references integrations.file_import,
  -- Bundles come after everything that could be in them, wherever they stand in the file.
  stage     int not null check (stage in (0, 1)),
  number    int not null check (number >= 0),
  vault     bytea not null,
  primary key (import_id, stage, number)
);

-- What became of every row, or would.
create table integrations.file_row (
  import_id uuid not null references integrations.file_import,
  -- As an editor counts: the header is line 1.
  line      int not null check (line > 1),
  outcome   text not null check (outcome in ('created', 'changed', 'unchanged', 'refused')),
  -- What it is about, such as a SKU; null where that would be personal.
  subject   text,
  -- Of a refused row: its cells and everything wrong with them.
  vault     bytea,
  primary key (import_id, line),
  check ((outcome = 'refused') = (vault is not null))
);
create index file_row_by_outcome on integrations.file_row (import_id, outcome, line);

-- Variants that a dry run would have made: a bundle further down may contain them.
create table integrations.file_variant (
  import_id uuid not null references integrations.file_import,
  sku       text not null,
  kind      text not null,
  primary key (import_id, sku)
);
