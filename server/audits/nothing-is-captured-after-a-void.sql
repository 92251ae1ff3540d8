-- Once what was left of an authorisation has been given back, nothing is captured on it.
--
-- Invariant: 24 K
-- Cause: a capture and a void of one attempt crossed; the attempt was not locked while one of them was decided.
-- Look at: payments.transaction of the attempt beside the provider's book; money that was taken is to be refunded.

select 'transaction ' || capture.id as object,
       jsonb_build_object('attempt', 'attempt ' || capture.attempt_id, 'amount', capture.amount_minor,
                          'currency', capture.currency) as detail
  from payments.transaction as capture
 where capture.kind = 'capture'
   and exists (select from payments.transaction as void
                where void.attempt_id = capture.attempt_id and void.kind = 'void'
                  and void.occurred_at < capture.occurred_at)
