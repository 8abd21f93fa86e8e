-- Customers are merged and deleted (spec 3): what was one customer's becomes another's, and whoever repeats a request
-- in the old name is answered as before.

-- SHA-256 of the customer to whom it was issued, once it has become another's; empty: it has not. By it an issue that is
-- repeated finds what it made, and by nothing can it be told who that was.
alter table issuance add column issued_to bytea not null default '';

-- What was moved has a place of its own in the keys, so that two who were issued the same can become one.
drop index issuance_source_key;
create unique index issuance_source_key
    on issuance (tenant_id, promotion_id, customer_id, source, source_id, issued_to);
create unique index issuance_origin_key on issuance (tenant_id, promotion_id, issued_to, source, source_id)
    where issued_to <> '';
drop index issuance_activation_key;
create unique index issuance_activation_key on issuance (tenant_id, promotion_id, customer_id)
    where source = 'activation' and issued_to = '';

-- The events that name a customer: those of its issuances.
create index event_of_issuance on event (tenant_id, subject_id) where subject = 'issuance';

-- What adds up is deleted and added to, which asks for no change of whose it is.
revoke update (customer_id) on customer_promotion, milestone_progress, milestone_target from promotion_engine_service;
grant update (issued_to) on issuance to promotion_engine_service;
grant delete on limit_counter to promotion_engine_service;
grant update (owner) on redemption_use to promotion_engine_service;
grant update (customer_id, request) on redemption to promotion_engine_service;
grant update (data) on outbox, event to promotion_engine_service;
