-- A provider's reference belongs to one attempt and is booked once of a kind; an attempt's id, the key of its commands,
-- names one attempt.
--
-- Invariant: 23 C
-- Cause: a unique index of payments.attempt or payments.transaction was dropped.
-- Look at: the provider's own book for the reference: which of the rows it knows.

select 'attempt ' || min(id::text) as object,
       jsonb_build_object('provider', provider, 'reference', provider_reference, 'attempts', count(*)) as detail
  from payments.attempt
 where provider_reference is not null
 group by provider, provider_reference
having count(*) > 1
union all
select 'attempt ' || id, jsonb_build_object('attempts', count(*))
  from payments.attempt
 group by id
having count(*) > 1
union all
select 'transaction ' || min(id::text),
       jsonb_build_object('provider', provider, 'reference', provider_reference, 'kind', kind, 'transactions', count(*))
  from payments.transaction
 group by provider, provider_reference, kind
having count(*) > 1
