-- Of an erased person nothing can be read, found or entered: no key, no data, no hash, no address, no note, no session, no login, no message. Guests merged into an erased account are erased as well.
--
-- Invariant: 47 K
-- Cause: something personal was added without erasing it, or was written after the person was erased.
-- Look at: erase-person.ts in server/modules/customers, and the audit log's `customer.erased` of this person.

with erased as (
  select id, wrapped_key, vault, email_hash, phone_hash from customers.person where erased_at is not null
)
select 'person ' || id as object, jsonb_build_object('left', what) as detail
  from (
    select id, 'key, data or hash' as what from erased
     where wrapped_key is not null or vault is not null or email_hash is not null or phone_hash is not null
    union all
    select erased.id, 'address' from erased join customers.address on person_id = erased.id
     where address.vault is not null or address.listed
    union all
    select erased.id, 'note' from erased join customers.note on person_id = erased.id
    union all
    select erased.id, 'session' from erased join customers.session on person_id = erased.id
    union all
    select erased.id, 'login' from erased join customers.login on person_id = erased.id
    union all
    select erased.id, 'message' from erased join customers.message on person_id = erased.id
    union all
    select erased.id, 'password or tags' from erased join customers.account on person_id = erased.id
     where password_hash is not null or cardinality(tags) > 0
    union all
    select erased.id, 'guest' from erased join customers.person as guest on guest.merged_into = erased.id
     where guest.erased_at is null
  ) as found
