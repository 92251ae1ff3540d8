-- Our book and a provider's have the same entries, by reference, kind, amount and currency. What a provider
-- has booked of an attempt that we are still asking about is no difference yet. A row of kind `book` names a provider
-- whose whole book was given. To be run when traffic has stopped: an entry made between reading one book and the other would
-- look like a difference.
--
-- Invariant: 25 K
-- Given: provider_book (provider text, reference text, kind text, amount_minor bigint, currency text, key text)
-- Cause: an answer was booked twice, wrongly or not at all; or somebody moved money at the provider by hand.
-- Look at: the attempt that the key begins with, its events, and the provider's page of the payment.

select 'transaction ' || coalesce(ours.id::text, 'of ' || theirs.reference) as object,
       jsonb_build_object('reference', coalesce(ours.provider_reference, theirs.reference),
                          'kind', coalesce(ours.kind, theirs.kind),
                          'ours', ours.amount_minor || ' ' || ours.currency,
                          'theirs', theirs.amount_minor || ' ' || theirs.currency, 'key', theirs.key) as detail
  from (select * from payments.transaction
         where provider in (select provider from provider_book where kind = 'book') and kind <> 'external') as ours
  full join (select * from provider_book where kind <> 'book') as theirs
    on theirs.provider = ours.provider and theirs.reference = ours.provider_reference and theirs.kind = ours.kind
   and theirs.amount_minor = ours.amount_minor and theirs.currency = ours.currency
 where (ours.id is null or theirs.reference is null)
   and not exists (select from payments.attempt
                    where attempt.id::text = left(theirs.key, 36)
                      and attempt.status in ('pending', 'action_required', 'unknown', 'void_due'))
