-- One redemption by itself, as the service would write it: what a group shares is done for each.
\set customer random(1, 10000)
begin;
select set_config('app.tenant', :tenant, true);
select 'T-' || gen_random_uuid() as transaction_id, gen_random_uuid() as redemption_id,
       case :subject::text when 'customer' then 'C-' || :customer else '' end as owner \gset
insert into redemption_key (tenant_id, transaction_id, redemption_id)
    values (:tenant::uuid, :transaction_id, :redemption_id::uuid) on conflict do nothing returning transaction_id;
select rules_version, clock_timestamp() from tenant where tenant_id = :tenant::uuid;
select used from limit_counter
 where tenant_id = :tenant::uuid and promotion_id = :promotion::uuid and subject = :subject::text
   and owner = case :subject::text when 'customer' then 'C-' || :customer else '' end
   and measure = 'times' and window_no = 0
   for no key update;
insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
    values (:tenant::uuid, :promotion::uuid, :subject::text,
            case :subject::text when 'customer' then 'C-' || :customer else '' end, 'times', 0, 1, 1000000000)
    on conflict (tenant_id, promotion_id, subject, owner, measure, window_no) do update
       set used = limit_counter.used + 1 where limit_counter.used + 1 <= limit_counter.maximum;
with redeemed as (
    insert into redemption (tenant_id, redemption_id, transaction_id, state, customer_id, evaluated_at, settled_at,
           ruleset_version, body_hash, discount, request, result)
    values (:tenant::uuid, :redemption_id::uuid, :transaction_id, 'committed', 'C-' || :customer, now(), now(), 1,
            sha256(:transaction_id::text::bytea), 100000, :request, :result)),
given as (
    insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times,
           discount, points)
    values (:tenant::uuid, :redemption_id::uuid, :promotion::uuid, 0, now(), 'cart', 1, 100000, 0))
insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no, amount)
    values (:tenant::uuid, :redemption_id::uuid, :promotion::uuid, :subject::text,
            case :subject::text when 'customer' then 'C-' || :customer else '' end, 'times', 0, 1);
insert into outbox (tenant_id, event_id, type, subject, subject_id, occurred_at, data)
    values (:tenant::uuid, gen_random_uuid(), 'redemption.committed', 'redemption', :redemption_id::uuid, now(),
            '{"redemption_id": "' || :redemption_id || '", "transaction_id": "' || :transaction_id || '"}');
commit;
