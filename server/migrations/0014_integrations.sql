-- Up Migration

create schema integrations;

create table integrations.import_run (
  id          uuid primary key,
  kind        text not null,
  file_name   text not null,
  -- SHA-256 of the file: running the same file again goes on with the same run.
  file_hash   bytea not null,
  status      text not null check (status in ('running', 'completed')),
  books       jsonb,
  started_at  timestamptz not null,
  finished_at timestamptz,
  unique (kind, file_hash)
);

-- What became of every input line.
create table integrations.import_line (
  run_id   uuid not null references integrations.import_run,
  line     int not null,
  raw      text not null,
  outcome  text not null check (outcome in ('accepted', 'rejected', 'set_aside')),
  reason   text,
  order_id uuid,
  primary key (run_id, line)
);
create index import_line_by_order on integrations.import_line (order_id) where order_id is not null;
