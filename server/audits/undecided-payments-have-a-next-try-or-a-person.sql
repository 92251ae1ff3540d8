-- A payment whose outcome is not known, or that is still to be given back, has a time at which it is tried again, or is
-- before a person.
--
-- Invariant: 26 K
-- Cause: an answer was recorded without saying when to ask again, or an exception was closed before its cause was gone.
-- Look at: the attempt's events and failure; set next_try_at to have it asked again under its key.

select 'attempt ' || attempt.id as object,
       jsonb_build_object('order', 'order ' || attempt.order_id, 'status', attempt.status, 'tries', attempt.tries,
                          'failure', attempt.failure) as detail
  from payments.attempt
 where attempt.status in ('pending', 'action_required', 'unknown', 'void_due') and attempt.next_try_at is null
   and not exists (select from exceptions.exception
                    where object_id in (attempt.id, attempt.order_id) and closed_at is null)
