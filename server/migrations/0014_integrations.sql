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
