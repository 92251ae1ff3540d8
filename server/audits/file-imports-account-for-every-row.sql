-- What a file import says became of its rows is what is recorded of them, row by row, until that is forgotten.
--
-- Invariant: 41 T
-- Cause: a part was counted without being recorded, or the other way round; both are of one transaction.
-- Look at: the import's parts that are left, and the lines that are missing among its rows.

select 'import ' || file.id as object,
       jsonb_build_object('kind', file.kind, 'counted', counted.outcomes, 'recorded', recorded.outcomes) as detail
  from integrations.file_import as file
 cross join lateral (select array[file.created, file.changed, file.unchanged, file.refused]::bigint[] as outcomes) as counted
 cross join lateral (
   select array[count(*) filter (where outcome = 'created'), count(*) filter (where outcome = 'changed'),
                count(*) filter (where outcome = 'unchanged'), count(*) filter (where outcome = 'refused')] as outcomes
     from integrations.file_row where file_row.import_id = file.id) as recorded
 where file.wrapped_key is not null
   and recorded.outcomes <> counted.outcomes
